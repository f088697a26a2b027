// Worker: one thread with an engine, a loop, and the connections that it accepts.
//
// The main thread starts a worker and asks it to drain, to abort or to report. A request sets an
// atomic member and writes to an event descriptor that the worker's engine reads, so that the
// worker polls nothing while it serves. Covered by tests/server/process/worker_test.cc and
// tests/end_to_end/stop_test.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/listen/listening_socket.h"
#include "uring/engine.h"
#include "uring/fd.h"
#include "uring/make_engine.h"
#include "uring/mutex.h"
#include "uring/scope.h"
#include "uring/thread_annotations.h"

namespace server {

// The public functions are for one other thread, the one that made the worker, except for
// request(), request_counters() and has_open_files(), which any thread may call while the worker
// exists.
class Worker {
 public:
  // `shared` and `sockets` outlive the worker, which accepts from these sockets and closes those
  // that no other worker accepts from.
  Worker(const Shared& shared, uring::EngineChoice engine, std::vector<ListeningSocket*> sockets,
         uring::EngineOptions options = {}, WorkerCounters* counters = nullptr);
  ~Worker();  // join()
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Starts the thread. Both arguments are event descriptors (eventfd(2)) that outlive the worker.
  // The worker adds 1 to `state_event` when it has opened all that it needs or could not start, and
  // again when it has ended. It adds 1 to `notice_event` when accepting pauses or resumes, and when
  // a report is ready. Returns why there is no thread, or nothing.
  options::ExitReason start(int state_event, int notice_event);

  // Why the thread could not start serving, or nothing. Valid after the first state event.
  const options::ExitReason& start_failure() const { return start_failure_; }
  // The engine for the start line, such as "io_uring (...)". Valid after the first state event.
  const std::string& engine_name() const { return engine_name_; }
  // Why the engine is epoll although no option asks for it; else empty. Valid after the first state
  // event.
  const std::string& engine_reason() const { return engine_reason_; }
  // The engine is a ring that the kernel cannot restrict as its options ask. Valid after the
  // first state event.
  bool lacks_restrictions() const { return lacks_restrictions_; }

  // The errno for which accepting pauses, or 0, and how many times accepting has failed.
  int accept_error() const { return accept_error_.load(); }
  std::uint64_t failed_accepts() const { return failed_accepts_.load(); }

  // Lets the worker accept connections, once all workers are ready.
  void begin_accepting();
  // Asks the worker to accept the clients that have connected and no others, to finish the requests
  // that have begun and the first ones of clients that have just connected, and to end.
  void drain() { request_stop(Stop::drain); }
  // Asks the worker to drain, because another process has taken the place of this one. On kept
  // connections, requests that change files get a 503 and a close from then on: the claims on names
  // do not reach that process.
  void retire() {
    is_retired_.store(true);
    drain();
  }
  // Asks the worker to cancel what connections wait for, and to end.
  void abort() { request_stop(Stop::abort); }

  // Asks for a line of counters, which take_report() returns after a notice event.
  void request_report();
  // Returns the latest report and clears it; empty if there is no new one.
  std::string take_report();

  // Asks for a sign that the loop iterates; has_heartbeat() then is true as soon as it has come. A
  // worker that has ended needs none.
  void request_heartbeat();
  bool has_heartbeat() const { return heartbeat_.load() || has_ended(); }

  // After drain(), retire() or abort(): the worker accepts no longer. A notice event announces it.
  bool has_stopped_accepting() const { return has_stopped_accepting_.load() || has_ended(); }

  // Makes `next` the generation of the requests that begin from soon on. It replaces one that the
  // worker has not adopted yet. The worker adds 1 to its notice event when it has adopted it.
  // Allocates no memory.
  void publish(std::unique_ptr<LiveGeneration> next) noexcept EXCLUDES(generation_mutex_);
  // Whether the worker has adopted the generation that was published last, or has ended.
  bool has_adopted() EXCLUDES(generation_mutex_);

  // Requests about files, which the worker serves soon and in this order.
  enum FileRequest : unsigned {
    change_root = 1,       // Shared::root refers to another directory
    invalidate_files = 2,  // file systems were mounted or unmounted
    close_idle_files = 4,  // large files that no request has used for some seconds
  };
  void request(FileRequest request);
  // Wakes the worker, which then publishes its counters. Does not wait.
  void request_counters();
  // Whether the file cache has large files open, which close_idle_files may close.
  bool has_open_files() const { return has_open_files_.load(std::memory_order_relaxed); }

  bool has_ended() const { return has_ended_.load(); }
  // Waits for the end of the thread.
  void join();

  // Serves on `engine` in the calling thread, instead of start(), until the worker is stopped. For
  // tests with an engine of their own.
  void serve_on(uring::Engine& engine);

 private:
  // How far the worker is to stop. It only ever grows.
  enum class Stop : std::uint8_t { none, drain, abort, ended };
  struct Acceptor;
  struct Control;

  void request_stop(Stop stop);
  bool is_stopping() const { return stop_.load() != Stop::none; }
  void run();
  bool await_permission();
  void iterate(uring::Loop& loop, WorkerState& state, const uring::Scope& scope);
  bool is_aborting() const { return stop_.load() >= Stop::abort; }
  void handle_requests(Control& control);
  void handle_file_requests(WorkerState& state);
  void adopt_generation(WorkerState& state) EXCLUDES(generation_mutex_);
  void enter_root();
  void record_accept(int error);
  void write_report(const WorkerState& state);
  static bool take_accepted(Acceptor& acceptor, uring::Result accepted);
  static uring::Task<> accept_until_stop(Acceptor& acceptor);
  static uring::Task<> accept_queued(Acceptor& acceptor);
  static uring::Task<> accept_all(Acceptor& acceptor);
  static uring::Task<> tidy(uring::Io& io, WorkerState& state);
  static uring::Task<> await_requests(Control& control);

  // Constant while the thread runs.
  const Shared& shared_;
  const uring::EngineChoice engine_choice_;
  const uring::EngineOptions engine_options_;
  const std::vector<ListeningSocket*> sockets_;
  WorkerCounters* const counters_;
  uring::Fd request_event_;  // event descriptor: a member that is shared below has changed
  int state_event_ = -1;
  int notice_event_ = -1;

  // Written by the thread before the first state event, and constant afterwards.
  options::ExitReason start_failure_;
  std::string engine_name_;
  std::string engine_reason_;
  bool lacks_restrictions_ = false;

  bool has_own_directory_ = false;  // the thread's working directory is that of no other thread

  // Shared by both threads.
  std::atomic<int> accept_error_ = 0;
  std::atomic<std::uint64_t> failed_accepts_ = 0;
  std::atomic<bool> may_accept_ = false;
  std::atomic<Stop> stop_ = Stop::none;
  std::atomic<bool> is_retired_ = false;
  std::atomic<bool> has_stopped_accepting_ = false;
  std::atomic<bool> has_ended_ = false;
  std::atomic<bool> wants_report_ = false;
  std::atomic<bool> heartbeat_ = true;  // requests were handled since request_heartbeat()
  std::atomic<bool> has_open_files_ = false;
  std::atomic<unsigned> file_requests_ = 0;  // FileRequests that were not served
  uring::Mutex generation_mutex_;
  std::unique_ptr<LiveGeneration> next_generation_ GUARDED_BY(generation_mutex_);
  uring::Mutex report_mutex_;
  std::string report_ GUARDED_BY(report_mutex_);

  std::thread thread_;
};

}  // namespace server
