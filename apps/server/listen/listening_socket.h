// ListeningSocket: one listening socket, from which one or several workers accept.
//
// The worker that stops accepting last empties the accept queue and closes the socket, so that
// clients that have connected before are served and not reset. The kernel resets the connections
// that wait in the queue of a socket that is closed, and those whose handshake has begun; decision
// 20 has the measurements. Covered by tests/server/listen/listening_socket_test.cc and
// tests/end_to_end/stop_test.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "uring/engine.h"
#include "uring/fd.h"

namespace server {

class ListeningSocket {
 public:
  // The process that may close the socket's queue.
  enum class Owner : std::uint8_t {
    this_process,  // no other process has the socket
    several,       // another process accepts from it, too, or will do so
  };

  // Owns `socket`, which listens for the endpoint of that index. `speaks_tls`: its connections
  // begin with a TLS handshake.
  ListeningSocket(uring::Fd socket, std::uint8_t endpoint, Owner owner, bool speaks_tls = false)
      : socket_(std::move(socket)), endpoint_(endpoint), speaks_tls_(speaks_tls), owner_(owner) {}

  int fd() const { return socket_.get(); }
  std::uint8_t endpoint() const { return endpoint_; }
  bool speaks_tls() const { return speaks_tls_; }

  // Counts one more worker that accepts. To be called before workers run.
  void add_worker() { ++workers_; }

  // States that another process accepts from this socket from now on: the accept queue is left to
  // it. To be called before the workers stop accepting.
  void hand_over() {
    owner_ = Owner::several;
    empties_queue_ = false;
  }

  // For a worker that stops accepting, once. True: it is the last one, and calls end_arrivals(),
  // accepts what is queued if empties_queue(), and calls close().
  bool leave() { return --workers_ == 0; }
  bool is_shared() const { return owner_ == Owner::several; }
  bool empties_queue() const { return empties_queue_; }
  // Lets no further connection enter the queue, if no other process accepts from it. A unix socket
  // refuses new clients; of a TCP socket only handshakes that have begun still complete.
  void end_arrivals();
  // Closes the socket through the engine of the worker.
  void close(uring::Engine& engine);

 private:
  uring::Fd socket_;
  const std::uint8_t endpoint_;
  const bool speaks_tls_;
  std::atomic<unsigned> workers_ = 0;
  std::atomic<Owner> owner_;
  std::atomic<bool> empties_queue_ = true;
};

}  // namespace server
