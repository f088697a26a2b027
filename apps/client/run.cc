// The owner of the loop. Covered by tests/client/run_test.cc.
#include "apps/client/run.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <deque>
#include <optional>
#include <signal.h>
#include <string>
#include <vector>

#include "apps/client/jobs/do_job.h"
#include "apps/client/net/channel.h"
#include "apps/client/screen/report.h"
#include "apps/client/session/interrupt.h"
#include "apps/client/session/session.h"
#include "uring/loop.h"
#include "uring/make_engine.h"
#include "uring/scope.h"

namespace client {

namespace {

// One or two operations of each channel are in flight: a small engine suffices.
uring::EngineOptions small_engine(unsigned channels) {
  const unsigned entries = channels == 1 ? 16 : 256;
  const unsigned threads = channels == 1 ? 2 : 4;
  return {.ring = {.submission_entries = entries,
                   .completion_entries = 4 * entries,
                   .kernel_workers = threads},
          .epoll = {.file_threads = threads}};
}

// The execution of a plan. A worker is a coroutine that does jobs over a channel of its own; it
// ends when no job waits, and begins again when a job has added others.
struct Run {
  Run(uring::Scope& scope, const Plan& jobs, Report& report, const Resolver& finder)
      : plan(jobs), resolver(finder), session(scope, jobs.settings, report) {
    session.queue.append(jobs.jobs);
  }

  uring::FramePool& frames() { return session.frames(); }
  // No further job begins.
  bool ends() const {
    return session.stopping() || (has_failed && plan.settings.fails_early) || session.queue.empty();
  }
  // There is no worker any more.
  bool is_finished() const { return idle.size() == channels.size(); }

