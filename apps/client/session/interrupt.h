// Interrupt: Ctrl-C and its like, as a descriptor that a coroutine can wait for.
//
// A signal handler may do almost nothing, so it sends one byte through a socket pair; the watcher
// receives it and stops the scope, and what was going on tidies up by itself. Some waits cannot be
// taken back (the resolver, a standard stream that is a pipe): while there is a Helpless, nothing
// needs tidying, and the handler ends the process itself. So does a second signal.
// Covered by tests/client/run_test.cc.
#pragma once

#include "uring/fd.h"

namespace client {

class Interrupt {
 public:
  // Takes SIGINT, SIGTERM and SIGHUP over; one Interrupt a process.
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Receives one byte when a signal came. A blocking socket.
  int fd() const { return receiver_.get(); }
  // The signal that came, 0 before.
  static int number();

  // Says for its lifetime that a signal may end the process at once.
  class Helpless {
   public:
    Helpless();
    ~Helpless();
    Helpless(const Helpless&) = delete;
    Helpless& operator=(const Helpless&) = delete;
  };

 private:
  uring::Fd receiver_;
  uring::Fd sender_;
};

}  // namespace client
