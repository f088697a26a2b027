// Worker: one thread, one engine, one loop, and the connections that arrive at its sockets.
//
// It is told what to do through an event descriptor that its engine reads, so that it never has to
// look for orders while it serves. Covered by tests/end_to_end/stop_test.cc.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/server/connection/worker_state.h"
#include "uring/engine.h"
#include "uring/fd.h"
#include "uring/make_engine.h"

namespace server {

class Worker {
 public:
  // `shared` outlives the worker. `listeners` are the sockets of its endpoints, in their order; the
  // worker accepts from them but does not own them.
  Worker(const Shared& shared, uring::EngineChoice io, std::vector<int> listeners);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Starts the thread. `events` is an event descriptor that is told (by 1) when the worker is ready
  // or could not start, and again when it has ended; `notices` one that is told whenever accepting
  // pauses or goes on.
  options::ExitReason start(int events, int notices);

  // The errno for which accepting pauses, or 0; and how often it was tried in vain.
  int accept_error() const { return accept_error_.load(); }
  std::uint64_t failed_accepts() const { return failed_accepts_.load(); }

  // After the first event: whether it could start.
  const options::ExitReason& exit_reason() const { return exit_reason_; }

  // Accepts no more, finishes what is in flight, ends.
  void drain() { order(Order::drain); }
  // Breaks off what is in flight, ends.
  void abort() { order(Order::abort); }

  // Has it write down what it has done so far; `notices` is told when that is there.
  void report();
  // What it wrote down, once; empty if there is nothing new. For the main thread.
  std::string take_report();

  bool ended() const { return ended_.load(); }
  void join();

  // "io_uring (...)": for the start line. Valid once ready.
  const std::string& engine_name() const { return engine_name_; }
  // Why that is epoll, where nobody asked for it. Valid once ready.
  const std::string& engine_reason() const { return engine_reason_; }

 private:
  enum class Order : int { none, drain, abort, end };
  struct Acceptor;
  struct Control;

  void order(Order what);
  void run();
  void serve_on(uring::Engine& engine);
  void obey(WorkerState& state, uring::Scope& acceptors);
  void note_accept(int error);
  void write_report(const WorkerState& state);
  static uring::Task<> accept_all(Acceptor& acceptor);
  static uring::Task<> obey_orders(Control& control);

  const Shared& shared_;
  const uring::EngineChoice io_;
  const std::vector<int> listeners_;
  uring::Fd orders_;  // event descriptor
  int events_ = -1;
  int notices_ = -1;
  std::atomic<int> accept_error_ = 0;
  std::atomic<std::uint64_t> failed_accepts_ = 0;
  std::atomic<Order> order_ = Order::none;
  std::atomic<bool> ended_ = false;
  std::atomic<bool> wants_report_ = false;
  std::mutex report_lock_;
  std::string report_;  // under report_lock_
  options::ExitReason exit_reason_;
  std::string engine_name_;
  std::string engine_reason_;
  std::thread thread_;
};

}  // namespace server
