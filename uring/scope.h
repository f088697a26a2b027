// Scope: the tasks that live and end together.
//
// Whoever starts root tasks owns a Scope; it ends only when all of them have ended. stop() asks
// every Io in it to stop waiting for peers; the tasks then tidy up and end by themselves, and the
// loop runs until the last one did. That is the only way connections end against their will.
// Covered by tests/uring/loop_test.cc.
#pragma once

#include <cstddef>

#include "uring/loop.h"
#include "uring/task.h"

namespace uring {

class Io;

class Scope {
 public:
  explicit Scope(Loop& loop) : loop_(loop) {}
  ~Scope();  // every task must have ended
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // Starts `task`; it runs until its first real wait before this returns.
  void spawn(Task<> task);

  // Stops every Io in the scope. New ones are not stopped: stop what makes them first.
  void stop();
  // Ends the waits of those Ios that are idle: see Io::set_idle().
  void end_idle();

  bool empty() const { return tasks_ == 0; }
  std::size_t tasks() const { return tasks_; }
  Loop& loop() const { return loop_; }

 private:
  friend class Io;
  friend void detail::root_ended(Scope& scope);

  Loop& loop_;
  Io* ios_ = nullptr;  // all Ios made in this scope
  std::size_t tasks_ = 0;
};

}  // namespace uring
