// Two queues under one mutex. Covered by tests/uring/file_threads_test.cc and file_test.cc.
#include "uring/file_threads.h"

#include <exception>
#include <signal.h>
#include <sys/eventfd.h>

#include "uring/plain_calls.h"

namespace uring {

FileThreads::~FileThreads() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  given_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

// The new thread blocks all signals: their handlers wake a loop, and must run on a thread of the
// program. If the system refuses another thread, the ones that exist do its work.
void FileThreads::start_thread() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::exception&) {
    // std::system_error or std::bad_alloc: give() executes the operation if there is no thread at
    // all.
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

bool FileThreads::reserve(std::size_t operations) {
  const MutexLock lock(mutex_);
  return queue_.reserve(operations) && done_.reserve(operations);
}

void FileThreads::give(Operation& operation) {
  bool needs_thread = false;
  {
    const MutexLock lock(mutex_);
    queue_.push(&operation);
    needs_thread = queue_.size() > idle_ && threads_.size() < most_;
  }
  if (needs_thread) start_thread();
  if (!threads_.empty()) return given_.notify_one();
  // Without a thread the loop has to wait for the disk itself.
  {
    const MutexLock lock(mutex_);
    queue_.pop();
  }
  put_done({&operation, Result{.value = call_plainly(operation)}});
}

// Wakes the loop only for the first of several completions, since it takes all of them at once.
void FileThreads::put_done(const Completion& completion) {
  bool is_first = false;
  {
    const MutexLock lock(mutex_);
    is_first = done_.empty();
    done_.push(completion);
  }
  if (is_first) ::eventfd_write(event_, 1);
}

void FileThreads::take(Fifo<Completion>& done) {
  const MutexLock lock(mutex_);
  while (!done_.empty()) done.push(done_.pop());
}

// Waits for an operation. Null when the queue is empty and the threads have to end.
Operation* FileThreads::next() {
  const MutexLock lock(mutex_);
  ++idle_;
  while (!ending_ && queue_.empty()) given_.wait(mutex_);
  --idle_;
  return queue_.empty() ? nullptr : queue_.pop();
}

void FileThreads::work() {
  while (Operation* const operation = next()) {
    const Result result{.value = call_plainly(*operation)};
    put_done({operation, result});
  }
}

}  // namespace uring
