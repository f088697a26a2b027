// The requests of one upload. Read put_resumably() first, at the end. Covered by
// tests/client/jobs/resumable_put_test.cc and tests/end_to_end/client_resumes_test.cc.
#include "apps/client/jobs/resumable_put.h"

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "apps/client/command/resumption.h"
#include "apps/client/command/retry.h"
#include "apps/client/command/transfer.h"
#include "apps/client/jobs/pause.h"
#include "apps/client/local/upload_record_file.h"
#include "apps/client/net/exchange.h"

namespace client {

namespace {

// Fields by which the user takes the matter into his own hands.
constexpr std::array own_ways = {"Content-Range", "Content-Digest", "Upload-Complete",
                                 "Upload-Offset", "Upload-Length",  "Upload-Draft-Interop-Version"};
// How often an upload begins anew because the server has lost it.
constexpr unsigned most_restarts = 3;
// How many requests in a row may leave the offset where it is: a server that never gets further is
// at fault.
constexpr unsigned most_idle_requests = 6;

enum class Stage : std::uint8_t {
  absent,    // there is no upload
  unknown,   // there is one, and the server has to be asked for the offset
  goes_on,   // from `offset` on
  is_over,   // channel.head is the response of the file
  not_taken  // the server takes no resumable uploads
};

struct Resumption {
  Resumption(Upload& upload, const Job& task, const Request& request, PutProgress& kept)
      : up(upload), channel(upload.channel), job(task), wish(request), progress(kept) {}

  uring::Frames frames() const { return channel.frames(); }
  std::uint64_t size() const { return up.input.length; }

