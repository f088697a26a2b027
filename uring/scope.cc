// Starting and counting root tasks. Covered by tests/uring/scope_test.cc.
#include "uring/scope.h"

#include <cassert>

namespace uring {

Scope::~Scope() { assert(tasks_ == 0); }

void Scope::spawn(Task<> task) {
  const Task<>::Handle root = task.release();
  root.promise().live_roots = &tasks_;
  ++tasks_;
  root.resume();
}

}  // namespace uring
