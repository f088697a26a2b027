// The course of an upload: check the target, create the temporary file, receive, publish. Read
// put() first. Covered by tests/server/write/put_test.cc, partial_put_test.cc and
// tests/end_to_end/put_test.cc.
#include "apps/server/write/put.h"

#include <algorithm>
#include <fcntl.h>
#include <optional>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/body_reader.h"
#include "apps/server/connection/input.h"
#include "apps/server/connection/receive.h"
#include "apps/server/connection/send.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/files/file_system.h"
#include "apps/server/write/copy_part.h"
#include "apps/server/write/publish.h"
#include "apps/server/write/space.h"
#include "apps/server/write/temporary.h"

namespace server {

using uring::Fault;

namespace {

// The longest body that is received before its file is created: the size of most_kept provided
// buffers.
constexpr std::uint64_t most_short_bytes = 65536;

// How often the nearest existing directory is looked for, which a DELETE may remove meanwhile.
constexpr int most_attempts = 4;

// --- Responses ---

// Plans the response to a fault of a write. A directory that is missing, or a file in its place, is
// a conflict (409), not a 404.
void answer_write(Connection& c, Fault fault) {
  const bool conflict = fault == Fault::not_directory || fault == Fault::not_found;
  const int status = conflict ? 409 : fault == Fault::bad_name ? 400 : status_of(fault);
  answer(c, status, explanation_of(fault));
}

// Plans the response to a body that is refused before it was received as a whole: the connection
// ends after it.
void refuse_body(Connection& c, int status, std::string_view explanation) {
  answer(c, status, explanation);
  close_after_answer(c);
}

void refuse_body(Connection& c, Fault fault) {
  answer_write(c, fault);
  close_after_answer(c);
}

// Plans the response to a body that is malformed or incomplete.
void answer_broken(Connection& c, const Received& received) {
  if (!received.broken) {
    answer(c, http1::status_of(received.error), http1::describe(received.error));
  } else if (c.io.timed_out() && !c.io.stopped()) {
    c.io.renew();
    answer(c, 408, "the body did not arrive in time");
  } else {
    c.open = false;  // the client has gone: the response is for the log alone
    answer(c, 400, "the body ended short");
  }
  close_after_answer(c);
}

// The facts of the published file. A file in memory has just the size and the time that this upload
// gave it, so that no system call is needed.
std::optional<FileFacts> published_facts(const uring::Io& io, const Upload& upload) {
  if (!io.does_files_at_once() || !upload.mtime_ns || upload.terms.part) {
    return facts_of(upload.file);
  }
  return FileFacts{.size = upload.position, .mtime_ns = *upload.mtime_ns};
}

// Plans the response to an upload that has its name. RFC 9110 section 9.3.4: no validators where
// the file is not exactly what the client sent.
void answer_stored(Connection& c, const Upload& upload, bool is_created) {
  if (!confirm_directory(c, upload.parent_id)) return;
  Exchange& x = *c.exchange;
  const std::optional<FileFacts> facts = published_facts(c.io, upload);
  x.plan = plan_stored(x.request.head, is_created, facts.value_or(FileFacts{}));
  x.plan.has_facts = facts && !upload.terms.part;
  x.plan.mtime_accepted = upload.terms.mtime_seconds.has_value();
}

// Plans the response to an upload that would replace a file, where the asker may only create files.
// False: the asker may replace it.
bool refuse_replacing(Connection& c) {
  const bool must_create = c.exchange->request.intent.must_create;
  if (must_create) answer(c, 403, "files may be created here, and none may be replaced");
  return must_create;
}

// Plans the response to a published upload, or to one that could not be published.
void answer_published(Connection& c, const Upload& upload, Published published) {
  switch (published.outcome) {
    case Publication::created: answer_stored(c, upload, true); break;
    case Publication::replaced: answer_stored(c, upload, false); break;
    case Publication::condition_failed:
      if (!refuse_replacing(c)) answer(c, 412);
      break;
    case Publication::changed: answer(c, 409, "the file has changed while its part arrived"); break;
    case Publication::unsupported:
      answer(c, 501, "this file system cannot create a file without perhaps replacing one");
      break;
    case Publication::unconfirmed:
      answer(c, 500, "the file is there, but the disk did not confirm it");
      break;
    case Publication::failed: answer_write(c, published.fault); break;
  }
}

// --- Before the body ---

// Says whether the upload is refused before its body is received, and plans that response. The
// conditions come last: they count only for a request that would otherwise succeed (RFC 9110
// section 13.2.1).
bool is_refused(Connection& c, const Upload& upload) {
  const Found& before = upload.before;
  const bool exists = before.fault == Fault::none;
  if (!exists && before.fault != Fault::not_found) {
    answer_write(c, before.fault);
    return true;
  }
  if (exists && before.is_directory) {
    answer_write(c, Fault::is_directory);
    return true;
  }
  if (exists && refuse_replacing(c)) return true;
  const std::string_view clash = clash_with(upload.terms, exists ? before.facts.size : 0);
  if (!clash.empty()) {
    answer(c, 409, clash);
    return true;
  }
  if (conditions_hold(c.exchange->request.head, before, c.worker.now())) return false;
  answer(c, 412);
  return true;
}

// The size that the file will have, as far as the head tells; 0 if it does not.
std::uint64_t announced_size(const Connection& c, const Upload& upload) {
  if (!upload.terms.part) return c.exchange->request.head.body().length;
  return std::max(upload.terms.part->last + 1, upload.before.facts.size);
}

// Opens the directory of the upload and creates the temporary file in it. A DELETE may remove the
// directory in between; the next one above is then the nearest that exists.
uring::Task<Fault> begin(Connection& c, Upload& upload) {
  Fault fault = Fault::not_found;
  const std::uint64_t reserve = c.exchange->site->reserve;
  for (int i = 0; i < most_attempts && fault == Fault::not_found; ++i) {
    release_directory(c, upload.target);
    if (i > 0 || !reuse_directory(c, upload.target)) {
      const Fault opened = co_await open_directory(c, upload.target);
      if (opened != Fault::none) co_return opened;
    }
    // A short body is written at once, which finds out as early whether there is space.
    if (!upload.is_short || reserve > 0) {
      const std::uint64_t size = announced_size(c, upload);
      const bool has_space = co_await finds_space(c, upload.target.directory, size);
      if (!has_space) co_return Fault::no_space;
    }
    const Fault nameless = co_await create_nameless(c, upload);
    fault = nameless;
    if (fault == Fault::unsupported || fault == Fault::is_directory) {
      const Fault named = co_await create_named(c, upload);
      fault = named;
    }
  }
  co_return fault;
}

// Copies the bytes of the existing file that a partial PUT keeps. False: an error response is
// planned.
uring::Task<bool> copy_rest(Connection& c, Upload& upload) {
  if (!upload.terms.part) co_return true;
  const std::uint64_t first = upload.terms.part->first;
  const std::uint64_t behind = upload.terms.part->last + 1;
  upload.position = first;
  if (upload.before.fault != Fault::none) co_return true;
  const std::span<char> block = c.exchange->out.block;
  const char* path = c.exchange->request.intent.path.data();
  const Found base =
      co_await open_beneath(c.io, c.worker.files, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  Fault fault = base.fault;
  if (fault == Fault::none) {
    const Fault front = co_await copy_bytes(c.io, block, base.fd, upload.file, 0, first);
    fault = front;
    if (fault == Fault::none) {
      const std::uint64_t size = upload.before.facts.size;
      const Fault back = co_await copy_bytes(c.io, block, base.fd, upload.file, behind, size);
      fault = back;
    }
    c.io.engine().close(base.fd);
  }
  if (fault != Fault::none) refuse_body(c, fault);
  co_return fault == Fault::none;
}

// Sends all gathered responses, so that the block is free for the body. False: the connection is
// broken; a response is planned for the log.
uring::Task<bool> clear_block(Connection& c) {
  const bool sent = co_await flush(c);
  if (!sent) answer(c, 400, "the body ended short");
  co_return sent;
}

// Sends 100 (Continue) where the client waits for it and has sent nothing of the body. False: the
// connection is broken. RFC 9110 section 10.1.1.
uring::Task<bool> send_continue(Connection& c) {
  Exchange& x = *c.exchange;
  const bool has_body = x.request.head.body().kind != http1::BodyKind::none;
  if (!has_body || !x.request.head.expects_continue() || !x.in.unused().empty()) co_return true;
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  x.out.gathered = go_on.copy(x.out.block.data(), go_on.size());
  x.out.queued += x.out.gathered;
  const bool sent = co_await flush(c);
  co_return sent;
}

// --- The body ---

// A body on its way from the socket into the file.
struct Receiving {
  BodyReader reader;
  std::size_t filled = 0;     // bytes of body in the block
  bool done = false;          // the body is complete
  std::uint64_t checked = 0;  // the announced size for which there was space
};

Receiving begin_receiving(Connection& c) {
  Exchange& x = *c.exchange;
  x.request.body_began_ms = c.io.loop().now();
  const http1::Body body = x.request.head.body();
  return {.reader = BodyReader(body, x.site->limits), .done = body.kind == http1::BodyKind::none};
}

// Says whether the bytes announced so far exceed a limit, and plans that response.
bool refuse_excess(Connection& c, const Upload& upload, const BodyReader& reader) {
  const std::uint64_t most = c.exchange->site->max_body;
  if (most > 0 && reader.announced() > most) {
    refuse_body(c, 413, "the body is larger than --max-body allows");
    return true;
  }
  if (reader.announced() > upload.terms.body_size.value_or(http1::max_length)) {
    refuse_body(c, 400, "the body is longer than Content-Range says");
    return true;
  }
  return false;
}

// The bytes of an announced chunk for which there has to be space; 0 if that was checked already. A
// chunk that fits into the block is written soon; the write then finds out.
std::uint64_t unchecked_bytes(const Connection& c, Receiving& body) {
  const std::uint64_t announced = body.reader.announced();
  const bool is_known = announced == body.checked;  // begin() has checked a Content-Length
  const bool is_chunked = c.exchange->request.head.body().kind == http1::BodyKind::chunked;
  if (is_known || !is_chunked) return 0;
  body.checked = announced;
  const std::uint64_t unwritten = announced - body.reader.delivered() + body.filled;
  return unwritten > c.exchange->out.block.size() ? unwritten : 0;
}

// Receives until the block is full or the body is complete. False: an error response is planned.
uring::Task<bool> fill_block(Connection& c, const Upload& upload, Receiving& body) {
  while (!body.done && body.filled < c.exchange->out.block.size()) {
    const Received received = co_await receive_some(c, body.reader, body.filled);
    if (received.progress == http1::Progress::failed) {
      answer_broken(c, received);
      co_return false;
    }
    if (refuse_excess(c, upload, body.reader)) co_return false;
    body.filled += received.data;
    body.done = received.progress == http1::Progress::done;
    const std::uint64_t unchecked = unchecked_bytes(c, body);
    if (unchecked == 0) continue;
    const bool has_space = co_await finds_space(c, upload.target.directory, unchecked);
    if (!has_space) {
      refuse_body(c, Fault::no_space);
      co_return false;
    }
  }
  const std::uint64_t delivered = body.reader.delivered();
  if (body.done && delivered != upload.terms.body_size.value_or(delivered)) {
    answer(c, 400, "the body is shorter than Content-Range says");
    co_return false;
  }
  co_return true;
}

// Writes the block's first `filled` bytes. False: an error response is planned.
uring::Task<bool> write_block(Connection& c, Upload& upload, std::size_t filled) {
  const std::string_view bytes(c.exchange->out.block.data(), filled);
  const Fault fault = co_await write_bytes(c, upload, bytes);
  if (fault != Fault::none) refuse_body(c, fault);
  co_return fault == Fault::none;
}

// Receives the body into the file. False: an error response is planned.
uring::Task<bool> receive(Connection& c, Upload& upload) {
  Receiving body = begin_receiving(c);
  do {
    body.filled = 0;
    const bool filled = co_await fill_block(c, upload, body);
    if (!filled) co_return false;
    const bool written = co_await write_block(c, upload, body.filled);
    if (!written) co_return false;
  } while (!body.done);
  co_return true;
}

// --- Bodies of any size ---

// Receives the body into the temporary file, publishes it, and plans the response.
uring::Task<> receive_and_publish(Connection& c, Upload& upload) {
  c.exchange->request.body_taken = true;
  const bool cleared = co_await clear_block(c);
  if (!cleared) co_return;
  const bool copied = co_await copy_rest(c, upload);
  if (!copied) co_return;
  const bool invited = co_await send_continue(c);
  if (!invited) co_return answer(c, 400, "the body ended short");
  own_request(c.exchange->in, c.exchange->request, c.io.engine(), c.exchange->site->limits);
  const bool received = co_await receive(c, upload);
  if (!received) co_return;
  const Published published = co_await publish(c, upload);
  answer_published(c, upload, published);
}

uring::Task<> store_long(Connection& c, Upload& upload) {
  const Found before = co_await stat_target(c, handle_flags);
  upload.before = before;
  if (is_refused(c, upload)) co_return;
  const Fault fault = co_await begin(c, upload);
  if (fault == Fault::none)
    co_await receive_and_publish(c, upload);
  else
    answer_write(c, fault);
}

// --- Short bodies in memory ---

// Says whether the upload takes the short way: the root is in memory, so that no file operation
// waits for a disk, and the body fits into the block. The body is then received first, and all
// operations on files follow without waiting; without conditions, the path is not even looked up
// before publish(). A client that expects 100 (Continue) is answered before it sends its body, and
// so takes the long way.
bool is_short(const Connection& c, const Upload& upload) {
  const Exchange& x = *c.exchange;
  const http1::Body body = x.request.head.body();
  const std::uint64_t allowed = x.site->max_body;
  return c.worker.memory_device && !upload.terms.part && body.kind != http1::BodyKind::chunked &&
         body.length <= std::min<std::uint64_t>(x.out.block.size(), most_short_bytes) &&
         (allowed == 0 || body.length <= allowed) &&
         x.request.head.expectation() == http1::Expectation::none;
}

// Receives a short body. The result is a view of the received bytes behind the head, where all of
// the body has arrived with the head, else of the block. It has the length of the body, unless an
// error response is planned.
uring::Task<std::string_view> receive_short_body(Connection& c, const Upload& upload) {
  Exchange& x = *c.exchange;
  const auto length = static_cast<std::size_t>(x.request.head.body().length);
  if (x.in.unused().size() >= length) {
    const std::string_view bytes = x.in.unused().substr(0, length);
    x.in.begin += length;
    if (c.worker.counters) c.worker.counters->request_bytes.add(length);
    co_return bytes;
  }
  const bool cleared = co_await clear_block(c);
  if (!cleared) co_return {};
  own_request(x.in, x.request, c.io.engine(), x.site->limits);
  Receiving body = begin_receiving(c);
  const bool received = co_await fill_block(c, upload, body);
  if (!received) co_return {};
  co_return std::string_view(x.out.block.data(), body.filled);
}

// Stores a body that was received.
uring::Task<> store_bytes(Connection& c, Upload& upload, std::string_view bytes) {
  upload.before.fault = Fault::not_found;  // publish() finds out whether a file exists
  if (!conditions_hold(c.exchange->request.head, upload.before, c.worker.now())) {
    const Found before = co_await stat_target(c, handle_flags);
    upload.before = before;
    if (is_refused(c, upload)) co_return;
  }
  const Fault begun = co_await begin(c, upload);
  if (begun != Fault::none) co_return answer_write(c, begun);
  const Fault written = co_await write_bytes(c, upload, bytes);
  if (written != Fault::none) co_return answer_write(c, written);
  const Published published = co_await publish(c, upload);
  answer_published(c, upload, published);
}

uring::Task<> store_short(Connection& c, Upload& upload) {
  c.exchange->request.body_taken = true;
  const std::string_view bytes = co_await receive_short_body(c, upload);
  if (bytes.size() == c.exchange->request.head.body().length)
    co_await store_bytes(c, upload, bytes);
}

// Counts an upload whose response is planned.
void count_upload(WorkerCounters& counters, const Connection& c) {
  const int status = c.exchange->plan.status;
  const bool is_gone = !c.open || status == 408;
  const UploadResult result = status < 300    ? UploadResult::stored
                              : is_gone       ? UploadResult::aborted
                              : status >= 500 ? UploadResult::failed
                                              : UploadResult::refused;
  counters.uploads[static_cast<std::size_t>(result)].add();
  counters.uploads_in_flight.set(counters.uploads_in_flight.read() - 1);
}

}  // namespace

uring::Task<> put(Connection& c) {
  Upload upload;
  WorkerCounters* const counters = c.worker.counters;
  if (counters) counters->uploads_in_flight.add();
  upload.terms = read_terms(c.exchange->request.head);
  begin_file_operations(c);
  upload.is_short = is_short(c, upload);
  if (upload.is_short)
    co_await store_short(c, upload);
  else
    co_await store_long(c, upload);
  if (upload.has_name) co_await remove_temporary(c.io, upload);
  close_upload(c, upload);
  c.io.do_files_at_once(false);
  if (counters) count_upload(*counters, c);
}

}  // namespace server
