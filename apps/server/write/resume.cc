// Take over, open, act. Read resume() first, at the end. Covered by
// tests/server/write/resume_test.cc and tests/end_to_end/resumable_test.cc.
#include "apps/server/write/resume.h"

#include <memory>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/write/answer_upload.h"
#include "apps/server/write/finish_upload.h"
#include "apps/server/write/receive_upload.h"
#include "apps/server/write/space.h"
#include "apps/server/write/verify.h"
#include "parser/fields.h"

namespace server {

using http1::FieldName;
using http1::Method;
using uring::Fault;

namespace {

constexpr std::string_view part_type = "application/partial-upload";

// Says whether the head of a PATCH alone shows that it continues nothing, and plans that response.
bool is_malformed(Connection& c, const UploadFields& fields) {
  Exchange& x = *c.exchange;
  const std::string_view type = x.request.head.value_of(FieldName::content_type);
  const std::string_view essence = http1::trim(type.substr(0, type.find(';')));
  if (!http1::equal_ignoring_case(essence, part_type)) {
    answer(c, 415, "PATCH continues an upload, and has the type application/partial-upload");
    x.plan.more_lines = "Accept-Patch: application/partial-upload\r\n";
    return true;
  }
  if (!fields.offset || !fields.complete) {
    answer(c, 400, "PATCH needs Upload-Offset and Upload-Complete");
    return true;
  }
  return refuse_digests(c);
}

// Plans the response to a PATCH of a finished upload: the answer of the end again where it is the
// request of the end again, whose answer the client may have lost.
void answer_again(Connection& c, const StoredUpload& stored, const UploadPart& part) {
  const http1::Body body = c.exchange->request.head.body();
  const bool is_empty = body.kind == http1::BodyKind::none || body.length == 0;
  const bool is_repeated = part.fields.complete == true && is_empty &&
                           body.kind != http1::BodyKind::chunked &&
                           part.fields.offset == stored.state.facts.size;
  if (is_repeated)
    answer_finished(c, stored);
  else
    answer_problem(c, 400, completed_upload_problem);
  add_upload_lines(c, {.complete = true, .offset = stored.state.facts.size});
}

// Says whether the part does not fit the upload, and plans that response.
uring::Task<bool> is_misplaced(Connection& c, const Upload& upload, StoredUpload& stored,
                               const UploadPart& part) {
  Exchange& x = *c.exchange;
  if (*part.fields.offset != upload.position) {
    const std::span<char> text = x.scratch.text_for_plan();
    answer_problem(
        c, 409,
        write_offset_problem(upload.position, *part.fields.offset, text.first(answer_text_bytes)));
    co_return true;
  }
  const bool was_known = stored.state.length.has_value();
  if (!take_length(c, stored, part)) co_return true;
  if (!was_known && stored.state.length && part.fields.complete != true) {
    const http1::RequestHead& origin = stored.head;
    const Fault written = co_await write_state(c, upload, stored, origin);
    if (written != Fault::none) {
      answer_write(c, written);
      co_return true;
    }
  }
  const std::uint64_t bytes = x.request.head.body().length;
  const bool has_space = co_await finds_space(c, upload.target.directory, bytes);
  if (!has_space) answer_write(c, Fault::no_space);
  co_return !has_space;
}

uring::Task<> append_part(Connection& c, Upload& upload, StoredUpload& stored, UploadPart& part) {
  Exchange& x = *c.exchange;
  if (stored.is_finished) co_return answer_again(c, stored, part);
  part.begin = upload.position;
  const bool is_refused_now = co_await is_misplaced(c, upload, stored, part);
  if (is_refused_now) co_return add_part_lines(c, upload, stored, part);
  x.request.body_taken = true;
  const bool cleared = co_await clear_block(c);
  if (!cleared) co_return;
  const bool invited = co_await send_continue(c);
  if (!invited) co_return answer(c, 400, "the body ended short");
  co_await receive_part(c, upload, stored, part);
  if (part.is_stored) co_await end_part(c, upload, stored, part);
  if (x.plan.more_lines.empty()) add_part_lines(c, upload, stored, part);
}

uring::Task<> patch(Connection& c, Upload& upload, StoredUpload& stored) {
  UploadPart part{.fields = read_upload_fields(c.exchange->request.head)};
  if (is_malformed(c, part.fields)) {
    if (part.fields.complete == false && c.exchange->plan.more_lines.empty()) {
      add_upload_lines(c, {.complete = false});
    }
    co_return;
  }
  part.watch = UploadWatch::begin(c, stored);
  if (!part.watch) co_return answer(c, Fault::out_of_memory);
  const bool is_used = co_await take_use(c, stored);
  bool is_open = false;
  if (is_used) {
    const bool opened = co_await open_stored(c, upload, stored);
    is_open = opened;
  }
  if (is_open) co_await append_part(c, upload, stored, part);
  close_upload(c, upload);
  release_use(c, stored);
  UploadWatch::end(part.watch);
}

// HEAD and GET: the offset at which the upload goes on.
uring::Task<> show(Connection& c, Upload& upload, StoredUpload& stored) {
  const Fault synced = co_await sync_part(c, upload, stored);
  if (synced != Fault::none) co_return answer_write(c, synced);
  Exchange& x = *c.exchange;
  x.plan = plan_upload(x.request.head, 204);
  add_upload_lines(c, {.complete = stored.is_finished,
                       .offset = upload.position,
                       .length = stored.state.length,
                       .max_age_s = remaining_s(c, stored),
                       .max_size = x.site->max_body,
                       .is_current = true});
}

uring::Task<> remove(Connection& c, Upload& upload, StoredUpload& stored) {
  const Fault removed = co_await remove_stored(c, upload, stored);
  if (removed != Fault::none) co_return answer_write(c, removed);
  c.exchange->plan = plan_deleted(c.exchange->request.head);
}

uring::Task<> show_or_remove(Connection& c, Upload& upload, StoredUpload& stored) {
  const bool is_used = co_await take_use(c, stored);
  if (is_used) {
    const bool is_open = co_await open_stored(c, upload, stored);
    const bool removes = c.exchange->request.head.method() == Method::delete_;
    if (is_open && removes)
      co_await remove(c, upload, stored);
    else if (is_open)
      co_await show(c, upload, stored);
  }
  close_upload(c, upload);
  release_use(c, stored);
}

// The frames of the coroutines may be more than the exchange has memory for. False: memory is
// exhausted.
bool reserve_frames(Connection& c) {
  constexpr std::size_t most_frame_bytes = 32 * 1024;
  try {
    c.io.loop().frames().reserve(most_frame_bytes);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace

uring::Task<> resume(Connection& c) {
  const std::unique_ptr<StoredUpload> stored = make_stored_upload();
  if (!stored || !reserve_frames(c)) co_return answer(c, Fault::out_of_memory);
  const std::string_view leaf = leaf_of(c.exchange->request.intent);
  if (!is_upload_name(leaf, UploadName::url, stored->id)) co_return answer(c, 404);
  Upload upload;
  WorkerCounters* const counters = c.worker.counters;
  const bool is_patch = c.exchange->request.head.method() == Method::patch;
  if (counters && is_patch) counters->uploads_in_flight.add();
  begin_file_operations(c);
  if (is_patch)
    co_await patch(c, upload, *stored);
  else
    co_await show_or_remove(c, upload, *stored);
  c.io.do_files_at_once(false);
  if (counters && is_patch) count_upload(*counters, c);
}

}  // namespace server
