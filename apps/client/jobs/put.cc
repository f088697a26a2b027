// PUT of a file or of a stream.
//
// put() reads in the order of an upload: input, head, permission (100 Continue), body, response. A
// large file goes to a server that takes resumable uploads as one of these (resumable_put.h).
// Covered by tests/client/jobs/put_test.cc.
#include <memory>
#include <string>
#include <utility>

#include "apps/client/command/retry.h"
#include "apps/client/jobs/jobs.h"
#include "apps/client/jobs/make_directories.h"
#include "apps/client/jobs/resumable_put.h"
#include "apps/client/jobs/upload.h"
#include "apps/client/jobs/verify.h"
#include "apps/client/net/exchange.h"

namespace client {

namespace {

// A smaller body is sent sooner than the server could refuse it.
constexpr std::uint64_t expect_above_bytes = 1024 * 1024;

ExitCode conclude(Upload& up, const Url& where) {
  Channel& channel = up.channel;
  ExitReason astray =
      unrequested(channel.head, http1::Method::put, channel.session.settings, where);
  if (astray) return channel.fail(std::move(astray));
  if (channel.head.status_class() != 2) return channel.fail(refused(channel.head, where));
  if (!up.complete) {
    return channel.fail(ExitCode::weird_reply,
                        where.text() + ": the server responded " + status_text(channel.head) +
                            " before it had the whole body; check the file there");
  }
  bool is_confirmed = false;
  const ExitCode stored = check_stored(up, where, is_confirmed);
  if (stored != ExitCode::ok) return stored;
  channel.session.report.count_saved(up.input.size);
  std::string bytes = std::to_string(up.input.size) + " bytes";
  if (up.found > 0) bytes += ", " + std::to_string(up.found) + " of them before";
  if (is_confirmed) bytes += ", SHA-256 verified";
  channel.session.report.confirm("stored " + up.input.name + " (" + bytes + ")" + up.pace + " at " +
                                 where.text() + ": " + status_text(channel.head));
  return ExitCode::ok;
}

// Makes the directories that the server, which refused the upload, may lack. Fails with the reason
// of the refusal.
uring::Task<ExitCode> provide_directories(Upload& up, const Url& where) {
  Channel& channel = up.channel;
  ExitReason reason = refused(channel.head, where);
  const std::string response = where.text() + ": the server responded " + status_text(channel.head);
  const bool conflict = channel.head.status() == 409;
  restart(up);
  const ExitCode made = co_await make_directories(channel, where);
  if (made == ExitCode::ok || channel.session.stopping()) co_return made;
  // A server of files that fails with 500 may have any reason, and not know MKCOL.
  if (made == ExitCode::http_error && conflict && !channel.error.text.empty()) {
    reason.text = response + "; " + channel.error.text;
  }
  co_return channel.fail(std::move(reason));
}

// A small file is sent again where the server has closed the kept connection. A large one begins
// with a new connection, so that a break means that the server has refused its bytes.
bool is_small(const InputFile& input) {
  return input.is_regular && !input.is_stream && input.length <= most_joined_bytes;
}

// Uploads; a kept connection that the server has closed is replaced. Where a response names a cause
// that a second request can remove, that is sent, once for each cause. A stream cannot be sent
// twice.
uring::Task<ExitCode> upload_with_remedies(Upload& up, Request& request) {
  const Channel& channel = up.channel;
  bool lacks_directory = up.input.is_regular;
  while (true) {
    const ExitCode responded = co_await upload(up, request);
    if (is_stale(channel, responded) && is_small(up.input) && !channel.session.stopping()) {
      restart(up);
      continue;
    }
    if (responded != ExitCode::ok) co_return responded;
    const int status = channel.head.status();
    if (request.expects_continue && status == 417) {
      // RFC 9110 10.1.1: without the expectation, which the server does not support.
      request.expects_continue = false;
      restart(up);
    } else if (lacks_directory && may_lack_directory(status)) {
      lacks_directory = false;
      const ExitCode made = co_await provide_directories(up, *request.where);
      if (made != ExitCode::ok) co_return made;
      disconnect(up.channel);  // the server may close it while the file is sent
    } else {
      co_return ExitCode::ok;
    }
  }
}

// As a resumable upload, where the file and the server allow it, and else as a usual PUT.
uring::Task<ExitCode> send(Upload& up, const Job& job, Request& request, PutProgress& progress) {
  if (may_resume(up.input, up.channel.session.settings)) {
    bool is_taken = false;
    const ExitCode code = co_await put_resumably(up, job, request, progress, is_taken);
    if (is_taken || code != ExitCode::ok) co_return code;
  }
  const ExitCode code = co_await upload_with_remedies(up, request);
  co_return code;
}

// Opens the file, and with --verify computes its digest.
uring::Task<ExitCode> open(Upload& up, const Job& job) {
  Channel& channel = up.channel;
  const ExitCode opened = co_await open_input(channel.io, up.input, job.file);
  if (opened != ExitCode::ok) co_return channel.fail(up.input.error);
  if (!channel.session.settings.verifies) co_return ExitCode::ok;
  const ExitCode digested = co_await digest_input(up);
  co_return digested;
}

}  // namespace

uring::Task<ExitCode> put(Channel& channel, const Job& job, PutProgress& progress) {
  std::unique_ptr<Upload> up = std::make_unique<Upload>(channel);
  const InputFile& input = up->input;
  const ExitCode opened = co_await open(*up, job);
  if (opened != ExitCode::ok) {
    end_upload(std::move(up));
    co_return opened;
  }
  const Failure lost{.code = ExitCode::receive_error};
  const bool is_repeated =
      is_small(input) && is_repeatable(job, false, channel.session.settings, lost);
  const bool was_used = channel.responded;
  if (!is_repeated && was_used) disconnect(channel);
  Request request{.method = http1::Method::put,
                  .where = &job.where,
                  .body = input.is_stream ? RequestBody::chunked : RequestBody::length,
                  .length = input.length,
                  .condition = &job.condition,
                  .wants_digest = !up->digest.empty(),
                  .digest = up->digest,
                  .expects_continue = input.length > expect_above_bytes};
  if (channel.session.settings.keeps_times && input.is_regular) request.modified = input.modified;
  if (user_decides(channel.session.settings, "Expect")) request.expects_continue = false;
  const ExitCode responded = co_await send(*up, job, request, progress);
  ExitCode code = responded == ExitCode::ok ? conclude(*up, job.where) : responded;
  if (responded == ExitCode::ok && !up->digest.empty() && channel.head.status() == 400) {
    const ExitCode explained = co_await explain_refusal(channel, job.where);
    code = explained;
  }
  const bool is_kept = code == ExitCode::ok && up->complete;
  end_upload(std::move(up));
  if (is_kept)
    co_await skip_body(channel);
  else
    disconnect(channel);
  co_return code;
}

}  // namespace client
