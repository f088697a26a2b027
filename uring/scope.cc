// Counting root tasks and stopping their Ios. Covered by tests/uring/loop_test.cc.
#include "uring/scope.h"

#include <cassert>

#include "uring/io.h"

namespace uring {

void detail::root_ended(Scope& scope) { --scope.tasks_; }

Scope::~Scope() { assert(tasks_ == 0 && !ios_); }

void Scope::spawn(Task<> task) {
  const Task<>::Handle root = task.release();
  root.promise().scope = this;
  ++tasks_;
  root.resume();
}

// Nothing is resumed here, so the list does not change under the loop.
void Scope::stop() {
  for (Io* io = ios_; io; io = io->next_) io->stop();
}

void Scope::end_idle() {
  for (Io* io = ios_; io; io = io->next_) {
    if (io->idle_) io->set_deadline(0);
  }
}

}  // namespace uring
