// Scope: root tasks that are stopped together, and the Ios that they wait with.
//
// The owner of a Scope starts root tasks in it, and destroys it only after all of them have ended.
// stop() asks every Io of the scope to stop waiting for peers; the tasks then clean up and end by
// themselves, and Loop::run() returns when the last one has. No task is ended in another way.
// Covered by tests/uring/scope_test.cc.
#pragma once

#include <cstddef>

#include "uring/io.h"
#include "uring/task.h"

namespace uring {

class Scope : public IoGroup {
 public:
  explicit Scope(LoopState& loop) : IoGroup(loop) {}
  ~Scope();  // every task must have ended

  // Starts `task`. It runs until it waits for the first time, before this call returns.
  void spawn(Task<> task);

  bool empty() const { return tasks_ == 0; }
  std::size_t tasks() const { return tasks_; }

 private:
  std::size_t tasks_ = 0;  // root tasks that have not ended; they count themselves off
};

}  // namespace uring
