// A queue under a mutex, and an event descriptor for each wait. Making and closing the descriptor
// costs some microseconds, a hundredth of the work. Covered by tests/uring/work_threads_test.cc.
#include "uring/work_threads.h"

#include <atomic>
#include <cassert>
#include <cstdint>
#include <exception>
#include <new>
#include <signal.h>
#include <span>
#include <sys/eventfd.h>

#include "uring/event.h"

namespace uring {

WorkThreads::WorkThreads(unsigned most_threads, std::size_t most_queued)
    : most_threads_(most_threads), most_queued_(most_queued) {
  const MutexLock lock(mutex_);
  if (!queue_.reserve(most_queued)) throw std::bad_alloc();
  threads_.reserve(most_threads);
}

WorkThreads::~WorkThreads() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    ending_ = true;
    threads.swap(threads_);
  }
  given_.notify_all();
  for (std::thread& thread : threads) thread.join();
}

// The new thread blocks all signals, which are for the main thread. It waits for the mutex first.
bool WorkThreads::start_thread() {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  bool is_started = true;
  try {
    threads_.emplace_back([this] { work(); });
  } catch (const std::exception&) {
    is_started = false;  // std::system_error: the system refuses another thread
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return is_started;
}

bool WorkThreads::give(Work& work, int event) {
  {
    const MutexLock lock(mutex_);
    if (queue_.size() >= most_queued_) return false;
    const bool needs_thread = queue_.size() >= idle_ && threads_.size() < most_threads_;
    if (needs_thread && !start_thread() && threads_.empty()) return false;
    work.is_done.store(false, std::memory_order_relaxed);
    queue_.push({&work, event});
  }
  given_.notify_one();
  return true;
}

// Waits for work. Without a work when the queue is empty and the threads have to end.
WorkThreads::Given WorkThreads::next() {
  const MutexLock lock(mutex_);
  ++idle_;
  while (!ending_ && queue_.empty()) given_.wait(mutex_);
  --idle_;
  return queue_.empty() ? Given{nullptr, -1} : queue_.pop();
}

void WorkThreads::work() {
  for (Given given = next(); given.work; given = next()) {
    given.work->run();
    given.work->is_done.store(true, std::memory_order_release);
    signal_event(given.event);
  }
}

Task<bool> run_on(Io& io, WorkThreads& pool, Work& work) {
  const int event = ::eventfd(0, EFD_CLOEXEC);
  if (event < 0) co_return false;
  const bool is_given = pool.give(work, event);
  if (is_given) {
    std::uint64_t count = 0;
    const std::span<char> buffer(reinterpret_cast<char*>(&count), sizeof count);
    const Result woken = co_await io.read(event, buffer, at_position);
    if (!woken.ok()) take_event(event);  // no memory for the wait: the thread uses `work` meanwhile
    [[maybe_unused]] const bool was_run = work.is_done.load(std::memory_order_acquire);
    assert(was_run);
  }
  io.engine().close(event);
  co_return is_given;
}

}  // namespace uring
