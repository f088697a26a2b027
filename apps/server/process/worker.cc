// A worker's thread from start to end: read run(). Covered by tests/end_to_end/stop_test.cc.
#include "apps/server/process/worker.h"

#include <cerrno>
#include <cstring>
#include <list>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apps/server/serve.h"
#include "uring/io.h"
#include "uring/loop.h"
#include "uring/make_engine.h"
#include "uring/scope.h"

namespace server {

namespace {

// How long accepting pauses when the process is out of descriptors or memory: long enough that
// connections may end, short enough that nobody in the queue notices.
constexpr uring::Milliseconds accept_pause_ms = 100;

void signal_event(int fd) {
  const std::uint64_t one = 1;
  // An event descriptor takes it at once; its count never comes near its bound.
  [[maybe_unused]] const ssize_t written = ::write(fd, &one, sizeof one);
}

}  // namespace

struct Worker::Acceptor {
  Acceptor(uring::Scope& scope, Worker& owner, WorkerState& served, int socket, std::uint8_t index)
      : io(scope), worker(owner), state(served), listener(socket), endpoint(index) {}
  uring::FramePool& frames() { return io.frames(); }

  uring::Io io;
  Worker& worker;
  WorkerState& state;
  int listener;
  std::uint8_t endpoint;
};

struct Worker::Control {
  Control(uring::Scope& scope, Worker& owner, WorkerState& served, uring::Scope& accepting)
      : io(scope), worker(owner), state(served), acceptors(accepting) {}
  uring::FramePool& frames() { return io.frames(); }

  uring::Io io;
  Worker& worker;
  WorkerState& state;
  uring::Scope& acceptors;
};

Worker::Worker(const Shared& shared, uring::EngineChoice io, std::vector<int> listeners)
    : shared_(shared),
      io_(io),
      listeners_(std::move(listeners)),
      orders_(::eventfd(0, EFD_CLOEXEC)) {}

Worker::~Worker() { join(); }

options::ExitReason Worker::start(int events, int notices) {
  events_ = events;
  notices_ = notices;
  if (!orders_.valid())
    return {EX_OSERR, std::string("no event descriptor: ") + std::strerror(errno)};
  thread_ = std::thread([this] { run(); });
  return {};
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::order(Order what) {
  // An order is never taken back: an abort that comes when all has ended would undo the end.
  Order before = order_.load();
  while (before < what && !order_.compare_exchange_weak(before, what)) continue;
  signal_event(orders_.get());
}

// The main thread says it, for a worker does not write where it may have to wait.
void Worker::note_accept(int error) {
  if (error != 0) ++failed_accepts_;
  const int before = accept_error_.load(std::memory_order_relaxed);
  if ((before == 0) == (error == 0)) return;
  accept_error_.store(error);
  signal_event(notices_);
}

// Takes connections until it is stopped and the kernel has handed over the last one.
uring::Task<> Worker::accept_all(Acceptor& a) {
  bool more = false;
  while (more || !a.io.stopped()) {
    const uring::Result accepted = co_await a.io.accept(a.listener);
    more = accepted.more;
    if (accepted.ok()) {
      a.worker.note_accept(0);
      Connection* const c = a.state.admit(accepted.value, a.endpoint);
      if (c) a.state.connections.spawn(serve(*c));
    } else if (!more && !a.io.stopped()) {
      a.worker.note_accept(accepted.error());
      co_await a.io.sleep(accept_pause_ms);
    }
  }
}

uring::Task<> Worker::obey_orders(Control& control) {
  std::uint64_t count = 0;
  const std::span<char> room(reinterpret_cast<char*>(&count), sizeof count);
  while (control.worker.order_.load() != Order::end) {
    co_await control.io.read(control.worker.orders_.get(), room, uring::at_position);
    control.worker.obey(control.state, control.acceptors);
  }
}

void Worker::report() {
  wants_report_.store(true);
  signal_event(orders_.get());
}

std::string Worker::take_report() {
  const std::lock_guard guard(report_lock_);
  return std::exchange(report_, {});
}

// A line of names and numbers, for people and for scripts.
void Worker::write_report(const WorkerState& state) {
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
  add("turns", state.loop.iterations());
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
  {
    const std::lock_guard guard(report_lock_);
    report_ = line;
  }
  signal_event(notices_);
}

void Worker::obey(WorkerState& state, uring::Scope& acceptors) {
  if (wants_report_.exchange(false)) write_report(state);
  const Order what = order_.load();
  if (what == Order::none || what == Order::end) return;
  acceptors.stop();
  state.drain();
  if (what == Order::abort) state.connections.stop();
}

namespace {

// Makes the root this thread's own working directory, so that short paths lead to what is watched
// there (file_cache.cc). Where that is forbidden, longer ones do.
void enter(int root) {
  [[maybe_unused]] const bool entered = ::unshare(CLONE_FS) == 0 && ::fchdir(root) == 0;
}

// struct sched_attr of sched_setattr(2), which not every C library has.
struct SchedulingAttributes {
  std::uint32_t size;
  std::uint32_t policy;
  std::uint64_t flags;
  std::int32_t nice;
  std::uint32_t priority;
  std::uint64_t runtime_ns;  // of SCHED_OTHER: the length of a turn
  std::uint64_t deadline_ns;
  std::uint64_t period_ns;
};

// Asks for short turns of the CPU: then what shares it with this thread, a build on the same
// machine or the kernel's own threads that read a cold file for us, keeps a request waiting for
// less than the 3 ms that a turn is otherwise. How much of the CPU each gets in all stays the same.
// Heard since Linux 6.12; whoever chose a policy for this process is left alone.
void ask_for_short_turns() {
  constexpr std::uint64_t turn_ns = 100'000;  // the least that may be asked for
  constexpr std::uint64_t reset_on_fork = 1;  // the kernel's threads have turns of their own
  SchedulingAttributes wanted{};
  if (::syscall(SYS_sched_getattr, 0, &wanted, sizeof wanted, 0) != 0) return;
  if (wanted.policy != SCHED_OTHER) return;
  wanted.runtime_ns = turn_ns;
  wanted.flags = reset_on_fork;
  ::syscall(SYS_sched_setattr, 0, &wanted, 0);
}

}  // namespace

void Worker::run() {
  enter(shared_.root);
  ask_for_short_turns();
  const uring::MadeEngine made = uring::make_engine(io_, {});
  engine_reason_ = made.why;
  if (made.engine)
    serve_on(*made.engine);
  else
    exit_reason_ = {EX_OSERR, made.why};
  ended_.store(true);
  signal_event(events_);
}

void Worker::serve_on(uring::Engine& engine) {
  engine_name_ = engine.describe();
  uring::Loop loop(engine);
  WorkerState state(shared_, loop);
  uring::Scope control_scope(loop);
  uring::Scope accept_scope(loop);
  Control control(control_scope, *this, state, accept_scope);
  control_scope.spawn(obey_orders(control));
  std::list<Acceptor> acceptors;
  for (const int listener : listeners_) {
    const auto endpoint = static_cast<std::uint8_t>(acceptors.size());
    acceptors.emplace_back(accept_scope, *this, state, listener, endpoint);
    accept_scope.spawn(accept_all(acceptors.back()));
  }
  signal_event(events_);
  loop.run(accept_scope);
  // Who connects from now on is refused at once, and does not wait in a queue until the end.
  for (const int listener : listeners_) ::shutdown(listener, SHUT_RDWR);
  loop.run(state.connections);
  order(Order::end);
  loop.run(control_scope);
}

}  // namespace server
