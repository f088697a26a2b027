// The owner of the loop. Covered by tests/client/run_test.cc.
#include "apps/client/run.h"

#include <algorithm>
#include <array>
#include <cstdlib>
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

// One or two operations are in flight: the smallest engine suffices.
uring::EngineOptions small_engine() {
  return {.ring = {.submission_entries = 16, .completion_entries = 64, .kernel_workers = 2},
          .epoll = {.file_threads = 2}};
}

// The execution of a plan.
struct Run {
  Run(uring::Scope& scope, const Plan& jobs, Report& report, const Resolver& resolver)
      : plan(jobs), session(scope, jobs.settings, report), channel(session) {
    channel.resolver = resolver;
  }

  uring::FramePool& frames() { return session.frames(); }

  const Plan& plan;
  Session session;
  Channel channel;
  bool finished = false;           // no job follows
  ExitCode result = ExitCode::ok;  // the first failure
};

// Stops the session when a signal comes.
uring::Task<> watch(Session& session, const Interrupt& interrupt, uring::Io& io) {
  std::array<char, 1> byte;
  const uring::Result got = co_await io.recv(interrupt.fd(), byte);
  if (got.count() > 0) session.stop(StopReason::interrupted);
}

void report_job(Run& run, ExitCode code) {
  Report& report = run.session.report;
  report.end(run.session.now());
  if (code != ExitCode::ok) {
    report.count_failed();
    report.error(run.channel.error.text);
  }
  if (run.result == ExitCode::ok) run.result = code;
}

uring::Task<> do_jobs(Run& run) {
  Report& report = run.session.report;
  const std::vector<Job>& jobs = run.plan.jobs;
  const bool saves = jobs.front().verb == Verb::get && jobs.front().file != standard_stream;
  report.begin_files(jobs.size(), run.session.now());
  for (const Job& job : jobs) {
    report.next_file();
    const ExitCode code = co_await do_job(run.channel, job);
    report_job(run, code);
    if (run.session.stopping()) break;
  }
  if (saves) report.sum_up(run.session.now());
  disconnect(run.channel);
  run.finished = true;
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
  while (!run.finished) {
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
  scope.spawn(do_jobs(run));
  finish(run, loop);
  const int status = status_of(run);
  // A task that waits for a stream cannot be ended; its buffers must stay until the process ends.
  if (!scope.empty()) std::_Exit(status);
  return status;
}

}  // namespace

int run(const Plan& plan, const Resolver& resolver) {
  ::signal(SIGPIPE, SIG_IGN);  // a reader that has gone is an error like any other
  Report report(plan.settings);
  const auto choice = uring::engine_choice(plan.settings.io).value();  // options.cc checked it
  const uring::MadeEngine made = uring::make_engine(choice, small_engine());
  if (!made.engine) {
    report.error(made.why);
    return static_cast<int>(ExitCode::no_engine);
  }
  if (!made.why.empty()) report.confirm("quoit: working by epoll: " + made.why);
  return run_on(*made.engine, plan, report, resolver);
}

}  // namespace client
