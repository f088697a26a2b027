// WorkThreads: a small thread pool for computations that are too long for a loop, such as the
// handshake of TLS with an RSA key or the check of a password.
//
// A coroutine describes the computation as a Work and awaits run_on(), which resumes it on its own
// loop when a thread has done the work; other coroutines run meanwhile. One pool serves the loops
// of all workers. Each kind of work has a pool of its own, so that a handshake of 1 ms does not
// wait behind a password check of 200 ms. Threads are started when there is work for them, up to a
// maximum, and stay until the end; an unused pool costs no thread. An example:
//
//   struct Check final : uring::Work {
//     void run() noexcept override { is_right = verify(password, hash); }
//     ...
//   };
//
//   uring::Task<> f(Connection& c) {
//     Check check{...};                       // in the frame of the coroutine, until it has run
//     const bool was_run = co_await uring::run_on(c.io, pool, check);
//     if (!was_run) co_return answer(c, 503);  // or check.run(), where a short delay is better
//     ...
//   }
//
// Covered by tests/uring/work_threads_test.cc.
#pragma once

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "uring/fifo.h"
#include "uring/io.h"
#include "uring/mutex.h"
#include "uring/task.h"

namespace uring {

// A computation. Its object stays where it is until run_on() has returned. It shares no data with
// other threads but those that are constant or locked: the coroutine that awaits it uses none of
// its data meanwhile.
struct Work {
  Work() = default;
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  // Called once, on a thread of the pool.
  virtual void run() noexcept = 0;

  // Set when run() has returned, with the order that makes its writes visible to the coroutine. The
  // event descriptor that wakes the coroutine promises no such order: eventfd(2) says nothing of
  // memory. For WorkThreads and run_on() alone.
  std::atomic<bool> is_done = false;

 protected:
  ~Work() = default;
};

// give() may be called by every thread; the constructor and the destructor by one.
class WorkThreads {
 public:
  // Starts at most `most_threads` threads. At most `most_queued` computations wait for a thread.
  // Throws std::bad_alloc.
  WorkThreads(unsigned most_threads, std::size_t most_queued);
  // Does all queued work first.
  ~WorkThreads();
  WorkThreads(const WorkThreads&) = delete;
  WorkThreads& operator=(const WorkThreads&) = delete;

  // Queues `work`; the event descriptor `event` is signalled when it is done. Both outlive that.
  // False: as much work waits already as may, or no thread can be started.
  [[nodiscard]] bool give(Work& work, int event) EXCLUDES(mutex_);

  unsigned most_threads() const { return most_threads_; }

 private:
  struct Given {
    Work* work;
    int event;
  };

  bool start_thread() REQUIRES(mutex_);
  Given next() EXCLUDES(mutex_);
  void work() EXCLUDES(mutex_);

  const unsigned most_threads_;
  const std::size_t most_queued_;
  Mutex mutex_;
  CondVar given_;  // queue_ has work, or ending_ is set
  Fifo<Given> queue_ GUARDED_BY(mutex_);
  std::size_t idle_ GUARDED_BY(mutex_) = 0;  // threads that wait for work
  bool ending_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ GUARDED_BY(mutex_);
};

// Has `work` done by the pool, and returns when it is done. Neither stop() nor a deadline of `io`
// ends this wait. False: it was not done, because as much work waits already as may, or because no
// descriptor or no thread is left; the call has then not waited. Throws std::bad_alloc if there is
// no memory for its frame.
Task<bool> run_on(Io& io, WorkThreads& pool, Work& work);

}  // namespace uring
