// Covered by tests/client/jobs/do_job_test.cc.
#include "apps/client/jobs/do_job.h"

#include <cstdint>
#include <cstdio>
#include <ctime>
#include <optional>
#include <random>
#include <string>
#include <sys/stat.h>

#include "apps/client/command/retry.h"
#include "apps/client/jobs/jobs.h"

namespace client {

namespace {

uring::Task<ExitCode> try_job(Channel& channel, const Job& job) {
  ExitCode code = ExitCode::ok;
  if (job.verb == Verb::get) {
    const ExitCode done = co_await get(channel, job);
    code = done;
  } else if (job.verb == Verb::head) {
    const ExitCode done = co_await head(channel, job);
    code = done;
  } else if (job.verb == Verb::remove) {
    const ExitCode done = co_await remove(channel, job);
    code = done;
  } else {
    const ExitCode done = co_await put(channel, job);
    code = done;
  }
  co_return code;
}

Failure failure_of(const Channel& channel, ExitCode code) {
  Failure failure{.code = code};
  if (code != ExitCode::http_error) return failure;
  failure.status = channel.head.status();
  const std::string_view wish = channel.head.value_of(http1::FieldName::retry_after);
  failure.retry_after_ms = parse_retry_after(wish, static_cast<std::int64_t>(std::time(nullptr)));
  return failure;
}

bool is_stream(const std::string& file) {
  struct stat facts {};
  if (file == standard_stream) return true;
  return ::stat(file.c_str(), &facts) == 0 && !S_ISREG(facts.st_mode);
}

// "1.5": seconds for people.
std::string seconds_text(std::int64_t milliseconds) {
  std::string text(32, '\0');
  const int size =
      std::snprintf(text.data(), text.size(), "%.1f", static_cast<double>(milliseconds) / 1000);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

// The pause before the next try, in milliseconds; nothing where the failure is final. With a pause
// that --max-time does not leave time for, it is.
std::optional<std::int64_t> next_try(const Channel& channel, const Job& job, const Failure& failure,
                                     unsigned retry) {
  const Session& session = channel.session;
  const Settings& settings = session.settings;
  if (retry > settings.retries || session.stopping() || !is_transient(failure)) return {};
  if (!is_repeatable(job, is_stream(job.file), settings, failure)) return {};
  std::random_device device;
  const std::int64_t pause_ms = pause_before(retry, settings, failure, device());
  const std::int64_t spent_ms = session.now() - session.begin_ms;
  const bool is_too_long = settings.max_time_ms > 0 && spent_ms + pause_ms >= settings.max_time_ms;
  return is_too_long ? std::nullopt : std::optional(pause_ms);
}

void announce(const Channel& channel, std::int64_t pause_ms, unsigned retry) {
  const Session& session = channel.session;
  session.report.end(session.now());
  session.report.warn(channel.error.text + "; trying again in " + seconds_text(pause_ms) + " s (" +
                      std::to_string(retry) + " of " + std::to_string(session.settings.retries) +
                      ")");
}

}  // namespace

uring::Task<ExitCode> do_job(Channel& channel, const Job& job) {
  bool may_be_deleted = false;  // by a try whose response was lost
  for (unsigned retry = 1;; ++retry) {
    const ExitCode code = co_await try_job(channel, job);
    if (code == ExitCode::ok) co_return code;
    const Failure failure = failure_of(channel, code);
    if (may_be_deleted && failure.status == 404) {
      channel.session.report.confirm("deleted " + job.where.text() + ": it is gone");
      co_return ExitCode::ok;
    }
    const std::optional<std::int64_t> pause_ms = next_try(channel, job, failure, retry);
    if (!pause_ms) co_return code;
    may_be_deleted = job.verb == Verb::remove && (may_be_deleted || may_be_done(failure));
    announce(channel, *pause_ms, retry);
    disconnect(channel);
    channel.io.renew();
    if (*pause_ms > 0) co_await channel.io.sleep(*pause_ms);
    if (channel.session.stopping()) co_return channel.fail(cancelled(channel, channel.io));
  }
}

}  // namespace client
