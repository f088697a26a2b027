// Covered by tests/client/jobs/get_test.cc and resume_test.cc.
#include "apps/client/jobs/download.h"

#include <ctime>
#include <limits>
#include <optional>
#include <sys/stat.h>
#include <utility>

#include "apps/client/command/disposition.h"
#include "apps/client/jobs/ranges.h"
#include "apps/client/jobs/verify.h"
#include "apps/client/local/part_file.h"
#include "apps/client/net/exchange.h"
#include "apps/client/screen/progress.h"
#include "parser/date.h"

namespace client {

namespace {

std::int64_t unix_now() { return static_cast<std::int64_t>(std::time(nullptr)); }

// The value of Last-Modified, in Unix seconds.
std::optional<std::int64_t> modification_of(const http1::ResponseHead& head) {
  return http1::parse_date(head.value_of(http1::FieldName::last_modified), unix_now());
}

// A regular file that exists.
struct Existing {
  std::uint64_t size = 0;     // bytes
  std::int64_t modified = 0;  // Unix seconds
};

std::optional<Existing> existing(const std::string& file) {
  struct stat facts {};
  if (file == standard_stream || ::stat(file.c_str(), &facts) != 0) return {};
  if (!S_ISREG(facts.st_mode)) return {};
  return Existing{.size = static_cast<std::uint64_t>(facts.st_size),
                  .modified = facts.st_mtim.tv_sec};
}

Request request_for(const Download& download) {
  const Transfer& transfer = download.transfer;
  const Settings& settings = download.channel.session.settings;
  Request request{.method = http1::Method::get};
  request.wants_digest = settings.verifies && !settings.expected_digest;
  if (settings.only_newer) {
    const std::optional<Existing> file = existing(download.job.file);
    if (file) request.newer_than = file->modified;
  }
  request.range_start = range_start(transfer);
  if (request.range_start) request.if_range = transfer.version.validator;
  return request;
}

void warn_of_coding(const Session& session, const http1::ResponseHead& head, const Url& where) {
  const std::string coding(unrequested_coding(head, session.settings));
  if (coding.empty()) return;
  session.report.warn(where.text() + ": the server sends the file encoded (" + coding +
                      "), and quoit saves it as it comes; decode it, or try again");
}

// With --continue the file is trusted, unless its time shows that it is of the server's version.
void warn_of_trust(const Download& download, const Url& where) {
  const std::optional<Existing> file = existing(download.job.file);
  const std::optional<std::int64_t> modified = modification_of(download.channel.head);
  if (file && modified && file->modified == *modified) return;
  download.channel.session.report.warn("nothing shows that " + download.job.file +
                                       " is the beginning of " + where.text() +
                                       "; --continue trusts that it is");
}

// --- The output ---

bool may_be_kept(const Transfer& transfer) {
  return !transfer.version.validator.empty() &&
         transfer.version.size.value_or(least_kept_bytes) >= least_kept_bytes;
}

void record(Download& download) {
  if (!may_be_kept(download.transfer)) return;
  record_output(download.output,
                {.url = download.job.where.text(), .version = download.transfer.version});
}

// Opens the output, or empties it, for the whole file.
uring::Task<ExitCode> begin_output(Download& download) {
  OutputFile& output = download.output;
  if (output.fd < 0) {
    const ExitCode opened = co_await open_output(download.channel.io, output, download.job.file);
    if (opened != ExitCode::ok) co_return opened;
    download.transfer.can_restart = !output.is_stream;
  } else if (!output.is_stream) {
    const ExitCode emptied = empty_output(output);
    if (emptied != ExitCode::ok) co_return emptied;
  }
  record(download);
  co_return ExitCode::ok;
}

// Prepares the output for the bytes from transfer.held on.
uring::Task<ExitCode> continue_output(Download& download) {
  OutputFile& output = download.output;
  const std::uint64_t held = download.transfer.held;
  if (output.fd < 0) {  // with --continue, the target has the bytes
    const ExitCode opened = co_await open_output(download.channel.io, output, download.job.file);
    if (opened != ExitCode::ok) co_return opened;
    record(download);
    const ExitCode copied = take_over_target(output, held);
    co_return copied;
  }
  if (!output.is_stream) output.size = held;
  co_return ExitCode::ok;
}

uring::Task<ExitCode> prepare_output(Download& download, Verdict verdict) {
  Channel& channel = download.channel;
  Transfer& transfer = download.transfer;
  const bool knows =
      download.resumes && (verdict == Verdict::continues || channel.head.status() == 200);
  if (transfer.held > 0 && verdict == Verdict::begins) {
    channel.session.report.warn(download.job.where.text() +
                                " has changed, or its server continues no file; beginning anew");
    download.found = 0;
  }
  begin_body(transfer, verdict, knows ? version_of(channel.head, unix_now()) : Version{});
  ExitCode code = ExitCode::ok;
  download.output.makes_directories = channel.session.settings.makes_directories;
  if (verdict == Verdict::begins) {
    const ExitCode begun = co_await begin_output(download);
    code = begun;
  } else {
    const ExitCode continued = co_await continue_output(download);
    code = continued;
  }
  if (code == ExitCode::ok && download.job.takes_header_name && !download.output.is_stream) {
    const std::optional<std::string> name =
        suggested_name(channel.head.value_of(http1::FieldName::content_disposition));
    if (name) code = rename_output(download.output, *name);
  }
  if (channel.session.settings.keeps_times) {
    download.output.modified = modification_of(channel.head);
  }
  co_return code;
}

// --- The body ---

// The end of a body that came whole, judged by the size of the file.
ExitCode end_body(Download& download, Verdict verdict) {
  Channel& channel = download.channel;
  // A body that ends with the connection may have ended because the signal reached the server, too.
  if (channel.session.stopping()) return channel.fail(cancelled(channel, channel.io));
  const Transfer& transfer = download.transfer;
  const std::uint64_t moved = download.outcome.moved;
  if (verdict == Verdict::continues && moved < range_size(channel.head)) {
    return channel.fail(ExitCode::partial_file, "the connection to " + channel.server +
                                                    " ended after " + format_bytes(transfer.held) +
                                                    ", before the end of the file; try again");
  }
  download.outcome.is_complete = !transfer.version.size || transfer.held == *transfer.version.size;
  return ExitCode::ok;
}

uring::Task<ExitCode> take_body(Download& download, Verdict verdict) {
  Channel& channel = download.channel;
  const Session& session = channel.session;
  OutputFile& output = download.output;
  BodyReader body(channel.head.body());
  const ExitCode prepared = co_await prepare_output(download, verdict);
  if (prepared != ExitCode::ok) {
    disconnect(channel);
    co_return channel.fail(output.error);
  }
  const ExitCode hashed = co_await hash_output(channel, output);
  if (hashed != ExitCode::ok) {
    disconnect(channel);
    co_return hashed;
  }
  if (verdict == Verdict::begins && may_divide(download)) {
    const ExitCode divided = co_await receive_ranges(download, true);
    co_return divided;
  }
  const std::uint64_t begin = output.size;
  const bool is_rest = verdict == Verdict::continues;
  const std::optional<std::uint64_t> total =
      is_rest ? download.transfer.version.size : body.total();
  session.report.begin(channel.lane, output.name, total, session.now(), is_rest ? begin : 0);
  const std::uint64_t most =
      is_rest ? range_size(channel.head) : std::numeric_limits<std::uint64_t>::max();
  const ExitCode received = co_await receive_body(channel, body, output, most);
  download.pace = session.report.end(channel.lane, session.now());
  download.outcome.moved = output.size - begin;
  download.transfer.held += output.size - begin;
  download.outcome.is_slow = channel.speed.has_failed();
  download.outcome.misfits = is_rest && received == ExitCode::weird_reply;
  const ExitCode code = received == ExitCode::ok ? end_body(download, verdict) : received;
  if (code == ExitCode::ok)
    finish_exchange(channel);
  else
    disconnect(channel);
  co_return code;
}

// --- The response ---

// A response that does not belong to the bytes that are there.
uring::Task<ExitCode> reject(Download& download, const Url& where) {
  Channel& channel = download.channel;
  download.outcome.misfits = true;
  if (!download.transfer.can_restart) {
    channel.fail(ExitCode::partial_file,
                 where.text() + " has changed, or its server continues no file, and its first " +
                     format_bytes(download.transfer.held) + " are written already; try again");
  } else {
    channel.fail(ExitCode::weird_reply,
                 where.text() + ": the server's response does not continue the " +
                     format_bytes(download.transfer.held) + " that are there; try again");
  }
  const ExitCode code = code_of(channel.error);
  co_await skip_body(channel);
  co_return code;
}

// A response without a file: an error, or 304.
uring::Task<ExitCode> refuse(Download& download, const Url& where) {
  Channel& channel = download.channel;
  if (channel.head.status() == 304) {
    channel.session.report.confirm(where.text() + " has not changed");
    download.saves = false;
    download.outcome.is_complete = true;
    co_await skip_body(channel);
    co_return ExitCode::ok;
  }
  const ExitCode code = channel.fail(refused(channel.head, where));
  co_await skip_body(channel);
  co_return code;
}

uring::Task<ExitCode> complete(Download& download, const Url& where) {
  const ExitCode noted = note_digest(download.channel, where, false, download.expected);
  download.outcome.is_complete = true;
  if (download.output.fd < 0) {  // with --continue, the target is the whole file
    download.channel.session.report.confirm(download.job.file + " is complete");
    download.saves = false;
  }
  co_await skip_body(download.channel);
  co_return noted;
}

}  // namespace

uring::Task<> find_beginning(Download& download) {
  Channel& channel = download.channel;
  const Settings& settings = channel.session.settings;
  Transfer& transfer = download.transfer;
  download.resumes = !user_decides(settings, "Range") && !user_decides(settings, "If-Range");
  if (!download.resumes) co_return;
  const std::string url = download.job.where.text();
  PartRecord kept;
  const bool is_kept =
      co_await open_kept_output(channel.io, download.output, download.job.file, url, kept);
  if (is_kept) {
    download.found = transfer.held = download.output.size;
    transfer.version = std::move(kept.version);
    if (kept.done) download.gaps.emplace(*transfer.version.size, *kept.done);
    // A part that lacks nothing is checked as any other one is: by a request for its last byte.
    if (download.gaps && download.gaps->empty()) download.gaps.reset();
  } else if (settings.continues) {
    const std::optional<Existing> file = existing(download.job.file);
    transfer.is_trusted = file && file->size > 0;
    if (transfer.is_trusted) download.found = transfer.held = file->size;
  }
}

uring::Task<ExitCode> try_download(Download& download) {
  Channel& channel = download.channel;
  Url where = download.job.where;
  download.outcome = {};
  download.failure.reset();
  if (download.gaps) {
    const ExitCode received = co_await receive_ranges(download, false);
    co_return received;
  }
  const Request request = request_for(download);
  const ExitCode responded = co_await exchange_following(channel, request, where);
  if (responded != ExitCode::ok) co_return responded;

  const http1::ResponseHead& head = channel.head;
  const bool is_range = head.status() == 206 && request.range_start;
  ExitReason astray = is_range
                          ? ExitReason{}
                          : unrequested(head, http1::Method::get, channel.session.settings, where);
  if (astray) {
    disconnect(channel);
    co_return channel.fail(std::move(astray));
  }
  const Verdict verdict = judge(download.transfer, head);
  ExitCode code = ExitCode::ok;
  if (verdict == Verdict::misfits) {
    const ExitCode rejected = co_await reject(download, where);
    code = rejected;
  } else if (verdict == Verdict::refuses) {
    const ExitCode refused_code = co_await refuse(download, where);
    code = refused_code;
  } else if (verdict == Verdict::completes) {
    const ExitCode completed = co_await complete(download, where);
    code = completed;
  } else {
    if (verdict == Verdict::begins) warn_of_coding(channel.session, head, where);
    if (download.transfer.is_trusted && verdict == Verdict::continues && download.output.fd < 0) {
      warn_of_trust(download, where);
    }
    const ExitCode noted =
        note_digest(channel, where, verdict == Verdict::begins, download.expected);
    if (noted != ExitCode::ok) {
      disconnect(channel);
      co_return noted;
    }
    const ExitCode taken = co_await take_body(download, verdict);
    code = taken;
  }
  co_return code;
}

}  // namespace client
