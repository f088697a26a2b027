// Interrupt: SIGINT, SIGTERM and SIGHUP, as a descriptor that a coroutine can wait for.
//
// A signal handler may do almost nothing, so it sends one byte through a socket pair; the watcher
// receives it and stops the scope, and the tasks clean up and end. Some waits cannot be cancelled
// (a standard stream that is a pipe): while an ExitsAtOnce exists, there is nothing to clean up,
// and the handler reports the signal and ends the process itself. A second signal does so, too. A
// signal that was ignored when the program started, as by nohup, stays ignored. Covered by
// tests/client/run_test.cc.
#pragma once

#include <array>
#include <signal.h>
#include <string_view>

#include "uring/fd.h"

namespace client {

class Interrupt {
 public:
  // Handles SIGINT, SIGTERM and SIGHUP from now on; one Interrupt at a time in a process.
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // A blocking socket that receives one byte when a signal has come.
  int fd() const { return receiver_.get(); }
  // The signal that has come, known as soon as it has been delivered to the process; 0 before.
  static int number();
  // Its name: "SIGINT"; "a signal" before.
  static std::string_view name();

  // While one exists, a signal ends the process at once.
  class ExitsAtOnce {
   public:
    ExitsAtOnce();
    ~ExitsAtOnce();
    ExitsAtOnce(const ExitsAtOnce&) = delete;
    ExitsAtOnce& operator=(const ExitsAtOnce&) = delete;
  };

 private:
  uring::Fd receiver_;
  uring::Fd sender_;
  std::array<struct sigaction, 3> before_{};  // the dispositions of the three signals
};

}  // namespace client
