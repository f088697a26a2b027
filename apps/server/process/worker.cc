// A worker's thread: read run() and serve_on() first, at the end. Covered by
// tests/server/process/worker_test.cc and tests/end_to_end/stop_test.cc.
#include "apps/server/process/worker.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <list>
#include <new>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

#include "apps/server/connection/publish_counters.h"
#include "apps/server/serve.h"
#include "uring/event.h"
#include "uring/io.h"
#include "uring/loop.h"
#include "uring/make_engine.h"
#include "uring/result.h"
#include "uring/scope.h"

namespace server {

namespace {

// How long accepting pauses when the process has no descriptors or memory left: long enough for
// connections to end, and short enough that a client in the accept queue hardly notices.
constexpr uring::Milliseconds accept_pause_ms = 100;

// How long accepting pauses when as many clients are being refused as may be.
constexpr uring::Milliseconds overrun_pause_ms = 10;

// How often a worker looks for memory that it can give back: seldom enough to cost nothing.
constexpr uring::Milliseconds tidy_interval_ms = 5000;

}  // namespace

// The state of the coroutine that accepts from one listening socket.
struct Worker::Acceptor {
  Acceptor(uring::Scope& scope, Worker& owner, WorkerState& served, ListeningSocket& listener)
      : io(scope), worker(owner), state(served), socket(listener) {}
  uring::Frames frames() const { return io.frames(); }

  uring::Io io;
  Worker& worker;
  WorkerState& state;
  ListeningSocket& socket;
};

// The state of the coroutine that awaits requests of the main thread.
struct Worker::Control {
  Control(uring::Scope& scope, Worker& owner, WorkerState& served, uring::Scope& accepting)
      : io(scope), worker(owner), state(served), acceptors(accepting) {}
  uring::Frames frames() const { return io.frames(); }

