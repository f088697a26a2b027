// Fd: owns a file descriptor and closes it.
//
// A descriptor that operations are started on is closed through its engine instead (Engine::close),
// since engines keep state for it. Fd is for set-up code: listeners, the root directory, event
// descriptors. Covered by tests/uring/fd_test.cc.
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

  // Transfers ownership: the caller closes the descriptor.
  int release() { return std::exchange(number_, -1); }

  // Closes the descriptor, if there is one, and owns `number` instead.
  void reset(int number = -1) {
    if (number_ >= 0) ::close(number_);
    number_ = number;
  }

 private:
  int number_ = -1;
};

}  // namespace uring
