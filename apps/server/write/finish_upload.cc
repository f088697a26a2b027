// Receive, verify, publish. Read end_part() first. Covered by
// tests/server/write/resume_test.cc and tests/end_to_end/resumable_test.cc.
#include "apps/server/write/finish_upload.h"

#include <algorithm>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/input.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/files/digests.h"
#include "apps/server/plan/append.h"
#include "apps/server/write/answer_upload.h"
#include "apps/server/write/receive_upload.h"
#include "apps/server/write/temporary.h"
#include "apps/server/write/verify.h"

namespace server {

using http1::FieldName;
using uring::Fault;

namespace {

// The most bytes of a body that is cut off: those that were under way when a later request took the
// upload over. Kernels buffer a few megabytes of a connection.
constexpr std::uint64_t most_cut_off_bytes = 16 * 1024 * 1024;

constexpr std::string_view late_digest_text =
    "the Repr-Digest of an upload in parts belongs in the header section of its first request";

// Cuts off the body: a later request has taken the upload over, and of this one the bytes still
// count that have arrived. The wait for the client was stopped, which is taken back.
void cut_off(Connection& c) {
  c.open = true;
  c.io.renew();
  c.exchange->request.is_cut_off = true;
  c.exchange->request.body_began_ms = c.io.loop().now();  // of the time for these bytes
  c.exchange->scratch.end_plan();  // of the response to the break, which is not sent
}

// Receives the body and writes what comes. False: it has ended early.
uring::Task<bool> receive_all(Connection& c, Upload& upload, UploadPart& part) {
  Receiving body = begin_receiving(c);
  std::uint64_t cut_off_at = http1::max_length;
  do {
    body.filled = 0;
    const bool was_cut_off = c.exchange->request.is_cut_off;
    if (!was_cut_off) part.watch->set_receiving(true);
    bool filled = co_await fill_block(c, upload, body);
    part.watch->set_receiving(false);
    if (!filled && part.watch->is_taken_over() && !was_cut_off) {
      cut_off(c);
      cut_off_at = body.reader.delivered() + most_cut_off_bytes;
      const bool goes_on = co_await fill_block(c, upload, body);
      filled = goes_on;
    }
    if (body.filled > 0) {
      const bool written = co_await write_block(c, upload, body.filled);
      if (!written) co_return false;
    }
    if (!filled || body.reader.delivered() > cut_off_at) co_return false;
  } while (!body.done);
  upload.trailers = std::move(body.trailers);
  co_return true;
}

// Takes the part back: bytes with another digest than the announced one are none of the upload.
void take_back(Upload& upload, const UploadPart& part) {
  // A plain call, which on a local file system frees pages and changes an inode.
  if (::ftruncate(upload.file, static_cast<off_t>(part.begin)) == 0) upload.position = part.begin;
}

// Says whether the request is the one that began the upload.
bool is_first(const Connection& c, const Upload& upload) {
  return upload.conditions == &c.exchange->request.head;
}

// The digests of one field alone.
AnnouncedDigests digests_of(const AnnouncedDigests& all, FieldName field) {
  AnnouncedDigests some;
  for (const AnnouncedDigest& one : all.all()) {
    if (one.field == field) some.values[some.count++] = one;
  }
  return some;
}

// Adds the digests of the trailer section to those of the request. False: a response is planned.
bool read_part_digests(Connection& c, const Upload& upload, const UploadPart& part,
                       AnnouncedDigests& announced) {
  announced = read_digests(c.exchange->request.head);
  const std::size_t in_head = announced.count;
  if (!add_trailer_digests(c, upload.trailers, announced)) return false;
  if (part.fields.complete == true || !is_first(c, upload)) return true;
  // The state has been written, with the digests of the whole file that the header section has.
  const auto later = announced.all().subspan(in_head);
  const bool is_late = std::any_of(later.begin(), later.end(), [](const AnnouncedDigest& one) {
    return one.field == FieldName::repr_digest;
  });
  if (is_late) answer(c, 400, late_digest_text);
  return !is_late;
}

// Compares the digests of Content-Digest, of both sections, with that of the part. False: a
// response is planned.
uring::Task<bool> verify_part(Connection& c, Upload& upload, const UploadPart& part) {
  AnnouncedDigests all;
  if (!read_part_digests(c, upload, part, all)) {
    take_back(upload, part);
    co_return false;
  }
  const AnnouncedDigests announced = digests_of(all, FieldName::content_digest);
  const StoredContent content{.file = upload.file,
                              .content_begin = part.begin,
                              .content_end = upload.position,
                              .size = upload.position};
  const bool is_verified = co_await verify_digests(c, announced, content);
  if (!is_verified) take_back(upload, part);
  co_return is_verified;
}

// Compares the digests that the first request has announced with those of the whole upload. False:
// a response is planned.
uring::Task<bool> verify_all(Connection& c, Upload& upload) {
  AnnouncedDigests all = read_digests(*upload.conditions);
  if (is_first(c, upload) && !add_trailer_digests(c, upload.trailers, all)) co_return false;
  const AnnouncedDigests announced = digests_of(all, FieldName::repr_digest);
  if (announced.count == 0) co_return true;
  const StoredContent content{.file = upload.file,
                              .content_begin = 0,
                              .content_end = upload.position,
                              .size = upload.position};
  const bool is_verified = co_await verify_digests(c, announced, content);
  if (is_verified) upload.digest = sha_256_of_file(announced, content);
  co_return is_verified;
}

// The upload goes on, and its life counts from now on and not from the time that the file is to
// have.
void restore_modification_time(const Upload& upload) { ::futimens(upload.file, nullptr); }

// Publishes the verified upload. Its state says before that it is complete, so that an upload
// without a file of bytes is known to be published even if the server is killed now.
uring::Task<> publish_stored(Connection& c, Upload& upload, StoredUpload& stored,
                             UploadPart& part) {
  const Found before = co_await stat_target(c, handle_flags);
  upload.before = before;
  // Without a look at the target, publish() could not distinguish a new name from a taken one.
  const bool is_known = before.fault == Fault::none || before.fault == Fault::not_found;
  if (!is_known) co_return answer_write(c, before.fault);
  set_modification_time(upload);
  stored.state.length = upload.position;
  stored.state.is_complete = true;
  stored.state.is_created = before.fault == Fault::not_found;
  stored.state.facts = {.size = upload.position, .mtime_ns = upload.mtime_ns.value_or(0)};
  const http1::RequestHead& origin = *upload.conditions;
  const Fault written = co_await write_state(c, upload, stored, origin);
  if (written != Fault::none) {
    restore_modification_time(upload);
    co_return answer_write(c, written);
  }
  upload.has_name = true;
  upload.name = name_of_upload(stored.id, UploadName::part);
  const Published published = co_await publish(c, upload);
  if (published.is_visible()) {
    const bool is_created = published.outcome == Publication::created;
    part.is_over = stored.is_finished = true;
    c.worker.shared.uploads->set_finished(stored.id);
    if (upload.has_name) co_await remove_temporary(c.io, upload);
    answer_published(c, upload, published);
    if (is_created != stored.state.is_created) {
      stored.state.is_created = is_created;
      co_await write_state(c, upload, stored, origin);
    }
    co_return;
  }
  upload.has_name = false;
  answer_published(c, upload, published);
  // A refusal because of the target is final; after a fault the client may try again.
  const bool is_final =
      published.outcome != Publication::failed || published.fault == Fault::is_directory;
  if (!is_final) co_return restore_modification_time(upload);
  part.is_over = true;
  co_await remove_stored(c, upload, stored);
}

// Adds the digest that the first request wants of the whole file.
uring::Task<> add_wanted_digest(Connection& c, const Upload& upload) {
  Exchange& x = *c.exchange;
  const auto algorithm = wanted_digest(*upload.conditions, FieldName::want_repr_digest);
  if (!algorithm || x.plan.status >= 300) co_return;
  Digest digest{.algorithm = *algorithm};
  const Fault fault =
      co_await digest_part(c.io, c.worker.shared.digests, upload.file, 0, upload.position, digest);
  if (fault != Fault::none) co_return;
  std::array<char, most_digest_line_bytes> line;
  const std::span<char> text =
      x.scratch.text_for_plan().subspan(answer_text_bytes, upload_lines_bytes);
  x.plan.more_lines =
      append(text, x.plan.more_lines, write_digest_line(FieldName::repr_digest, digest, line));
}

}  // namespace

bool take_length(Connection& c, StoredUpload& stored, const UploadPart& part) {
  const http1::Body body = c.exchange->request.head.body();
  const AnnouncedLength announced = announced_length(part.fields, body, part.begin);
  const std::optional<std::uint64_t> known = stored.state.length;
  const bool is_chunked = body.kind == http1::BodyKind::chunked;
  const std::uint64_t end = is_chunked ? part.begin : part.begin + body.length;
  const bool differs = known && announced.length && *known != *announced.length;
  if (!announced.is_consistent || differs || end > known.value_or(http1::max_length)) {
    answer_problem(c, 400, inconsistent_length_problem);
    return false;
  }
  if (!known) stored.state.length = announced.length;
  const std::uint64_t most = c.exchange->site->max_body;
  if (most > 0 && std::max(end, stored.state.length.value_or(0)) > most) {
    answer(c, 413, "the file would be larger than --max-body allows");
    return false;
  }
  return true;
}

uring::Task<> receive_part(Connection& c, Upload& upload, StoredUpload& stored, UploadPart& part) {
  Exchange& x = *c.exchange;
  upload.bytes_before = part.begin;
  upload.most_bytes = stored.state.length.value_or(http1::max_length) - part.begin;
  // Memory is reserved for requests with a body (serve.cc).
  if (x.request.head.body().kind != http1::BodyKind::none) {
    own_request(x.in, x.request, c.io.engine(), x.site->limits);
  }
  const bool is_received = co_await receive_all(c, upload, part);
  if (!is_received) {
    if (x.request.is_cut_off && x.plan.status < 500) {
      answer(c, 409, "a later request has taken this upload over");
      close_after_answer(c);
    }
    co_return;
  }
  if (x.request.head.has(FieldName::content_digest) || !upload.trailers.empty()) {
    const bool is_verified = co_await verify_part(c, upload, part);
    if (!is_verified) co_return;
  }
  part.is_stored = true;
}

uring::Task<> end_part(Connection& c, Upload& upload, StoredUpload& stored, UploadPart& part) {
  Exchange& x = *c.exchange;
  if (part.fields.complete != true) {
    const Fault synced = co_await sync_part(c, upload, stored);
    if (synced != Fault::none) co_return answer_write(c, synced);
    x.plan = plan_upload(x.request.head, 204);
    co_return;
  }
  if (stored.state.length && *stored.state.length != upload.position) {
    co_return answer_problem(c, 400, inconsistent_length_problem);
  }
  const bool is_verified = co_await verify_all(c, upload);
  if (!is_verified) {
    // The digest is that of the whole upload, which no further part can mend.
    if (x.plan.status >= 500) co_return;
    part.is_over = true;
    co_await remove_stored(c, upload, stored);
    co_return;
  }
  co_await publish_stored(c, upload, stored, part);
  add_part_lines(c, upload, stored, part);
  if (stored.is_finished) co_await add_wanted_digest(c, upload);
}

void answer_finished(Connection& c, const StoredUpload& stored) {
  Exchange& x = *c.exchange;
  x.plan = plan_stored(x.request.head, stored.state.is_created, stored.state.facts);
  if (stored.state.is_created) x.plan.location = sibling_location(c, stored.state.leaf);
}

void add_part_lines(Connection& c, const Upload& upload, const StoredUpload& stored,
                    const UploadPart& part) {
  Exchange& x = *c.exchange;
  if (stored.is_finished && !x.plan.location.empty()) {
    x.plan.location = sibling_location(c, stored.state.leaf);
  }
  UploadAnswer answer{.complete = part.is_over, .offset = upload.position};
  if (x.plan.status == 413) {
    answer.max_age_s = remaining_s(c, stored);
    answer.max_size = x.site->max_body;
  }
  add_upload_lines(c, answer);
}

}  // namespace server