  const Plan& plan;
  const Resolver& resolver;
  Session session;
  std::deque<Channel> channels = {};  // at most settings.parallel
  std::vector<Channel*> idle = {};    // those without a worker
  bool has_failed = false;
  std::size_t failed_job = 0;      // the first that has failed, in the order of the queue
  ExitCode result = ExitCode::ok;  // its code
};

// Stops the session when a signal comes.
uring::Task<> watch(Session& session, const Interrupt& interrupt, uring::Io& io) {
  std::array<char, 1> byte;
  const uring::Result got = co_await io.recv(interrupt.fd(), byte);
  if (got.count() > 0) session.stop(StopReason::interrupted);
}

// The status of the response to the job, where there was one.
std::optional<int> status_of(const Channel& channel, ExitCode code) {
  const bool has_head = code == ExitCode::ok || code == ExitCode::http_error;
  const int status = has_head ? channel.head.status() : 0;
  return status > 0 ? std::optional(status) : std::nullopt;
}

void begin_job(Run& run, Channel& channel, const Job& job) {
  Report& report = run.session.report;
  if (job.is_tree) {
    report.begin_directory(channel.lane, job.where.text(), job.file);
  } else {
    report.begin_job(channel.lane, job.where.text(), job.file);
  }
  channel.head.reset();
}

void end_job(Run& run, const Channel& channel, const Queue::Begun& begun, ExitCode code) {
  Report& report = run.session.report;
  const std::optional<int> status = status_of(channel, code);
  if (code == ExitCode::ok && begun.job.is_tree) {
    report.end_directory(channel.lane, run.session.now());
    return;
  }
  if (code == ExitCode::ok) {
    const std::string_view etag = channel.head.value_of(http1::FieldName::etag);
    report.end_job(channel.lane, status, etag, run.session.now());
    return;
  }
  report.fail_job(channel.lane, channel.error, status, run.session.now());
  if (run.has_failed && run.failed_job < begun.number) return;
  run.has_failed = true;
  run.failed_job = begun.number;
  run.result = code;
}

void begin_workers(Run& run);

// Begins the jobs that wait for the end of all others.
void begin_deferred(Run& run) {
  Session& session = run.session;
  if (!session.queue.has_deferred() || session.stopping()) return;
  if (run.has_failed) {
    session.queue.defer({});
    session.report.warn("nothing was deleted, since not everything was transferred");
    return;
  }
  session.queue.append_deferred();
  begin_workers(run);
}

// Does jobs over one channel until none waits.
uring::Task<> work(Run& run, Channel& channel) {
  while (!run.ends()) {
    const Queue::Begun begun = run.session.queue.take();
    begin_job(run, channel, begun.job);
    const ExitCode code = co_await do_job(channel, begun.job);
    end_job(run, channel, begun, code);
    begin_workers(run);  // for jobs that this one has added
  }
  disconnect(channel);
  run.idle.push_back(&channel);
  if (run.is_finished()) begin_deferred(run);
}

// A channel without a worker: one that has been used, or a new one. Null: there are as many as may
// be.
Channel* idle_channel(Run& run) {
  if (!run.idle.empty()) {
    Channel* const channel = run.idle.back();
    run.idle.pop_back();
    return channel;
  }
  if (run.channels.size() == run.plan.settings.parallel) return nullptr;
  Channel& channel = run.channels.emplace_back(run.session);
  channel.lane = run.channels.size() - 1;
  channel.resolver = run.resolver;
  return &channel;
}

// Begins a worker for each job that waits, as far as there are channels.
void begin_workers(Run& run) {
  while (!run.ends()) {
    Channel* const channel = idle_channel(run);
    if (!channel) break;
    run.session.scope.spawn(work(run, *channel));
  }
}

// The state of a file after its job, for the summary; empty where the files are printed.
std::string_view result_of(const Job& job) {
  if (job.verb == Verb::put) return "stored";
  if (job.verb == Verb::remove) return "deleted";
  if (job.verb == Verb::sync) return "synchronised";
  return job.verb == Verb::get && job.file != standard_stream ? "saved" : "";
}

void begin_work(Run& run) {
  const std::vector<Job>& jobs = run.plan.jobs;
  const auto files =
      std::count_if(jobs.begin(), jobs.end(), [](const Job& job) { return !job.is_tree; });
  run.session.report.begin_files(static_cast<std::size_t>(files), result_of(jobs.front()),
                                 run.session.now());
  begin_workers(run);
}

// How long the loop may wait: until --max-time is over, or the progress line is due.
std::int64_t longest_wait_ms(const Session& session, std::int64_t now_ms, std::int64_t end_ms) {
  const bool limited = session.settings.max_time_ms > 0 && !session.stopping();
  const std::optional<std::int64_t> tick_ms = session.report.next_tick_ms(now_ms);
  std::int64_t wait_ms = limited ? std::max<std::int64_t>(end_ms - now_ms, 1) : uring::forever;
  if (tick_ms && (wait_ms == uring::forever || *tick_ms < wait_ms)) wait_ms = *tick_ms;
  return wait_ms;
}

// Runs the loop until the jobs are done or --max-time is over; then lets every task end.
void finish(Run& run, uring::Loop& loop) {
  Session& session = run.session;
  const std::int64_t limit_ms = session.settings.max_time_ms;
  const std::int64_t end_ms = loop.engine().now() + limit_ms;
  while (!run.is_finished()) {
    const std::int64_t now_ms = loop.engine().now();
    if (limit_ms > 0 && now_ms >= end_ms) session.stop(StopReason::out_of_time);
    session.report.tick(now_ms);
    loop.iterate(longest_wait_ms(session, now_ms, end_ms));
  }
  session.scope.stop();
  while (session.scope.tasks() > session.stream_reads) loop.iterate(uring::forever);
}

int status_of(const Run& run) {
  if (run.session.stop_reason() == StopReason::interrupted) return 128 + Interrupt::number();
  return static_cast<int>(run.result);
}

int run_on(uring::Engine& engine, const Plan& plan, Report& report, const Resolver& resolver) {
  uring::Loop loop(engine);
  uring::Scope scope(loop);
  Run run(scope, plan, report, resolver);
  const Interrupt interrupt;
  uring::Io watch_io(scope);
  if (interrupt.fd() >= 0) scope.spawn(watch(run.session, interrupt, watch_io));
  begin_work(run);
  finish(run, loop);
  const int status = status_of(run);
  report.sum_up(status, run.session.now());
  // A task that waits for a stream cannot be ended; its buffers must stay until the process ends.
  if (!scope.empty()) std::_Exit(status);
  return status;
}

}  // namespace

int run(const Plan& plan, const Resolver& resolver) {
  ::signal(SIGPIPE, SIG_IGN);  // a reader that has gone is an error like any other
  Report report(plan.settings);
  const auto choice = uring::engine_choice(plan.settings.io).value();  // options.cc checked it
  const uring::MadeEngine made = uring::make_engine(choice, small_engine(plan.settings.parallel));
  if (!made.engine) {
    report.error(exit_with(ExitCode::no_engine, made.why));
    return static_cast<int>(ExitCode::no_engine);
  }
  if (!made.why.empty()) report.confirm("quoit: working by epoll: " + made.why);
  return run_on(*made.engine, plan, report, resolver);
}

}  // namespace client
