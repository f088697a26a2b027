// GET into a file.
//
// get() repeats requests until the file is there or next_step() gives up. The file gets its name
// when the last byte has come; before that, and after any failure, an existing file keeps its
// content. Covered by tests/client/jobs/get_test.cc and resume_test.cc.
#include <memory>
#include <random>
#include <string>
#include <unistd.h>
#include <utility>

#include "apps/client/jobs/download.h"
#include "apps/client/jobs/jobs.h"
#include "apps/client/jobs/pause.h"
#include "apps/client/jobs/verify.h"
#include "apps/client/local/tree.h"
#include "apps/client/net/exchange.h"
#include "apps/client/screen/progress.h"
#include "apps/client/session/interrupt.h"
#include "uring/result.h"

namespace client {

namespace {

bool exists(const std::string& file) {
  return file != standard_stream && ::access(file.c_str(), F_OK) == 0;
}

void confirm_saved(const Download& download) {
  const OutputFile& output = download.output;
  Report& report = download.channel.session.report;
  report.count_saved(output.size);
  if (output.target.empty()) return;
  std::string bytes = std::to_string(output.size) + " bytes";
  if (download.found > 0) bytes += ", " + std::to_string(download.found) + " of them before";
  if (download.expected) bytes += ", SHA-256 verified";
  report.confirm("saved " + output.name + " (" + bytes + ")" + download.pace);
}

// Keeps the URL with the file, where the file system has extended attributes.
void keep_origin_of(const Download& download) {
  const OutputFile& output = download.output;
  const int error = keep_origin(output, download.job.where.text());
  if (error == 0) return;
  download.channel.session.report.warn("cannot keep the URL with " + output.name + ": " +
                                       uring::error_text(error));
}

Step step_after(Download& download, ExitCode code) {
  const Session& session = download.channel.session;
  if (session.stopping()) return {};
  std::random_device device;
  download.outcome.failure = download.failure.value_or(failure_of(download.channel, code));
  return next_step(
      download.transfer, download.outcome,
      {.settings = session.settings, .left_ms = time_left_ms(session), .random = device()});
}

void announce(const Download& download, const Step& step) {
  const Channel& channel = download.channel;
  if (step.is_retry) {
    announce_retry(channel, step.pause_ms, download.transfer.retries);
  } else {
    announce_next(channel, step.begins_anew ? "beginning anew" : "going on there", step.pause_ms);
  }
}

// Prepares the next request after one that failed.
uring::Task<ExitCode> go_on(Download& download, const Step& step) {
  announce(download, step);
  const ExitCode waited = co_await pause(download.channel, step.pause_ms);
  if (waited != ExitCode::ok || !step.begins_anew) co_return waited;
  download.found = 0;
  if (download.output.fd < 0) co_return ExitCode::ok;
  const ExitCode emptied = empty_output(download.output);
  if (emptied != ExitCode::ok) co_return download.channel.fail(download.output.error);
  co_return ExitCode::ok;
}

// The failure and its consequence for the file, for people.
std::string consequence(const Download& download, ExitCode code) {
  const Channel& channel = download.channel;
  const OutputFile& output = download.output;
  const bool is_interrupted = code == ExitCode::interrupted;
  std::string text =
      is_interrupted ? "interrupted by " + std::string(Interrupt::name()) : channel.error.text;
  if (keeps_part(output)) {
    return without_advice(text) + (download.gaps ? "; " : "; the first ") +
           format_bytes(output.size) + " of " + output.name +
           " are kept, and the same command goes on there";
  }
  const bool is_file = download.job.file != standard_stream;
  return is_interrupted && is_file ? text + "; " + download.job.file + " was not saved" : text;
}

uring::Task<ExitCode> give_up(Download& download, ExitCode code) {
  Channel& channel = download.channel;
  if (code == ExitCode::ok) {
    code = channel.fail(ExitCode::partial_file,
                        channel.server + " sent only a part of the file; try again");
  }
  channel.error.text = consequence(download, code);
  co_await discard_output(channel.io, download.output);
  co_return code;
}

uring::Task<ExitCode> finish(Download& download) {
  Channel& channel = download.channel;
  const ExitCode verified =
      co_await verify_download(channel, download.job, download.output, download.expected);
  if (!download.saves || verified == ExitCode::digest_mismatch) {
    download.output.is_recorded = false;  // the bytes of an earlier run are of no use
    co_await discard_output(channel.io, download.output);
    co_return verified;
  }
  if (verified != ExitCode::ok) {
    const ExitCode failed = co_await give_up(download, verified);
    co_return failed;
  }
  if (channel.session.settings.keeps_origin) keep_origin_of(download);
  const ExitCode published = co_await publish_output(channel.io, download.output);
  if (published != ExitCode::ok) co_return channel.fail(download.output.error);
  confirm_saved(download);
  co_return published;
}

}  // namespace

uring::Task<ExitCode> get(Channel& channel, const Job& job) {
  if (job.depth > 0) {
    const ExitReason problem = check_file_inside(job.file);
    if (problem) co_return channel.fail(problem);
  }
  if (channel.session.settings.keeps_files && exists(job.file)) {
    channel.session.report.confirm(job.file + " exists already, and is left alone");
    co_return ExitCode::ok;
  }
  Download download(channel, job);
  if (channel.session.settings.verifies) download.output.digest = std::make_unique<FileDigest>();
  co_await find_beginning(download);
  while (true) {
    const ExitCode tried = co_await try_download(download);
    if (tried == ExitCode::ok && download.outcome.is_complete) break;
    const Step step = step_after(download, tried);
    if (step.next != Next::ask) {
      const ExitCode failed = co_await give_up(download, tried);
      co_return failed;
    }
    if (tried == ExitCode::ok) continue;  // the server sent a part of the rest
    const ExitCode prepared = co_await go_on(download, step);
    if (prepared == ExitCode::ok) continue;
    const ExitCode failed = co_await give_up(download, prepared);
    co_return failed;
  }
  const ExitCode finished = co_await finish(download);
  co_return finished;
}

}  // namespace client
