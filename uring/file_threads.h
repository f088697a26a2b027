// FileThreads: a few threads that do for one loop what may have to wait for a disk.
//
// The loop's thread gives operations and is told by an event descriptor when some are done; it
// never waits for these threads. They start when there is work for them, one after the other up to
// a number, and stay. Nothing is cancelled: an operation once given is done. The queue holds no
// more operations than there are Ios in the loop, for each has one in flight.
// Covered by tests/uring/file_test.cc.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "uring/engine.h"
#include "uring/fifo.h"

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
  void put_done(const Completion& completion);

  const unsigned most_;
  const int event_;
  std::mutex mutex_;  // guards all below but threads_, which belong to the loop's thread
  std::condition_variable given_;
  Fifo<Operation*> queue_;
  Fifo<Completion> done_;
  std::size_t idle_ = 0;  // threads that wait for work
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace uring
