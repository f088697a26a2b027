// PassedSocket: a listening socket that another process has made: a service manager, or the server
// whose place this process takes.
//
// Covered by tests/server/listen/passed_socket_test.cc.
#pragma once

#include <cstdint>
#include <string>

#include "apps/options/exit_reason.h"
#include "apps/server/config/address.h"
#include "uring/fd.h"

namespace server {

struct PassedSocket {
  uring::Fd socket;
  std::uint8_t endpoint = 0;  // sockets of one address have one index
  std::string address;        // as text_of() writes it
  bool removes_path = false;  // its owner removes the file of the unix socket at its end
  bool is_shared = false;     // a service manager has it, too
};

// The text of an address, which parse_listen() reads: "127.0.0.1:8080", ":8080", "unix:/run/x".
// Without the prefix http:, which says how connections begin and not where they arrive.
std::string text_of(const ListenAddress& address);

// The address on which `socket` listens; of a unix socket without a path the host is empty, too.
ListenAddress address_of(int socket);

// Why `socket` is no listening stream socket of IPv4, IPv6 or a path, in words that continue "the
// socket "; empty if it is one.
std::string problem_of_socket(int socket);

}  // namespace server
