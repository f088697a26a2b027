// The loop's owner. Covered by tests/client/program_test.cc.
#include "apps/client/work.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <signal.h>
#include <string>

#include "apps/client/interrupt.h"
#include "apps/client/jobs.h"
#include "apps/client/report.h"
#include "apps/client/session.h"
#include "uring/make_engine.h"

namespace client {

namespace {

// One operation or two in flight: the smallest engine will do.
constexpr uring::EngineOptions small_engine{
    .ring = {.submission_entries = 16, .completion_entries = 64, .kernel_workers = 2},
    .epoll = {.file_threads = 2}};

// Stops the session when a signal comes.
uring::Task<> watch(Session& s, const Interrupt& interrupt, uring::Io& io) {
  std::array<char, 1> byte;
  const uring::Result got = co_await io.recv(interrupt.fd(), byte);
  if (got.count() > 0) s.stop(StopReason::interrupted);
}

uring::Task<ExitCode> do_job(Session& s, const Job& job) {
  ExitCode code = ExitCode::ok;
  if (job.verb == Verb::get) {
    const ExitCode done = co_await get(s, job);
    code = done;
  } else if (job.verb == Verb::head) {
    const ExitCode done = co_await head(s, job);
    code = done;
  } else if (job.verb == Verb::remove) {
    const ExitCode done = co_await remove(s, job);
    code = done;
  } else {
    const ExitCode done = co_await put(s, job);
    code = done;
  }
  co_return code;
}

uring::Task<> do_jobs(Session& s, const Plan& plan) {
  for (const Job& job : plan.jobs) {
    const ExitCode code = co_await do_job(s, job);
    s.report.end();
    if (code != ExitCode::ok && code != ExitCode::interrupted) s.report.complain(s.complaint.text);
    if (s.result == ExitCode::ok) s.result = code;
    if (s.stopping()) break;
  }
  disconnect(s);
  s.finished = true;
}

// Turns until the jobs are done or the time is up; then lets everything end.
void run(Session& s, uring::Loop& loop) {
  const std::int64_t limit_ms = s.settings.max_time_ms;
  const std::int64_t start_ms = loop.engine().now();
  while (!s.finished) {
    const std::int64_t left_ms = start_ms + limit_ms - loop.engine().now();
    if (limit_ms > 0 && left_ms <= 0) s.stop(StopReason::out_of_time);
    loop.iterate(limit_ms > 0 && !s.stopping() ? std::max<std::int64_t>(left_ms, 1)
                                               : uring::forever);
  }
  s.scope.stop();
  // Nobody can take back the read of a stream; the end of the process does.
  while (!s.scope.empty() && !s.upload.reading) loop.iterate(uring::forever);
}

int status_of(const Session& s) {
  if (s.stop_reason == StopReason::interrupted) return 128 + Interrupt::number();
  return static_cast<int>(s.result);
}

int work_on(uring::Engine& engine, const Plan& plan, Report& report) {
  uring::Loop loop(engine);
  uring::Scope scope(loop);
  Session session(scope, plan.settings, report);
  const Interrupt interrupt;
  uring::Io watch_io(scope);
  if (interrupt.fd() >= 0) scope.spawn(watch(session, interrupt, watch_io));
  scope.spawn(do_jobs(session, plan));
  run(session, loop);
  const int status = status_of(session);
  if (!scope.empty()) std::_Exit(status);
  return status;
}

}  // namespace

int work(const Plan& plan) {
  ::signal(SIGPIPE, SIG_IGN);  // a reader that went away is an error like any other
  Report report(plan.settings);
  const auto choice = uring::engine_choice(plan.settings.io).value();  // options.cc checked it
  const uring::MadeEngine made = uring::make_engine(choice, small_engine);
  if (!made.engine) {
    report.complain(made.why);
    return static_cast<int>(ExitCode::no_engine);
  }
  if (!made.why.empty()) report.confirm("quoit: working by epoll: " + made.why);
  return work_on(*made.engine, plan, report);
}

}  // namespace client
