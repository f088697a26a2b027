// Listeners: the listening sockets of all workers.
//
// Each worker has a TCP socket of its own for each address: with SO_REUSEPORT the kernel
// distributes connections over the sockets, and workers share no accept queue. The workers share a
// unix socket. Used by the main thread; workers accept from the sockets.
// Covered by tests/end_to_end/listen_test.cc.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/server/config/address.h"
#include "apps/server/listen/listening_socket.h"
#include "uring/fd.h"

namespace server {

class Listeners {
 public:
  Listeners() = default;
  ~Listeners();  // removes the unix sockets that open() created
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;

  // Opens `addresses` for `workers` threads. Returns why one of them cannot be opened, or nothing.
  options::ExitReason open(const std::vector<ListenAddress>& addresses, unsigned workers);

  // The sockets of worker `index`, at least one for each address, which this object owns. To be
  // called once for each worker, before workers run.
  std::vector<ListeningSocket*> of_worker(unsigned index);

  // The addresses as a person types them into a client: "http://127.0.0.1:8080/" or
  // "unix:/run/quoit.sock".
  const std::vector<std::string>& urls() const { return urls_; }

 private:
  options::ExitReason open_tcp(const ListenAddress& address, unsigned workers);
  options::ExitReason open_unix(const std::string& path);

  void add(std::vector<uring::Fd> sockets);

  // For each address the sockets of all workers, or the one that they share.
  std::vector<std::deque<ListeningSocket>> sockets_;
  unsigned workers_ = 1;
  std::vector<std::string> urls_;
  std::vector<std::string> unix_paths_;
};

}  // namespace server
