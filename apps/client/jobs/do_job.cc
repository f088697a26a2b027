// Covered by tests/client/jobs/do_job_test.cc.
#include "apps/client/jobs/do_job.h"

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <sys/stat.h>

#include "apps/client/command/retry.h"
#include "apps/client/jobs/compare.h"
#include "apps/client/jobs/jobs.h"
#include "apps/client/jobs/pause.h"
#include "apps/client/jobs/sync.h"
#include "apps/client/jobs/trees.h"
#include "apps/client/session/interrupt.h"

namespace client {

namespace {

// With `compared`: only compares the two files of the job.
uring::Task<ExitCode> try_job(Channel& channel, const Job& job, Compared* compared,
                              PutProgress& progress) {
  ExitCode code = ExitCode::ok;
  if (compared) {
    const ExitCode done = co_await compare(channel, job, *compared);
    code = done;
  } else if (job.is_local) {
    const ExitCode done = co_await remove_local(channel, job);
    code = done;
  } else if (job.verb == Verb::sync) {
    const ExitCode done = co_await sync(channel, job);
    code = done;
  } else if (job.is_tree && job.verb == Verb::put) {
    code = put_tree(channel, job);
  } else if (job.is_tree) {
    const ExitCode done = co_await get_tree(channel, job);
    code = done;
  } else if (job.verb == Verb::head) {
    const ExitCode done = co_await head(channel, job);
    code = done;
  } else if (job.verb == Verb::ls) {
    const ExitCode done = co_await ls(channel, job);
    code = done;
  } else if (job.verb == Verb::remove) {
    const ExitCode done = co_await remove(channel, job);
    code = done;
  } else {
    const ExitCode done = co_await put(channel, job, progress);
    code = done;
  }
  co_return code;
}

bool is_stream(const std::string& file) {
  struct stat facts {};
  if (file == standard_stream) return true;
  return ::stat(file.c_str(), &facts) == 0 && !S_ISREG(facts.st_mode);
}

// The pause before the next try, in milliseconds; nothing where the failure is final. With a pause
// that --max-time does not leave time for, it is.
std::optional<std::int64_t> next_try(const Channel& channel, const Job& job, const Failure& failure,
                                     const PutProgress& progress, unsigned retry) {
  const Session& session = channel.session;
  const Settings& settings = session.settings;
  if (retry > settings.retries || session.stopping() || !is_transient(failure)) return {};
  const bool is_safe =
      progress.is_resumable || is_repeatable(job, is_stream(job.file), settings, failure);
  if (!is_safe) return {};
  std::random_device device;
  const std::int64_t pause_ms = pause_before(retry, settings, failure, device());
  const std::optional<std::int64_t> left_ms = time_left_ms(session);
  return left_ms && pause_ms >= *left_ms ? std::nullopt : std::optional(pause_ms);
}

// The failure and its consequence for a file that the server has in part, for people.
std::string kept_text(const Job& job, const std::string& text) {
  return without_advice(text) + "; the server keeps what it has of " + job.where.text() +
         ", and the same command goes on there";
}

// The consequence of an interruption of the job, for people.
std::string interruption(const Job& job, const PutProgress& progress) {
  const std::string text = "interrupted by " + std::string(Interrupt::name());
  if (job.is_tree) return text;
  if (progress.is_kept) return kept_text(job, text);
  switch (job.verb) {
    case Verb::put: return text + "; the upload to " + job.where.text() + " was not confirmed";
    case Verb::remove: return text + "; the deletion of " + job.where.text() + " was not confirmed";
    default: return text;
  }
}

uring::Task<ExitCode> do_with_retries(Channel& channel, const Job& job, Compared* compared,
                                      PutProgress& progress) {
  bool may_be_deleted = false;  // by a try whose response was lost
  for (unsigned retry = 1;; ++retry) {
    const std::uint64_t before = progress.confirmed;
    const ExitCode code = co_await try_job(channel, job, compared, progress);
    if (progress.confirmed > before) retry = 1;  // bytes have come to stay
    if (code == ExitCode::ok) co_return code;
    const Failure failure = failure_of(channel, code);
    if (may_be_deleted && failure.status == 404) {
      channel.session.report.count_saved(0);
      channel.session.report.confirm("deleted " + job.where.text() + ": it is gone");
      co_return ExitCode::ok;
    }
    const std::optional<std::int64_t> pause_ms = next_try(channel, job, failure, progress, retry);
    if (!pause_ms) co_return code;
    may_be_deleted = job.verb == Verb::remove && (may_be_deleted || may_be_done(failure));
    announce_retry(channel, *pause_ms, retry);
    const ExitCode waited = co_await pause(channel, *pause_ms);
    if (waited != ExitCode::ok) co_return waited;
  }
}

uring::Task<ExitCode> do_unconditionally(Channel& channel, const Job& job) {
  if (job.verb == Verb::get && !job.is_tree) {
    const ExitCode got = co_await get(channel, job);
    co_return got;
  }
  PutProgress progress;
  const ExitCode code = co_await do_with_retries(channel, job, nullptr, progress);
  if (code == ExitCode::interrupted)
    channel.error.text = interruption(job, progress);
  else if (code != ExitCode::ok && progress.is_kept)
    channel.error.text = kept_text(job, channel.error.text);
  co_return code;
}

// Transfers the file if the one at the other end differs, or removes that one in the version that
// it has now.
uring::Task<ExitCode> do_if_different(Channel& channel, const Job& job) {
  Compared compared;
  PutProgress none;
  const ExitCode asked = co_await do_with_retries(channel, job, &compared, none);
  if (asked != ExitCode::ok) co_return asked;
  const bool is_removal = job.verb == Verb::remove;
  if (compared.result == (is_removal ? Comparison::absent : Comparison::equal)) {
    channel.session.report.count_saved(0);
    co_return ExitCode::ok;
  }
  Job transfer = job;
  if (job.verb != Verb::get) transfer.condition = compared.condition;
  const ExitCode done = co_await do_unconditionally(channel, transfer);
  co_return done;
}

}  // namespace

uring::Task<ExitCode> do_job(Channel& channel, const Job& job) {
  if (job.problem) co_return channel.fail(job.problem);
  if (job.is_compared) {
    const ExitCode compared = co_await do_if_different(channel, job);
    co_return compared;
  }
  const ExitCode done = co_await do_unconditionally(channel, job);
  co_return done;
}

}  // namespace client
