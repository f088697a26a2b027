// FileThreads: a few threads that do for one loop what may have to wait for a disk.
//
// The loop's thread gives operations and is told by an event descriptor when some are done; it
// never waits for these threads. They start when there is work for them, one after the other up to
// a number, and stay. Nothing is cancelled: an operation once given is done. The queue holds no
// more operations than there are Ios in the loop, for each has one in flight.
// Covered by tests/uring/file_test.cc.
#pragma once

#include <thread>
#include <vector>

#include "uring/engine.h"
#include "uring/fifo.h"
#include "uring/mutex.h"

namespace uring {

class FileThreads {
 public:
  // `event` is an event descriptor that outlives this; it is signalled when there is something to
  // take and nothing was before. At most `most` threads.
  FileThreads(unsigned most, int event) : most_(most), event_(event) {}
  // Everything that was given is done first.
  ~FileThreads();
  FileThreads(const FileThreads&) = delete;
  FileThreads& operator=(const FileThreads&) = delete;

  // Has `operation` done; see call_plainly(). Where there can be no thread, it is done here.
  void give(Operation& operation);

  // Moves what is done to the end of `done`.
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
