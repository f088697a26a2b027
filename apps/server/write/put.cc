// The life of an upload: look, begin, receive, publish. Read put() first.
// Covered by tests/server/write/put_test.cc, partial_test.cc and tests/end_to_end/put_test.cc.
#include "apps/server/write/put.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <utility>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/body_reader.h"
#include "apps/server/connection/input.h"
#include "apps/server/connection/receive.h"
#include "apps/server/connection/send.h"
#include "apps/server/files/file_system.h"
#include "apps/server/write/copy_part.h"
#include "apps/server/write/publish.h"

namespace server {

using uring::Fault;

namespace {

// Bodies up to this are received before their file is made: what most_kept provided buffers hold.
constexpr std::uint64_t most_short_bytes = 65536;

// A fault of a write as a status: what is missing or in the way is a conflict, not "not found".
void answer_write(Connection& c, Fault fault) {
  const bool conflict = fault == Fault::not_directory || fault == Fault::not_found;
  answer(c,
         conflict                   ? 409
         : fault == Fault::bad_name ? 400
                                    : status_of(fault),
         uring::describe(fault));
}

// An answer before the whole body was read: it leaves, and the connection ends after it.
void answer_refused(Connection& c, int status, std::string_view explanation) {
  answer(c, status, explanation);
  close_after_answer(c);
}

void refuse_write(Connection& c, Fault fault) {
  answer_write(c, fault);
  close_after_answer(c);
}

// Bytes that the file will have, as far as the request tells; 0 if it does not.
std::uint64_t announced_size(const Connection& c, const Upload& upload) {
  if (!upload.terms.part) return c.exchange->request.head.body().length;
  return std::max(upload.terms.part->last + 1, upload.before.facts.size);
}

// Says whether `bytes` more fit into the file system without touching --reserve. A file system
// that does not say how much is free is found out by writing.
bool has_room(const Connection& c, const Upload& upload, std::uint64_t bytes) {
  const std::int64_t free = c.io.engine().free_bytes(upload.place.directory);
  const std::uint64_t reserve = c.exchange->site->reserve;
  if (free < 0) return true;
  const auto left = static_cast<std::uint64_t>(free);
  return left >= reserve && left - reserve >= bytes;
}

// Locks the temporary, so that a sweep of whichever process knows that somebody writes it. False:
// a sweep has taken it already. Plain calls: neither waits on a local file system.
bool is_ours(int file) {
  if (::flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
  struct stat status {};
  return describe_file(file, status) && status.st_nlink > 0;
}

// Makes the temporary file. A name that is taken is tried again; four in a row never are.
uring::Task<Fault> create_temporary(Connection& c, Upload& upload) {
  const uring::OpenHow how = beneath(O_WRONLY | O_CREAT | O_EXCL, 0666);
  Fault fault = Fault::exists;
  for (int attempt = 0; attempt < 4 && fault == Fault::exists; ++attempt) {
    upload.name = c.worker.new_temporary_name();
    const uring::Result made = co_await c.io.open(upload.place.directory, upload.name.data(), how);
    fault = made.fault();
    if (!made.ok()) continue;
    if (is_ours(made.value)) {
      upload.file = made.value;
      upload.has_name = true;
    } else {
      c.io.engine().close(made.value);
      fault = Fault::exists;
    }
  }
  co_return fault;
}

// Makes a file without a name, if what follows is done at once: nobody can find it before it is
// whole, so that it needs no lock, and nothing is left of it if this process is killed.
uring::Task<Fault> create_nameless(Connection& c, Upload& upload) {
  if (!upload.is_short || !c.worker.links_files || !c.io.does_files_at_once()) {
    co_return Fault::unsupported;
  }
  const uring::OpenHow how = beneath(O_WRONLY | O_TMPFILE, 0666);
  const uring::Result made = co_await c.io.open(upload.place.directory, ".", how);
  if (made.ok()) upload.file = made.value;
  upload.is_nameless = made.ok();
  co_return made.fault();
}

// Where the body goes: the directory and the temporary in it. A DELETE may remove the directory in
// between, so that the next one up is the nearest.
uring::Task<Fault> begin(Connection& c, Upload& upload) {
  Fault fault = Fault::not_found;
  for (int attempt = 0; attempt < 4 && fault == Fault::not_found; ++attempt) {
    leave_directory(c, upload.place);
    if (attempt > 0 || !recall_directory(c, upload.place)) {
      const Fault opened = co_await open_directory(c, upload.place);
      if (opened != Fault::none) co_return opened;
    }
    const bool asks = !upload.is_short || c.exchange->site->reserve > 0;  // writing tells soon, too
    if (asks && !has_room(c, upload, announced_size(c, upload))) co_return Fault::no_space;
    const Fault nameless = co_await create_nameless(c, upload);
    fault = nameless;
    if (fault == Fault::unsupported || fault == Fault::is_directory) {
      const Fault named = co_await create_temporary(c, upload);
      fault = named;
    }
  }
  co_return fault;
}

// Says to go on where the client waits for it, having seen nothing of the body. RFC 9110 10.1.1.
uring::Task<bool> invite_body(Connection& c) {
  Exchange& x = *c.exchange;
  const bool has_body = x.request.head.body().kind != http1::BodyKind::none;
  if (!has_body || !x.request.head.expects_continue() || !x.in.unused().empty()) co_return true;
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  x.out.gathered = go_on.copy(x.out.block.data(), go_on.size());
  x.out.queued += x.out.gathered;
  const bool invited = co_await flush(c);
  co_return invited;
}

// The peer did not send what it announced, or not as HTTP wants it.
void answer_broken(Connection& c, const Received& received) {
  if (!received.broken) {
    answer(c, http1::status_of(received.error), http1::describe(received.error));
  } else if (c.io.timed_out() && !c.io.stopped()) {
    c.io.renew();
    answer(c, 408, "the body did not arrive in time");
  } else {
    c.open = false;  // nobody is there to be answered
    answer(c, 400, "the body ended short");
  }
  close_after_answer(c);
}

// What has been announced so far is too much. True: that has been said.
bool refuse_excess(Connection& c, const Upload& upload, const BodyReader& reader) {
  const std::uint64_t most = c.exchange->site->max_body;
  if (most > 0 && reader.announced() > most) {
    answer_refused(c, 413, "the body is larger than --max-body allows");
    return true;
  }
  if (reader.announced() > upload.terms.body_size.value_or(http1::max_length)) {
    answer_refused(c, 400, "the body is longer than Content-Range says");
    return true;
  }
  return false;
}

// Writes the block's first `filled` bytes. False: an answer says why not.
uring::Task<bool> write_block(Connection& c, Upload& upload, std::size_t filled) {
  Fault fault = Fault::no_space;
  if (c.exchange->site->reserve == 0 || has_room(c, upload, filled)) {
    const std::string_view bytes(c.exchange->out.block.data(), filled);
    const Fault written = co_await write_all(c, upload.file, bytes, upload.position);
    fault = written;
  }
  if (fault != Fault::none) refuse_write(c, fault);
  co_return fault == Fault::none;
}

// What is on its way from the client into the file.
struct Receiving {
  BodyReader reader;
  std::size_t filled = 0;  // bytes of body in the block
  bool done = false;
};

Receiving begin_receiving(Connection& c) {
  Exchange& x = *c.exchange;
  x.request.body_began_ms = c.io.loop().now();
  return {.reader = BodyReader(x.request.head.body(), c.exchange->site->limits),
          .done = x.request.head.body().kind == http1::BodyKind::none};
}

// Receives until the block is full or the body is whole. False: an answer says why not.
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
  }
  const std::uint64_t delivered = body.reader.delivered();
  if (body.done && delivered != upload.terms.body_size.value_or(delivered)) {
    answer(c, 400, "the body is shorter than Content-Range says");
    co_return false;
  }
  co_return true;
}

// Receives the body into the file. False: an answer says why not.
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

// Copies what the part does not cover. False: an answer says why not.
uring::Task<bool> copy_rest(Connection& c, Upload& upload) {
  if (!upload.terms.part) co_return true;
  upload.position = upload.terms.part->first;
  if (upload.before.fault != Fault::none) co_return true;
  const char* path = c.exchange->request.intent.path.data();
  const Found base =
      co_await open_beneath(c.io, c.worker.shared.root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  Fault fault = base.fault;
  if (fault == Fault::none) {
    const std::uint64_t end = upload.terms.part->last + 1;
    const Fault head = co_await copy_bytes(c, base.fd, upload.file, 0, upload.terms.part->first);
    fault = head;
    if (fault == Fault::none) {
      const std::uint64_t size = upload.before.facts.size;
      const Fault tail = co_await copy_bytes(c, base.fd, upload.file, end, size);
      fault = tail;
    }
    c.io.engine().close(base.fd);
  }
  if (fault != Fault::none) refuse_write(c, fault);
  co_return fault == Fault::none;
}

// The version that was published. Of a file in memory it is just what was written and set, so that
// it need not be asked for.
FileFacts published_facts(const Connection& c, const Upload& upload) {
  if (!c.io.does_files_at_once() || !upload.mtime_ns || upload.terms.part) {
    return facts_of(upload.file);
  }
  return {.size = upload.position, .mtime_ns = *upload.mtime_ns};
}

// What became of the upload, for the client.
void answer_published(Connection& c, const Upload& upload, Published published) {
  Exchange& x = *c.exchange;
  switch (published.outcome) {
    case Publication::created:
    case Publication::replaced:
      x.plan = plan_stored(x.request.head, published.outcome == Publication::created,
                           published_facts(c, upload));
      // RFC 9110 9.3.4: no validators for what is not just what the client sent.
      x.plan.has_facts = !upload.terms.part;
      x.plan.mtime_accepted = upload.terms.mtime_seconds.has_value();
      break;
    case Publication::refused: answer(c, 412); break;
    case Publication::overtaken:
      answer(c, 409, "the file has changed while its part arrived");
      break;
    case Publication::unsupported:
      answer(c, 501, "this file system cannot create a file without perhaps replacing one");
      break;
    case Publication::unconfirmed:
      answer(c, 500, "the file is there, but the disk did not confirm it");
      break;
    case Publication::failed: answer_write(c, published.fault); break;
  }
}

// What stands there, or a condition, forbids the upload before its body is seen; in this order, for
// a condition counts only where all else is well (RFC 9110 13.2.1).
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
  const std::string_view clash = clash_with(upload.terms, exists ? before.facts.size : 0);
  if (!clash.empty()) {
    answer(c, 409, clash);
    return true;
  }
  if (conditions_hold(c, before)) return false;
  answer(c, 412);
  return true;
}

// The block is for the body now: what is gathered in it leaves. False: nobody is there any more.
uring::Task<bool> clear_block(Connection& c) {
  const bool sent = co_await flush(c);
  if (!sent) answer(c, 400, "the body ended short");
  co_return sent;
}

// The body into the temporary, the temporary to its place. Leaves a plan.
uring::Task<> take_body(Connection& c, Upload& upload) {
  c.exchange->request.body_taken = true;
  const bool cleared = co_await clear_block(c);
  if (!cleared) co_return;
  const bool copied = co_await copy_rest(c, upload);
  if (!copied) co_return;
  const bool invited = co_await invite_body(c);
  if (!invited) co_return answer(c, 400, "the body ended short");
  own_request(c.exchange->in, c.exchange->request, c.io.engine(), c.exchange->site->limits);
  const bool received = co_await receive(c, upload);
  if (!received) co_return;
  const Published published = co_await publish(c, upload);
  answer_published(c, upload, published);
}

uring::Task<> store_long(Connection& c, Upload& upload) {
  const Found before = co_await look(c, handle_flags());
  upload.before = before;
  if (is_refused(c, upload)) co_return;
  const Fault fault = co_await begin(c, upload);
  if (fault == Fault::none)
    co_await take_body(c, upload);
  else
    answer_write(c, fault);
}

// Where no call waits for a disk, a body that fits into the block is received before anything else
// is done: then all that follows is done at once, and no look is needed where only one at the end
// can refuse the upload. Who asks before it sends its body, though, is answered before.
bool is_short(const Connection& c, const Upload& upload) {
  const Exchange& x = *c.exchange;
  const http1::Body body = x.request.head.body();
  const std::uint64_t allowed = c.exchange->site->max_body;
  return c.worker.memory_device && !upload.terms.part && body.kind != http1::BodyKind::chunked &&
         body.length <= std::min<std::uint64_t>(x.out.block.size(), most_short_bytes) &&
         (allowed == 0 || body.length <= allowed) &&
         x.request.head.expectation() == http1::Expectation::none;
}

// The bytes of a short body, where they lie: with the head if all of it has come with that, else in
// the block. Their size is that of the body, or an answer says why it is not.
uring::Task<std::string_view> take_short_body(Connection& c, const Upload& upload) {
  Exchange& x = *c.exchange;
  const auto length = static_cast<std::size_t>(x.request.head.body().length);
  if (x.in.unused().size() >= length) {
    const std::string_view bytes = x.in.unused().substr(0, length);
    x.in.begin += length;
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

// Stores a body that is there.
uring::Task<> store_bytes(Connection& c, Upload& upload, std::string_view bytes) {
  upload.before.fault = Fault::not_found;  // until publish() finds something
  if (!conditions_hold(c, upload.before)) {
    const Found before = co_await look(c, handle_flags());
    upload.before = before;
    if (is_refused(c, upload)) co_return;
  }
  const Fault begun = co_await begin(c, upload);
  if (begun != Fault::none) co_return answer_write(c, begun);
  const Fault written = co_await write_all(c, upload.file, bytes, upload.position);
  if (written != Fault::none) co_return answer_write(c, written);
  const Published published = co_await publish(c, upload);
  answer_published(c, upload, published);
}

uring::Task<> store_short(Connection& c, Upload& upload) {
  c.exchange->request.body_taken = true;
  const std::string_view bytes = co_await take_short_body(c, upload);
  if (bytes.size() == c.exchange->request.head.body().length)
    co_await store_bytes(c, upload, bytes);
}

}  // namespace

uring::Task<> put(Connection& c) {
  Upload upload;
  upload.terms = read_terms(c.exchange->request.head);
  begin_files(c);
  upload.is_short = is_short(c, upload);
  if (upload.is_short)
    co_await store_short(c, upload);
  else
    co_await store_long(c, upload);
  if (upload.has_name) co_await remove_temporary(c, upload);
  close_all(c, upload);
  c.io.do_files_at_once(false);
}

}  // namespace server
