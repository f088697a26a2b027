// Fd: the one owner of a file descriptor outside the connection path.
//
// Descriptors that a coroutine works on are closed through its engine (Engine::close), so that a
// simulated engine sees them too; Fd is for set-up code: listeners, the root directory, event fds.
// Covered by tests/uring/loop_test.cc.
#pragma once

#include <unistd.h>
#include <utility>

namespace uring {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.number_, -1));
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() { reset(); }

  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }

  // Gives the descriptor away; the caller closes it.
  int release() { return std::exchange(number_, -1); }

  // Closes what is held, if anything, and holds `number` instead.
  void reset(int number = -1) {
    if (number_ >= 0) ::close(number_);
    number_ = number;
  }

 private:
  int number_ = -1;
};

}  // namespace uring
