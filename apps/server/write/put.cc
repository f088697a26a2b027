// The course of an upload: check the target, create the temporary file, receive, publish. Read
// put() first. Covered by tests/server/write/put_test.cc, partial_put_test.cc and
// tests/end_to_end/put_test.cc.
#include "apps/server/write/put.h"

#include <algorithm>
#include <fcntl.h>
#include <optional>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/input.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/files/file_system.h"
#include "apps/server/write/answer_upload.h"
#include "apps/server/write/copy_part.h"
#include "apps/server/write/publish.h"
#include "apps/server/write/receive_upload.h"
#include "apps/server/write/space.h"
#include "apps/server/write/temporary.h"
#include "apps/server/write/verify.h"

namespace server {

using uring::Fault;

namespace {

// The longest body that is received before its file is created: the size of most_kept provided
// buffers.
constexpr std::uint64_t most_short_bytes = 65536;

// How often the nearest existing directory is looked for, which a DELETE may remove meanwhile.
constexpr int most_attempts = 4;

// --- Before the body ---

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

// --- Digests ---

// Compares the digests that the request announces with those of the complete temporary file. False:
// an error response is planned.
uring::Task<bool> verify(Connection& c, Upload& upload) {
  const std::optional<FileFacts> facts = facts_of(upload.file);
  StoredContent stored{.file = upload.file,
                       .content_end = upload.position,
                       .size = facts ? facts->size : upload.position};
  if (upload.terms.part) stored.content_begin = upload.terms.part->first;
  AnnouncedDigests announced = read_digests(c.exchange->request.head);
  if (!add_trailer_digests(c, upload.trailers, announced)) co_return false;
  const bool is_verified = co_await verify_digests(c, announced, stored);
  if (is_verified) upload.digest = sha_256_of_file(announced, stored);
  co_return is_verified;
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
  Exchange& x = *c.exchange;
  // Memory is reserved for requests with a body (serve.cc).
  if (x.request.head.body().kind != http1::BodyKind::none) {
    own_request(x.in, x.request, c.io.engine(), x.site->limits);
  }
  const bool received = co_await receive_upload(c, upload);
  if (!received) co_return;
  if (announces_digests(c.exchange->request.head) || !upload.trailers.empty()) {
    const bool is_verified = co_await verify(c, upload);
    if (!is_verified) co_return;
  }
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
  if (upload.is_read) {
    const bool is_verified = co_await verify(c, upload);
    if (!is_verified) co_return;
  }
  const Published published = co_await publish(c, upload);
  answer_published(c, upload, published);
}

uring::Task<> store_short(Connection& c, Upload& upload) {
  c.exchange->request.body_taken = true;
  const std::string_view bytes = co_await receive_short_body(c, upload);
  if (bytes.size() == c.exchange->request.head.body().length)
    co_await store_bytes(c, upload, bytes);
}

}  // namespace

uring::Task<> put(Connection& c, std::uint64_t length) {
  Upload upload;
  upload.most_bytes = length;
  if (length < http1::max_length) upload.exact_bytes = length;
  WorkerCounters* const counters = c.worker.counters;
  if (counters) counters->uploads_in_flight.add();
  // The trailer section of a body in chunks may have digests, too.
  const bool has_digests = announces_digests(c.exchange->request.head);
  const bool is_chunked = c.exchange->request.head.body().kind == http1::BodyKind::chunked;
  upload.is_read = has_digests || is_chunked;
  upload.conditions = &c.exchange->request.head;
  upload.terms = read_terms(*upload.conditions);
  begin_file_operations(c);
  upload.is_short = is_short(c, upload);
  if (has_digests && refuse_digests(c)) {
    // the response is planned
  } else if (upload.is_short)
    co_await store_short(c, upload);
  else
    co_await store_long(c, upload);
  if (upload.has_name) co_await remove_temporary(c.io, upload);
  close_upload(c, upload);
  c.io.do_files_at_once(false);
  if (counters) count_upload(*counters, c);
}

}  // namespace server