  uring::Io io;
  Worker& worker;
  WorkerState& state;
  uring::Scope& acceptors;
  Stop handled = Stop::none;  // the stop that the worker has begun
};

Worker::Worker(const Shared& shared, uring::EngineChoice engine,
               std::vector<ListeningSocket*> sockets, uring::EngineOptions options,
               WorkerCounters* counters)
    : shared_(shared),
      engine_choice_(engine),
      engine_options_(std::move(options)),
      sockets_(std::move(sockets)),
      counters_(counters),
      request_event_(::eventfd(0, EFD_CLOEXEC)) {}

Worker::~Worker() { join(); }

options::ExitReason Worker::start(int state_event, int notice_event) {
  state_event_ = state_event;
  notice_event_ = notice_event;
  if (!request_event_.valid()) {
    return {EX_OSERR, std::string("no event descriptor: ") + uring::error_text(errno)};
  }
  try {
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& error) {
    return {EX_OSERR, "cannot start a thread: " + uring::error_text(error.code().value()) +
                          "; see 'ulimit -u' and the memory of this process"};
  }
  return {};
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::begin_accepting() {
  may_accept_.store(true);
  uring::signal_event(request_event_.get());
}

void Worker::request_stop(Stop stop) {
  // The value only grows: an abort() after the end must not undo Stop::ended.
  Stop before = stop_.load();
  while (before < stop && !stop_.compare_exchange_weak(before, stop)) continue;
  uring::signal_event(request_event_.get());
}

// Records whether an accept has failed. The main thread prints the message, because a worker writes
// to nothing that may make it wait.
void Worker::record_accept(int error) {
  if (error != 0) ++failed_accepts_;
  if (error != 0 && counters_) counters_->accept_failures.add();
  const int before = accept_error_.load(std::memory_order_relaxed);
  if ((before == 0) == (error == 0)) return;
  accept_error_.store(error);
  uring::signal_event(notice_event_);
}

// Starts to serve an accepted connection. False: the accept has failed.
bool Worker::take_accepted(Acceptor& a, uring::Result accepted) {
  if (!accepted.ok()) return false;
  a.worker.record_accept(0);
  Connection* const c = a.state.admit(accepted.value, a.socket.speaks_tls());
  if (c) start_serving(*c);
  return true;
}

// Accepts connections until its Io is stopped and the kernel has handed over the last one.
uring::Task<> Worker::accept_until_stop(Acceptor& a) {
  bool more = false;
  while (more || !a.worker.is_stopping()) {
    const uring::Result accepted = co_await a.io.accept(a.socket.fd());
    more = accepted.more;
    if (take_accepted(a, accepted)) {
      if (a.state.is_overrun()) a.io.stop();
    } else if (accepted.fault() == uring::Fault::out_of_descriptors &&
               a.state.files.close_files()) {
      continue;
    } else if (!more && !a.io.stopped()) {
      a.worker.record_accept(accepted.error());
      co_await a.io.sleep(accept_pause_ms);
    }
    if (!more && a.io.stopped() && !a.worker.is_stopping()) {
      a.io.renew();  // it was stopped above: clients wait in the accept queue
      co_await a.io.sleep(overrun_pause_ms);
      if (a.state.is_overrun()) a.io.stop();
    }
  }
}

// Accepts what is queued: until an accept would wait, which the deadline ends, or the socket, which
// accepts no new clients, has no more. Where descriptors or memory are short, it goes on until the
// worker is aborted.
uring::Task<> Worker::accept_queued(Acceptor& a) {
  bool more = false;
  while (more || !a.worker.is_aborting()) {
    if (!more) {
      a.io.renew();
      a.io.set_deadline(0);
    }
    const uring::Result accepted = co_await a.io.accept(a.socket.fd());
    more = accepted.more;
    const bool is_taken = take_accepted(a, accepted);
    const bool was_stopped = a.io.stopped();  // by a drain that was handled meanwhile
    if (is_taken || more || was_stopped) continue;
    const bool is_short = accepted.fault() == uring::Fault::out_of_descriptors ||
                          accepted.fault() == uring::Fault::out_of_memory ||
                          accepted.fault() == uring::Fault::no_buffers;
    if (!is_short || a.worker.is_aborting()) break;
    if (a.state.files.close_files()) continue;
    a.io.renew();
    co_await a.io.sleep(accept_pause_ms);
  }
  a.io.clear_deadline();
}

// Accepts connections until the worker stops, and closes the socket if no other worker accepts from
// it.
uring::Task<> Worker::accept_all(Acceptor& a) {
  co_await accept_until_stop(a);
  if (!a.socket.leave()) co_return;
  if (a.socket.empties_queue()) {
    a.socket.end_arrivals();
    co_await accept_queued(a);
  }
  a.socket.close(a.io.engine());
}

// Tidies the state at intervals until its Io is stopped.
uring::Task<> Worker::tidy(uring::Io& io, WorkerState& state) {
  while (!io.stopped()) {
    co_await io.sleep(tidy_interval_ms);
    state.tidy();
  }
}

uring::Task<> Worker::await_requests(Control& control) {
  std::uint64_t count = 0;
  const std::span<char> buffer(reinterpret_cast<char*>(&count), sizeof count);
  const int event = control.worker.request_event_.get();
  while (control.worker.stop_.load() != Stop::ended) {
    co_await control.io.read(event, buffer, uring::at_position);
    control.worker.handle_requests(control);
  }
}

void Worker::request_heartbeat() {
  heartbeat_.store(false);
  uring::signal_event(request_event_.get());
}

// The generation that is replaced here is freed after the mutex is released.
void Worker::publish(std::unique_ptr<LiveGeneration> next) noexcept {
  {
    const uring::MutexLock lock(generation_mutex_);
    next_generation_.swap(next);
  }
  uring::signal_event(request_event_.get());
}

bool Worker::has_adopted() {
  const uring::MutexLock lock(generation_mutex_);
  return !next_generation_ || has_ended_.load();
}

// next_generation_ is cleared after the adoption, so that has_adopted() is true for requests that
// begin afterwards.
void Worker::adopt_generation(WorkerState& state) {
  {
    const uring::MutexLock lock(generation_mutex_);
    if (!next_generation_) return;
    state.adopt(std::move(next_generation_));
  }
  uring::signal_event(notice_event_);
}

void Worker::request_report() {
  wants_report_.store(true);
  uring::signal_event(request_event_.get());
}

std::string Worker::take_report() {
  const uring::MutexLock lock(report_mutex_);
  return std::exchange(report_, {});
}

namespace {

// A line of names and numbers, for people and for scripts.
std::string report_of(const WorkerState& state) {
  const uring::Counters& engine = state.loop.engine().counters();
  const FileCache::Counters& cache = state.files.counters();
  std::string line;
  const auto add = [&line](const char* name, std::uint64_t number) {
    line += ' ';
    line += name;
    line += '=';
    line += std::to_string(number);
  };
  add("connections", state.live);
  add("iterations", state.loop.iterations());
  add("enters", engine.enters);
  add("operations", engine.operations);
  add("completions", engine.completions);
  add("cancels", engine.cancels);
  add("buffer_shortages", engine.buffer_shortages);
  add("punts", engine.punts);
  add("cache_files", state.files.size());
  add("cache_bytes", state.files.bytes());
  add("cache_hits", cache.hits);
  add("cache_misses", cache.misses);
  add("cache_changes", cache.changes);
  add("cache_dropped", cache.dropped);
  if (!state.generation().tls) return line;
  constexpr std::array<const char*, handshake_count> names = {
      "tls_full",      "tls_resumed", "tls_late",      "tls_interrupted",
      "tls_malformed", "tls_refused", "tls_plain_http"};
  for (std::size_t i = 0; i < names.size(); ++i) add(names[i], state.handshakes[i]);
  add("tls_connections", state.live_tls);
  return line;
}

}  // namespace

void Worker::write_report(const WorkerState& state) {
  try {
    std::string report = report_of(state);
    const uring::MutexLock lock(report_mutex_);
    report_ = std::move(report);
  } catch (const std::bad_alloc&) {
    return;  // it can be asked for again
  }
  uring::signal_event(notice_event_);
}

void Worker::request_counters() { uring::signal_event(request_event_.get()); }

void Worker::request(FileRequest request) {
  file_requests_.fetch_or(request);
  uring::signal_event(request_event_.get());
}

void Worker::handle_file_requests(WorkerState& state) {
  const unsigned requests = file_requests_.exchange(0);
  if (requests & change_root) {
    enter_root();
    state.change_root();
  }
  if (requests & invalidate_files) state.files.invalidate_all();
  state.set_file_time();
  if (requests & close_idle_files) state.files.close_idle_files();
}

// A stop is begun once: later requests about files or for a report must not end the connections
// that have got time for their first request.
void Worker::handle_requests(Control& control) {
  heartbeat_.store(true);
  adopt_generation(control.state);
  if (file_requests_.load() != 0) handle_file_requests(control.state);
  if (wants_report_.exchange(false)) write_report(control.state);
  if (counters_) {
    publish_counters(control.state);
    uring::signal_event(shared_.counters_event);
  }
  const Stop stop = stop_.load();
  if (stop == Stop::ended || stop <= control.handled) return;
  control.handled = stop;
  control.acceptors.stop();
  control.state.is_retired = is_retired_.load();
  control.state.drain();
  if (stop == Stop::abort) control.state.connections.stop();
}

namespace {

options::ExitReason no_memory() {
  return {EX_OSERR, "there is not enough memory for a worker; see 'ulimit -v' and --workers"};
}

// struct sched_attr of sched_setattr(2), which not every C library has.
struct SchedulingAttributes {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime_ns;  // of SCHED_OTHER: the length of a time slice
  std::uint64_t deadline_ns;
  std::uint64_t period_ns;
};

// Asks the scheduler for short time slices. A task on the same CPU, such as a build or the kernel
// thread that reads a cold file for this worker, then delays a request by less than the 3 ms of the
// usual slice. The share of the CPU that each task gets does not change. The kernel uses the value
// since Linux 6.12. A process whose scheduling policy was changed, as by chrt(1), is left alone.
void request_short_time_slices() {
  constexpr std::uint64_t slice_ns = 100'000;  // the least that the kernel accepts
  constexpr std::uint64_t reset_on_fork = 1;   // the kernel's threads keep their own slices
  SchedulingAttributes wanted{};
  if (::syscall(SYS_sched_getattr, 0, &wanted, sizeof wanted, 0) != 0) return;
  if (wanted.policy != SCHED_OTHER) return;
  wanted.runtime_ns = slice_ns;
  wanted.flags = reset_on_fork;
  ::syscall(SYS_sched_setattr, 0, &wanted, 0);
}

}  // namespace

// Makes the served directory the working directory of this thread alone, so that inotify(7), which
// takes no directory descriptor, finds files by their paths below it (FileCache). Where unshare(2)
// is forbidden, the file cache names them by /proc/self/fd, which is slower. A missing root is
// left, so that its file system can be unmounted.
void Worker::enter_root() {
  if (!has_own_directory_ || ::fchdir(shared_.root) == 0) return;
  [[maybe_unused]] const int left = ::chdir("/");
}

// Runs the loop until the scope has no task left.
void Worker::iterate(uring::Loop& loop, WorkerState& state, const uring::Scope& scope) {
  while (!scope.empty()) {
    loop.iterate(uring::forever);
    state.end_iteration();
    has_open_files_.store(state.files.open_files() > 0, std::memory_order_relaxed);
  }
}

void Worker::run() {
  has_own_directory_ = ::unshare(CLONE_FS) == 0;
  enter_root();
  request_short_time_slices();
  try {
    const uring::MadeEngine made = uring::make_engine(engine_choice_, engine_options_);
    engine_reason_ = made.why;
    lacks_restrictions_ = made.lacks_restrictions;
    if (made.engine) {
      serve_on(*made.engine);
    } else {
      start_failure_ = {EX_OSERR, made.why};
    }
  } catch (const std::bad_alloc&) {  // before the first coroutine has started
    start_failure_ = no_memory();
  }
  if (counters_) counters_->has_ended.store(true);
  has_ended_.store(true);
  uring::signal_event(state_event_);
}

// Waits until the main thread has started all workers, so that a crowd of clients takes none of the
// descriptors that another worker needs. False: it has requested a stop instead. A stop that comes
// later does not keep the worker from accepting the clients that have connected.
bool Worker::await_permission() {
  while (!may_accept_.load() && stop_.load() == Stop::none) {
    uring::take_event(request_event_.get());
  }
  uring::signal_event(
      request_event_.get());  // the read may have taken the event of a later request
  return may_accept_.load() && !is_aborting();
}

void Worker::serve_on(uring::Engine& engine) {
  engine_name_ = engine.describe();
  uring::Loop loop(engine);
  WorkerState state(shared_, loop, counters_);
  uring::Scope control_scope(loop);
  uring::Scope accept_scope(loop);
  Control control(control_scope, *this, state, accept_scope);
  uring::Io tidy_io(accept_scope);
  std::list<Acceptor> acceptors;
  for (ListeningSocket* const socket : sockets_) {
    acceptors.emplace_back(accept_scope, *this, state, *socket);
  }
  loop.frames().reserve();  // for the coroutines that start now
  uring::signal_event(state_event_);
  if (!await_permission()) return;
  control_scope.spawn(await_requests(control));
  accept_scope.spawn(tidy(tidy_io, state));
  for (Acceptor& acceptor : acceptors) accept_scope.spawn(accept_all(acceptor));
  iterate(loop, state, accept_scope);
  has_stopped_accepting_.store(true);
  uring::signal_event(notice_event_);
  iterate(loop, state, state.connections);
  request_stop(Stop::ended);
  loop.run(control_scope);
}

}  // namespace server
