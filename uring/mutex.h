// Mutex, MutexLock and CondVar: the standard library's, with the attributes that let Clang check
// which mutex guards which members (uring/thread_annotations.h).
//
// They cost what the standard ones cost. Covered by tests/uring/mutex_test.cc.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "uring/monotonic.h"
#include "uring/thread_annotations.h"

namespace uring {

class CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }
  bool try_lock() TRY_ACQUIRE(true) { return mutex_.try_lock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

// Holds a mutex until the end of a block.
class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// A condition variable. A wait may return without a notification, so the caller waits in a loop:
//
//   MutexLock lock(mutex_);
//   while (queue_.empty()) not_empty_.wait(mutex_);
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

  // Releases `mutex`, waits for a notification, and acquires `mutex` again.
  void wait(Mutex& mutex) REQUIRES(mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }

  // Waits no longer than until monotonic_ms() reaches `deadline_ms`. False: it has.
  bool wait_until(Mutex& mutex, Milliseconds deadline_ms) REQUIRES(mutex) {
    using Clock = std::chrono::steady_clock;  // CLOCK_MONOTONIC
    const Clock::time_point deadline{std::chrono::milliseconds(deadline_ms)};
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    const std::cv_status status = condition_.wait_until(lock, deadline);
    lock.release();
    return status == std::cv_status::no_timeout;
  }

 private:
  std::condition_variable condition_;
};

}  // namespace uring
