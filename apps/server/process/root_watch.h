// RootWatch: the thread that notices when ROOT, or what is mounted below it, has changed.
//
// Once a second, after each change of the mount table, and on request, it compares the path of ROOT
// with the open directory (files/root.h) and measures the free space. It is a thread of its own
// because a network file system may let stat(2) wait for long, while the main thread has to handle
// signals. It notifies the workers and prints a line for each change. Covered by
// tests/end_to_end/root_test.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <thread>

#include "apps/options/exit_reason.h"
#include "apps/server/files/mount_table.h"
#include "apps/server/files/root.h"
#include "apps/server/process/worker.h"

namespace server {

class RootWatch {
 public:
  // Both outlive this object, and no worker is added after start().
  RootWatch(Root& root, std::list<Worker>& workers) : root_(root), workers_(workers) {}
  ~RootWatch() { stop(); }
  RootWatch(const RootWatch&) = delete;
  RootWatch& operator=(const RootWatch&) = delete;

  // Starts the thread. Returns why that is not possible, or nothing.
  options::ExitReason start();
  // Ends the thread and waits for its end.
  void stop();

  // The free bytes of the file system of ROOT for ordinary users, as of the last second; -1: not
  // known. Safe on every thread.
  std::int64_t free_bytes() const { return free_bytes_.load(std::memory_order_relaxed); }

 private:
  void run();
  void check_root();
  void request(Worker::FileRequest request);
  void close_idle_files();
  void measure_space();

  Root& root_;
  std::list<Worker>& workers_;
  MountTable mounts_;
  std::atomic<bool> is_stopping_ = false;
  std::atomic<std::int64_t> free_bytes_ = -1;
  std::thread thread_;
};

}  // namespace server
