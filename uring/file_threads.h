// FileThreads: a small thread pool that executes the file operations of one loop that may wait for
// a disk.
//
// The loop's thread queues operations and never waits for these threads; an event descriptor
// notifies it when operations are done. Threads are started when there is work for them, up to a
// maximum, and stay until the end. A queued operation cannot be cancelled. The queue holds at most
// one operation for each Io of the loop. Covered by tests/uring/file_threads_test.cc and
// file_test.cc.
#pragma once

#include <thread>
#include <vector>

#include "uring/engine.h"
#include "uring/fifo.h"
#include "uring/mutex.h"

namespace uring {

class FileThreads {
 public:
  // Starts at most `most` threads. `event`, an event descriptor that outlives this object, is
  // signalled when the first of several completions becomes available.
  FileThreads(unsigned most, int event) : most_(most), event_(event) {}
  // Executes all queued operations first.
  ~FileThreads();
  FileThreads(const FileThreads&) = delete;
  FileThreads& operator=(const FileThreads&) = delete;

  // Ensures that so many operations can be queued at one time. False: memory is exhausted.
  [[nodiscard]] bool reserve(std::size_t operations);

  // Queues `operation`; see call_plainly(). If no thread can be started, it is executed before this
  // call returns.
  void give(Operation& operation);

  // Moves the completions to the end of `done`.
  void take(Fifo<Completion>& done);

  unsigned most() const { return most_; }

 private:
  void start_thread();
  void work();
  Operation* next();
  void put_done(const Completion& completion);

  const unsigned most_;
  const int event_;
  Mutex mutex_;
  CondVar given_;  // queue_ has work, or ending_ is set
  Fifo<Operation*> queue_ GUARDED_BY(mutex_);
  Fifo<Completion> done_ GUARDED_BY(mutex_);
  std::size_t idle_ GUARDED_BY(mutex_) = 0;  // threads that wait for work
  bool ending_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;  // used by the loop's thread alone
};

}  // namespace uring
