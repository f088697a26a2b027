// Listeners: the sockets that connections arrive at.
//
// Every worker has a TCP socket of its own for each address (SO_REUSEPORT: the kernel spreads
// connections over them, and no accept queue is shared); a unix socket is shared by all.
// Covered by tests/end_to_end/listen_test.cc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/server/config/address.h"
#include "uring/fd.h"

namespace server {

class Listeners {
 public:
  Listeners() = default;
  ~Listeners();  // removes the unix sockets that open() made
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  // Opens `addresses` for `workers` threads.
  options::ExitReason open(const std::vector<ListenAddress>& addresses, unsigned workers);

  // The sockets of worker `index`, one for each address. Owned by this.
  std::vector<int> of_worker(unsigned index) const;

  // What to type into a client: "http://127.0.0.1:8080/" or "unix:/run/quoit.sock".
  const std::vector<std::string>& urls() const { return urls_; }

  // Closes the sockets: nobody can connect any more.
  void close();

 private:
  options::ExitReason open_tcp(const ListenAddress& address, unsigned workers);
  options::ExitReason open_unix(const std::string& path);

  std::vector<std::vector<uring::Fd>> sockets_;  // by address; by worker, or one for all
  std::vector<std::string> urls_;
  std::vector<std::string> unix_paths_;
};

}  // namespace server
