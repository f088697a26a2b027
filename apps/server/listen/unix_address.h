// make_unix_address(): the address of a unix socket that has a path (unix(7)).
//
// Covered by tests/server/listen/unix_address_test.cc.
#pragma once

#include <string>
#include <sys/un.h>

namespace server {

// Fills in a new `address`. False: the path is longer than the kernel's 107 bytes.
bool make_unix_address(const std::string& path, sockaddr_un& address);

}  // namespace server
