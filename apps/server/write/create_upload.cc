// Check, create both files, announce, receive. Read create_upload() first, at the end. Covered by
// tests/server/write/create_upload_test.cc and tests/end_to_end/resumable_test.cc.
#include "apps/server/write/create_upload.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <memory>
#include <new>
#include <sys/file.h>
#include <sys/random.h>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/send.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/files/expire_uploads.h"
#include "apps/server/write/answer_upload.h"
#include "apps/server/write/finish_upload.h"
#include "apps/server/write/parents.h"
#include "apps/server/write/put.h"
#include "apps/server/write/receive_upload.h"
#include "apps/server/write/space.h"
#include "apps/server/write/verify.h"

namespace server {

using uring::Fault;

namespace {

// A whole file that is shorter is stored as by every PUT: sending it again costs little, and an
// upload costs two files.
constexpr std::uint64_t least_resumable_bytes = 65536;

bool draw_id(UploadId& id) {
  std::array<std::uint64_t, 2> bits{};
  if (::getrandom(bits.data(), sizeof bits, 0) != sizeof bits) return false;
  id = upload_id(bits[0], bits[1]);
  return true;
}

// --- A whole file ---

// Plans the response to a body that is larger than uploads may be, with the limits.
void refuse_large(Connection& c) {
  answer(c, 413, "the file would be larger than --max-body allows");
  add_upload_lines(c, new_upload_limits(*c.exchange->site));
}

// Stores a whole file without an upload resource, and says that it is complete.
uring::Task<> put_whole(Connection& c, const UploadFields& fields) {
  Exchange& x = *c.exchange;
  const http1::Body body = x.request.head.body();
  const std::uint64_t most = x.site->max_body;
  if (most > 0 && std::max(body.length, fields.length.value_or(0)) > most)
    co_return refuse_large(c);
  if (!announced_length(fields, body, 0).is_consistent) {
    answer_problem(c, 400, inconsistent_length_problem);
    co_return;
  }
  const std::uint64_t length = fields.length.value_or(http1::max_length);
  co_await put(c, length);
  if (x.plan.status >= 300) co_return;
  add_upload_lines(c, {.complete = true, .offset = x.plan.facts.size});
}

// --- Creating the two files ---

// Makes the directories above the target that are missing, so that the last of them is
// Upload::target.
uring::Task<Fault> open_parents(Connection& c, Upload& upload, StoredUpload& stored) {
  const Fault opened = co_await open_directory(c, upload.target);
  const std::string_view path = c.exchange->request.intent.path;
  if (opened != Fault::none || has_parent(c.exchange->request.intent, upload.target)) {
    co_return opened;
  }
  const Fault made = co_await open_parent(c, upload, false);
  if (made != Fault::none) {
    co_await remove_parents(c, upload);
    co_return made;
  }
  if (upload.made_from > 0) {
    const std::string_view below = path.substr(upload.made_from - 1);
    stored.state.parents = static_cast<std::size_t>(std::count(below.begin(), below.end(), '/'));
  }
  release_directory(c, upload.target);
  upload.target = {.directory = std::exchange(upload.parent, -1),
                   .existing_bytes = path.rfind('/') + 1};
  co_return identify(upload.target.directory, upload.target.id);
}

// Creates the file of bytes, locked.
uring::Task<Fault> create_part(Connection& c, Upload& upload, const StoredUpload& stored) {
  upload.name = name_of_upload(stored.id, UploadName::part);
  const uring::OpenHow how = beneath(O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0666);
  const char* name = upload.name.data();
  const int directory = upload.target.directory;
  const uring::Result made = co_await c.io.open(directory, name, how);
  if (!made.ok()) co_return made.fault();
  upload.file = made.value;
  ::flock(upload.file, LOCK_EX | LOCK_NB);  // no other process knows the name
  co_return Fault::none;
}

// Syncs the names of both files, where the upload survives a power cut.
uring::Task<Fault> sync_names(Connection& c, int directory, const StoredUpload& stored) {
  if (!stored.state.boot.empty()) co_return Fault::none;
  const uring::OpenHow how = beneath(O_RDONLY | O_DIRECTORY);
  const uring::Result opened = co_await c.io.open(directory, ".", how);
  if (!opened.ok()) co_return opened.fault();
  const uring::Result synced = co_await c.io.sync(opened.value);
  c.io.engine().close(opened.value);
  co_return synced.fault();
}

// Lets the upload expire, also if no request comes again.
Fault register_upload(Connection& c, const Upload& upload, const StoredUpload& stored) {
  Exchange& x = *c.exchange;
  const std::string_view path = x.request.intent.path;
  const std::size_t end = upload.target.existing_bytes;
  try {
    std::string directory(end == 0 ? std::string_view(".") : path.substr(0, end - 1));
    c.worker.shared.uploads->add({.directory = std::move(directory),
                                  .id = stored.id,
                                  .due_ms = file_time_ms() + x.site->upload_expiry_s * 1000});
  } catch (const std::bad_alloc&) {
    return Fault::out_of_memory;
  }
  return Fault::none;
}

uring::Task<Fault> create_files(Connection& c, Upload& upload, StoredUpload& stored) {
  const Fault parents = co_await open_parents(c, upload, stored);
  if (parents != Fault::none) co_return parents;
  const int directory = upload.target.directory;
  const std::uint64_t body = c.exchange->request.head.body().length;
  const bool has_space = co_await finds_space(c, directory, stored.state.length.value_or(body));
  Fault fault = has_space ? register_upload(c, upload, stored) : Fault::no_space;
  if (fault == Fault::none) {
    const Fault part = co_await create_part(c, upload, stored);
    fault = part;
  }
  if (fault == Fault::none) {
    const http1::RequestHead& origin = *upload.conditions;
    const Fault state = co_await write_state(c, upload, stored, origin);
    fault = state;
  }
  if (fault == Fault::none) {
    const Fault synced = co_await sync_names(c, directory, stored);
    fault = synced;
  }
  if (fault != Fault::none) co_await remove_stored(c, upload, stored);
  co_return fault;
}

// --- The first part ---

// Sends 104 (Upload Resumption Supported) with the URL of the upload, to a client that has sent a
// version of the draft, and 100 (Continue) where the client waits for that. False: the connection
// is broken.
uring::Task<bool> announce(Connection& c, const StoredUpload& stored, int version) {
  Exchange& x = *c.exchange;
  if (version > 0) {
    const TemporaryName name = name_of_upload(stored.id, UploadName::url);
    const std::string_view location = sibling_location(c, name.data());
    std::array<char, upload_lines_bytes> lines;
    http1::HeadWriter writer(x.out.space());
    writer.status_line(104, "Upload Resumption Supported");
    writer.field("Upload-Draft-Interop-Version", static_cast<std::uint64_t>(version));
    writer.field("Location", location);
    writer.checked_lines(write_upload_lines(new_upload_limits(*x.site), lines));
    writer.end();
    x.out.gathered += writer.written().size();
    x.out.queued += writer.written().size();
    x.scratch.end_plan();  // of the Location
    const bool sent = co_await flush(c);
    if (!sent) co_return false;
  }
  const bool invited = co_await send_continue(c);
  co_return invited;
}

// Receives the first part, and plans the response.
uring::Task<> receive_first(Connection& c, Upload& upload, StoredUpload& stored, UploadPart& part) {
  Exchange& x = *c.exchange;
  x.request.body_taken = true;
  const bool cleared = co_await clear_block(c);
  if (!cleared) co_return;
  const bool is_announced = co_await announce(c, stored, part.fields.interop_version);
  if (!is_announced) co_return answer(c, 400, "the body ended short");
  co_await receive_part(c, upload, stored, part);
  if (!part.is_stored) co_return add_part_lines(c, upload, stored, part);
  if (*part.fields.complete) {
    co_await end_part(c, upload, stored, part);
    if (x.plan.more_lines.empty()) add_part_lines(c, upload, stored, part);
    co_return;
  }
  const Fault synced = co_await sync_part(c, upload, stored);
  if (synced != Fault::none) co_return answer_write(c, synced);
  x.plan = plan_upload(x.request.head, 201);
  const TemporaryName name = name_of_upload(stored.id, UploadName::url);
  x.plan.location = sibling_location(c, name.data());
  UploadAnswer answer = new_upload_limits(*x.site);
  answer.complete = false;
  answer.offset = upload.position;
  answer.length = stored.state.length;
  add_upload_lines(c, answer);
}

// Says whether the upload is refused before its files are created, and plans that response.
uring::Task<bool> is_refused_early(Connection& c, Upload& upload, StoredUpload& stored,
                                   const UploadPart& part) {
  if (refuse_digests(c)) co_return true;
  if (!take_length(c, stored, part)) {
    if (c.exchange->plan.status == 413) add_upload_lines(c, new_upload_limits(*c.exchange->site));
    co_return true;
  }
  if (!c.worker.shared.uploads->may_begin()) {
    answer(c, 503, "as many uploads have been begun as may be; try again later");
    co_return true;
  }
  const Found before = co_await stat_target(c, handle_flags);
  upload.before = before;
  co_return is_refused(c, upload);
}

// Sets what the state says from the beginning. False: a response is planned.
bool begin_state(Connection& c, Upload& upload, StoredUpload& stored) {
  Exchange& x = *c.exchange;
  upload.conditions = &x.request.head;
  upload.terms = read_terms(*upload.conditions);
  const std::string_view leaf = leaf_of(x.request.intent);
  stored.state.leaf = {stored.leaf.data(), leaf.copy(stored.leaf.data(), stored.leaf.size())};
  if (x.site->durability == Durability::none) stored.state.boot = c.worker.shared.uploads->boot();
  stored.changed = {.tv_sec = file_time_ms() / 1000 + 1, .tv_nsec = 0};
  if (draw_id(stored.id)) return true;
  answer(c, 500, "the system has no random bytes");
  return false;
}

uring::Task<> begin_upload(Connection& c, Upload& upload, StoredUpload& stored, UploadPart& part) {
  if (!begin_state(c, upload, stored)) co_return;
  const bool is_refused_now = co_await is_refused_early(c, upload, stored, part);
  if (is_refused_now) co_return;
  const Fault created = co_await create_files(c, upload, stored);
  if (created == Fault::too_large) co_return answer(c, 431, "the conditions are too long to keep");
  if (created != Fault::none) co_return answer_write(c, created);
  const bool is_used = co_await take_use(c, stored);
  if (is_used) co_await receive_first(c, upload, stored, part);
  // A client that got no answer and no 104 does not know the upload.
  const bool is_known = part.fields.interop_version > 0 || c.exchange->plan.status == 201;
  if (!is_known && !part.is_over) co_await remove_stored(c, upload, stored);
}

}  // namespace

uring::Task<> create_upload(Connection& c) {
  const http1::RequestHead& head = c.exchange->request.head;
  UploadPart part{.fields = read_upload_fields(head)};
  const http1::Body body = head.body();
  const bool is_short =
      body.kind != http1::BodyKind::chunked && body.length < least_resumable_bytes;
  if (part.fields.complete == true && (part.fields.interop_version == 0 || is_short)) {
    co_await put_whole(c, part.fields);
    co_return;
  }
  const std::unique_ptr<StoredUpload> stored = make_stored_upload();
  if (stored) part.watch = UploadWatch::begin(c, *stored);
  if (!part.watch) co_return answer(c, Fault::out_of_memory);
  Upload upload;
  WorkerCounters* const counters = c.worker.counters;
  if (counters) counters->uploads_in_flight.add();
  begin_file_operations(c);
  co_await begin_upload(c, upload, *stored, part);
  close_upload(c, upload);
  c.io.do_files_at_once(false);
  release_use(c, *stored);
  UploadWatch::end(part.watch);
  if (counters) count_upload(*counters, c);
}

}  // namespace server