  Upload& up;
  Channel& channel;
  const Job& job;
  const Request& wish;
  PutProgress& progress;
  UploadRecordFile record = {};
  std::string file = {};                          // its path from the root
  Url url = {};                                   // of the upload
  std::optional<std::uint64_t> most_append = {};  // bytes of content of a request
  Stage stage = Stage::absent;
  std::uint64_t offset = 0;
  std::uint64_t moved = 0;     // bytes that the last part sent
  bool is_first_look = false;  // the next offset is that of an earlier run
  unsigned restarts = 0;
  unsigned idle_requests = 0;
  ExitReason break_reason = {};  // of the last part, until the server sends a further offset
};

// --- The record ---

UploadRecord record_of(const Resumption& r) {
  return {.url = r.job.where.text(),
          .file = r.file,
          .version = r.up.input.version,
          .terms = terms_of(r.channel.session.settings, r.job.condition),
          .upload = r.url.text()};
}

// The URL of the upload, with the credentials of the file's. Fails where it leads to another
// server: they must not go there.
bool take_url(Resumption& r, std::string_view reference) {
  const Url& where = r.job.where;
  if (resolve(where, reference, r.url) || r.url.origin() != where.origin()) return false;
  r.url.userinfo = where.userinfo;
  r.url.authorization = where.authorization;
  return true;
}

void forget(Resumption& r) {
  r.stage = Stage::absent;
  r.progress = {};
  r.up.found = 0;
  store_upload_record(r.record, {});
}

// --- The requests ---

Request request_about_upload(const Resumption& r, http1::Method method) {
  return {.method = method, .where = &r.url, .is_auxiliary = true};
}

// Notes the offset that the server has sent.
void go_on_at(Resumption& r, std::uint64_t offset) {
  r.stage = Stage::goes_on;
  r.offset = offset;
  if (std::exchange(r.is_first_look, false)) r.up.found = offset;
  const bool is_further = offset > r.progress.confirmed;
  r.idle_requests = is_further ? 0 : r.idle_requests + 1;
  if (is_further) r.break_reason = {};
  r.progress.confirmed = std::max(r.progress.confirmed, offset);
}

void note_limits(Resumption& r) {
  const auto limits = http1::read_upload_limits(r.channel.head);
  if (limits && limits->max_append_size) r.most_append = limits->max_append_size;
}

// Begins anew where the server has no such upload.
ExitCode begin_anew(Resumption& r) {
  const Channel& channel = r.channel;
  forget(r);
  if (++r.restarts > most_restarts) {
    return r.channel.fail(ExitCode::weird_reply,
                          r.job.where.text() + ": the server loses the upload again and again");
  }
  channel.session.report.warn("the server has lost what it had of " + r.job.where.text() +
                              "; beginning anew");
  return ExitCode::ok;
}

// Asks the server of the file whether it takes resumable uploads, once in a run. A server that ends
// the connection instead of responding takes none.
uring::Task<ExitCode> find_limits(Resumption& r, std::optional<http1::UploadLimits>& limits) {
  auto& known = r.channel.session.upload_limits;
  const std::string origin = r.job.where.origin();
  if (const auto found = known.find(origin); found != known.end()) {
    limits = found->second;
    co_return ExitCode::ok;
  }
  Request request = request_about_upload(r, http1::Method::options);
  request.where = &r.job.where;
  const ExitCode asked = co_await exchange(r.channel, request);
  const bool is_answered = asked == ExitCode::ok;
  const bool is_refused = asked == ExitCode::empty_reply || asked == ExitCode::receive_error ||
                          asked == ExitCode::weird_reply;
  if (!is_answered && (!is_refused || r.channel.session.stopping())) co_return asked;
  if (is_answered && r.channel.head.status_class() == 2) {
    limits = http1::read_upload_limits(r.channel.head);
  }
  if (is_answered) co_await skip_body(r.channel);
  known.emplace(origin, limits);
  co_return ExitCode::ok;
}

// Creates the upload. Any refusal leads to a usual PUT, whose response then says why.
uring::Task<ExitCode> create(Resumption& r) {
  Channel& channel = r.channel;
  std::optional<http1::UploadLimits> limits;
  const ExitCode asked = co_await find_limits(r, limits);
  if (asked != ExitCode::ok) co_return asked;
  r.stage = Stage::not_taken;
  if (!limits) co_return ExitCode::ok;
  r.most_append = limits->max_append_size;
  Request request = r.wish;
  request.length = 0;
  request.expects_continue = false;
  request.upload.complete = false;
  request.upload.length = r.size();
  const ExitCode responded = co_await exchange(channel, request);
  if (responded != ExitCode::ok) co_return responded;
  const UploadState state = judge_created(channel.head, r.size());
  const std::string location(channel.head.value_of(http1::FieldName::location));
  const bool is_begun = state.verdict == UploadVerdict::goes_on && take_url(r, location);
  if (is_begun) note_limits(r);
  co_await skip_body(channel);
  if (!is_begun) co_return ExitCode::ok;
  if (!r.record.is_open()) r.record = make_upload_record(r.job.where.text(), r.file);
  const bool is_kept = store_upload_record(r.record, record_of(r));
  r.progress = {.is_resumable = true,
                .is_kept = is_kept,
                .upload = r.url.text(),
                .version = r.up.input.version};
  go_on_at(r, state.offset);
  co_return ExitCode::ok;
}

uring::Task<ExitCode> ask_for_offset(Resumption& r) {
  Channel& channel = r.channel;
  const Request request = request_about_upload(r, http1::Method::head);
  const ExitCode responded = co_await exchange(channel, request);
  if (responded != ExitCode::ok) co_return responded;
  const UploadState state = judge_offset(channel.head, r.size());
  note_limits(r);
  ExitReason reason = refused(channel.head, r.job.where);
  co_await skip_body(channel);
  if (state.verdict == UploadVerdict::is_gone) co_return begin_anew(r);
  if (state.verdict == UploadVerdict::refuses) co_return channel.fail(std::move(reason));
  const bool is_stored = state.verdict == UploadVerdict::is_stored;
  go_on_at(r, is_stored ? r.size() : state.offset);
  // The break is worth a complaint only if it lost what was sent.
  if (!r.break_reason) co_return ExitCode::ok;
  co_return channel.fail(std::exchange(r.break_reason, {}));
}

// Handles the response to a part that ended at `end`.
uring::Task<ExitCode> take_response(Resumption& r, std::uint64_t end) {
  Channel& channel = r.channel;
  const UploadState state = judge_part(channel.head, r.size(), end);
  ExitReason reason = refused(channel.head, r.job.where);
  if (state.verdict == UploadVerdict::is_over) {
    r.stage = Stage::is_over;
    co_return ExitCode::ok;
  }
  if (r.up.complete)
    co_await skip_body(channel);
  else
    disconnect(channel);
  switch (state.verdict) {
    case UploadVerdict::goes_on: go_on_at(r, state.offset); co_return ExitCode::ok;
    case UploadVerdict::is_gone: co_return begin_anew(r);
    case UploadVerdict::is_elsewhere:
      r.stage = Stage::unknown;
      reason.text = r.job.where.text() +
                    ": another request goes on with this upload at present; try again later";
      break;
    default:
      if (!leaves_upload(channel.head.status())) forget(r);
      break;
  }
  co_return channel.fail(std::move(reason));
}

// Sends the file from the offset on, or as much of it as a request may have.
uring::Task<ExitCode> send_part(Resumption& r) {
  Upload& up = r.up;
  std::uint64_t end = r.size();
  if (r.most_append.value_or(0) > 0) end = std::min(end, r.offset + *r.most_append);
  Request request = request_about_upload(r, http1::Method::patch);
  request.body = RequestBody::length;
  request.length = end - r.offset;
  request.upload.offset = r.offset;
  request.upload.complete = end == r.size();
  up.io.renew();
  up.error = {};
  up.complete = false;
  seek_input(up.input, r.offset, end);
  const std::uint64_t begin = r.offset;
  const ExitCode sent = co_await upload(up, request);
  r.moved = up.input.size - begin;
  if (sent != ExitCode::ok) {
    r.stage = Stage::unknown;
    disconnect(r.channel);
    co_return sent;
  }
  const ExitCode taken = co_await take_response(r, end);
  co_return taken;
}

// --- The course ---

// Says whether the failure was a break that is worth the question how much has arrived. --retry
// allows to go on after any other.
bool is_break(const Resumption& r, ExitCode code) {
  const Session& session = r.channel.session;
  if (r.stage != Stage::unknown || session.stopping() || r.moved == 0) return false;
  const bool is_elsewhere = code == ExitCode::http_error && r.channel.head.status() == 409;
  return !r.channel.speed.has_failed() &&
         (is_elsewhere || (code != ExitCode::http_error && is_transient({.code = code})));
}

// Prepares the question after a break.
uring::Task<ExitCode> survive(Resumption& r) {
  Channel& channel = r.channel;
  std::random_device device;
  const bool is_brisk = r.moved >= brisk_bytes;
  const std::int64_t pause_ms =
      is_brisk ? 0 : pause_before(1, channel.session.settings, {}, device());
  r.break_reason = channel.error;
  announce_next(channel, "going on there", pause_ms);
  r.moved = 0;
  const ExitCode waited = co_await pause(channel, pause_ms);
  co_return waited;
}

// Ends an upload that is not gone on with, as far as the server is there. Leaves channel.error as
// it is.
uring::Task<> abandon(Resumption& r) {
  const ExitReason before = r.channel.error;
  const Request request = request_about_upload(r, http1::Method::delete_);
  const ExitCode deleted = co_await exchange(r.channel, request);
  if (deleted == ExitCode::ok) co_await skip_body(r.channel);
  r.channel.error = before;
  forget(r);
}

uring::Task<ExitCode> take_step(Resumption& r) {
  ExitCode code = ExitCode::ok;
  r.moved = 0;
  if (r.stage == Stage::absent) {
    const ExitCode created = co_await create(r);
    code = created;
  } else if (r.stage == Stage::unknown) {
    const ExitCode asked = co_await ask_for_offset(r);
    code = asked;
  } else if (has_changed(r.up.input)) {  // the server would get a mix of two versions
    code = r.channel.fail(ExitCode::read_error,
                          r.up.input.name + " changed while it was sent; send it again");
  } else {
    const ExitCode sent = co_await send_part(r);
    code = sent;
  }
  if (code == ExitCode::read_error) co_await abandon(r);
  co_return code;
}

uring::Task<ExitCode> run(Resumption& r) {
  while (r.stage != Stage::is_over && r.stage != Stage::not_taken) {
    const ExitCode code = co_await take_step(r);
    if (r.idle_requests > most_idle_requests) {
      co_return r.channel.fail(ExitCode::weird_reply,
                               r.job.where.text() + ": the server's offset does not grow");
    }
    if (code == ExitCode::ok) continue;
    if (!is_break(r, code)) co_return code;
    const ExitCode survived = co_await survive(r);
    if (survived != ExitCode::ok) co_return survived;
  }
  co_return ExitCode::ok;
}

// Finds the upload of an earlier run, or of an earlier try. One of another version of the file, or
// under other terms, is given up.
uring::Task<> find_upload(Resumption& r) {
  const std::string url = r.job.where.text();
  r.file = real_path_of(r.job.file);
  r.record = find_upload_record(url, r.file);
  std::optional<UploadRecord> record = load_upload_record(r.record, url, r.file);
  if (!record && r.progress.is_resumable) {
    record = record_of(r);
    record->version = r.progress.version;
    record->upload = r.progress.upload;
  }
  if (!record || !take_url(r, record->upload)) co_return;
  r.is_first_look = !r.progress.is_resumable;
  r.stage = Stage::unknown;
  r.progress.is_resumable = true;
  r.progress.is_kept = r.record.is_open();
  r.progress.upload = record->upload;
  r.progress.version = r.up.input.version;
  const bool fits = record->version == r.up.input.version &&
                    record->terms == terms_of(r.channel.session.settings, r.job.condition);
  if (!fits) co_await abandon(r);
}

}  // namespace

bool may_resume(const InputFile& input, const Settings& settings) {
  const bool is_large =
      input.is_regular && !input.is_stream && input.length >= least_resumable_bytes;
  return is_large && std::none_of(own_ways.begin(), own_ways.end(), [&](std::string_view name) {
           return user_decides(settings, name);
         });
}

uring::Task<ExitCode> put_resumably(Upload& up, const Job& job, const Request& wish,
                                    PutProgress& progress, bool& is_taken) {
  Resumption r(up, job, wish, progress);
  co_await find_upload(r);
  const ExitCode code = co_await run(r);
  is_taken = r.stage != Stage::not_taken;
  if (!progress.is_kept || r.stage == Stage::is_over) remove_upload_record(r.record);
  if (r.stage == Stage::is_over) progress = {};
  if (!is_taken) seek_input(up.input, 0, up.input.length);
  co_return code;
}

}  // namespace client
