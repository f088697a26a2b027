// The life of an upload: look, begin, receive, publish. Read store() first.
// Covered by tests/server/connection_test.cc and tests/end_to_end/.
#include "apps/server/upload.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <time.h>
#include <utility>

#include "apps/server/body.h"
#include "apps/server/find.h"
#include "apps/server/receive.h"
#include "apps/server/respond.h"
#include "apps/server/service.h"
#include "parser/fields.h"

namespace server {

using http1::FieldName;
using uring::Fault;

namespace {

// O_PATH: a handle for names and facts that needs no right to read.
constexpr std::uint64_t handle_flags = O_PATH;
constexpr std::uint64_t directory_flags = O_PATH | O_DIRECTORY;

// Where an upload is while it arrives. Owned by store(); clear_away() closes the descriptors.
struct Upload {
  int directory = -1;              // the nearest existing directory above the target
  int file = -1;                   // the temporary in it
  int target = -1;                 // the target's directory, once publish() has made it
  std::size_t existing_bytes = 0;  // how much of the path names that directory, with its slash
  std::uint64_t written = 0;       // bytes of the body in the file
  Service::TemporaryName name{};
};

// What stands at the target now; Fault::not_found if nothing does. Its descriptor is closed.
uring::Task<Found> look(Connection& c, std::uint64_t flags) {
  const char* path = c.exchange->intent.path.data();
  Found found = co_await open_beneath(c, path, flags);
  if (found.fd >= 0) c.io.engine().close(std::exchange(found.fd, -1));
  co_return found;
}

// A fault of a write as a status: what is missing or in the way is a conflict, not "not found".
void answer_write(Connection& c, Fault fault) {
  const bool conflict = fault == Fault::not_directory || fault == Fault::not_found;
  answer(c,
         conflict                   ? 409
         : fault == Fault::bad_name ? 400
                                    : status_of(fault),
         uring::describe(fault));
}

// The conditions of the request hold for what stands there. Plans 412 if not.
bool conditions_hold(Connection& c, const Found& found) {
  Exchange& x = *c.exchange;
  const FileFacts* existing = found.fault == Fault::none ? &found.facts : nullptr;
  if (judge(x.head, existing, c.service.clock.now()) == Verdict::proceed) return true;
  answer(c, 412);
  return false;
}

// Opens the nearest existing directory above the target.
uring::Task<Fault> open_directory(Connection& c, Upload& upload) {
  Exchange& x = *c.exchange;
  const std::string_view path = x.intent.path;
  std::size_t slash = path.rfind('/');
  for (;;) {
    const bool at_root = slash == std::string_view::npos;
    char* name = x.text_room.data();
    const std::size_t size = at_root ? path.copy(name, 0) : path.copy(name, slash);
    std::strcpy(name + size, at_root ? "." : "");
    const uring::OpenHow how = beneath(directory_flags);
    uring::Result opened{.value = -EAGAIN};
    for (int i = 0; i < most_open_attempts && opened.fault() == Fault::try_again; ++i) {
      const uring::Result attempt = co_await c.io.open(c.service.shared.root, name, how);
      opened = attempt;
    }
    if (opened.ok()) {
      upload.directory = opened.value;
      upload.existing_bytes = at_root ? 0 : slash + 1;
      co_return Fault::none;
    }
    if (opened.fault() != Fault::not_found || at_root) co_return opened.fault();
    slash = slash == 0 ? std::string_view::npos : path.rfind('/', slash - 1);
  }
}

// Makes the temporary file. A name that is taken is tried again; four in a row never are.
uring::Task<Fault> create_temporary(Connection& c, Upload& upload) {
  const uring::OpenHow how = beneath(O_WRONLY | O_CREAT | O_EXCL, 0666);
  Fault fault = Fault::exists;
  for (int attempt = 0; attempt < 4 && fault == Fault::exists; ++attempt) {
    upload.name = c.service.temporary_name();
    const uring::Result made = co_await c.io.open(upload.directory, upload.name.data(), how);
    fault = made.fault();
    if (made.ok()) upload.file = made.value;
  }
  co_return fault;
}

// Writes the block's first `count` bytes behind what was written.
uring::Task<Fault> write_block(Connection& c, Upload& upload, std::size_t count) {
  std::string_view bytes(c.exchange->block.data(), count);
  while (!bytes.empty()) {
    const uring::Result written = co_await c.io.write(upload.file, bytes, upload.written);
    if (!written.ok()) co_return written.fault();
    if (written.count() == 0) co_return Fault::no_space;
    upload.written += written.count();
    bytes.remove_prefix(written.count());
  }
  co_return Fault::none;
}

// Clears the block for the body: all answers gathered so far leave. Then says to go on where the
// client waits for it, having seen nothing of the body. RFC 9110 10.1.1.
uring::Task<bool> invite_body(Connection& c) {
  Exchange& x = *c.exchange;
  const bool sent = co_await flush(c);
  if (!sent) co_return false;
  const bool has_body = x.head.body().kind != http1::BodyKind::none;
  if (!has_body || !x.head.expects_continue() || !x.input.unused().empty()) co_return true;
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  x.gathered = go_on.copy(x.block.data(), go_on.size());
  x.queued += x.gathered;
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
  c.exchange->plan.keep_alive = false;
  c.lingers = true;
}

void answer_refused(Connection& c, int status, std::string_view explanation) {
  answer(c, status, explanation);
  c.exchange->plan.keep_alive = false;
  c.lingers = true;
}

// Receives the body into the file. False: an answer says why not.
uring::Task<bool> receive(Connection& c, Upload& upload) {
  Exchange& x = *c.exchange;
  const std::uint64_t most = c.service.config.max_body;
  x.body_began_ms = c.io.loop().now();
  BodyReader reader(x.head.body(), c.service.config.limits);
  std::size_t filled = 0;
  bool done = x.head.body().kind == http1::BodyKind::none;
  while (!done) {
    const Received received = co_await receive_some(c, reader, filled);
    if (received.progress == http1::Progress::failed) {
      answer_broken(c, received);
      co_return false;
    }
    if (most > 0 && reader.announced() > most) {
      answer_refused(c, 413, "the body is larger than --max-body allows");
      co_return false;
    }
    filled += received.data;
    done = received.progress == http1::Progress::done;
    if (!done && filled < x.block.size()) continue;
    const Fault fault = co_await write_block(c, upload, filled);
    if (fault != Fault::none) {
      answer_refused(c, status_of(fault), uring::describe(fault));
      co_return false;
    }
    filled = 0;
  }
  co_return true;
}

// Makes the directories that are missing between the temporary and the target, and moves
// `upload.directory` down to the last. Names are made one by one so that no link is followed.
uring::Task<Fault> make_parents(Connection& c, Upload& upload) {
  Exchange& x = *c.exchange;
  const std::string_view path = x.intent.path;
  int parent = upload.directory;
  Fault fault = Fault::none;
  for (std::size_t begin = upload.existing_bytes; fault == Fault::none;) {
    const std::size_t slash = path.find('/', begin);
    if (slash == std::string_view::npos) break;
    char* name = x.text_room.data();
    name[path.substr(begin, slash - begin).copy(name, x.text_room.size() - 1)] = '\0';
    const uring::Result made = co_await c.io.make_directory(parent, name, 0777);
    if (!made.ok() && made.fault() != Fault::exists) fault = made.fault();
    const uring::OpenHow how = beneath(directory_flags | O_NOFOLLOW);
    const uring::Result opened = co_await c.io.open(parent, name, how);
    if (opened.ok()) {
      if (parent != upload.directory) c.io.engine().close(parent);
      parent = opened.value;
    } else if (fault == Fault::none) {
      fault = opened.fault();
    }
    begin = slash + 1;
  }
  upload.target = parent;
  co_return fault;
}

// An exact time: the coarse one that the kernel gives by itself is the same for two uploads within
// a tick, and so would be their entity tags. A plain call on an open file: it changes an inode in
// memory.
void stamp(int file) {
  std::array<timespec, 2> times{};
  ::clock_gettime(CLOCK_REALTIME, &times[1]);
  times[0] = times[1];
  ::futimens(file, times.data());
}

// `If-None-Match: *` wants that nothing is replaced, whoever came in between.
bool must_be_new(const http1::RequestHead& head) {
  return head.value_of(FieldName::if_none_match) == "*";
}

// Gives the whole file its name.
uring::Task<Fault> publish(Connection& c, Upload& upload) {
  const Fault fault = co_await make_parents(c, upload);
  if (fault != Fault::none) co_return fault;
  stamp(upload.file);
  const std::string_view path = c.exchange->intent.path;
  const char* leaf = path.data() + (path.rfind('/') + 1);  // without a slash: all of it
  const unsigned flags = must_be_new(c.exchange->head) ? RENAME_NOREPLACE : 0;
  const char* name = upload.name.data();
  const uring::Result renamed =
      co_await c.io.rename(upload.directory, name, upload.target, leaf, flags);
  co_return renamed.fault();
}

// Removes the temporary, if there is one, and closes what is open.
uring::Task<> clear_away(Connection& c, Upload& upload, bool published) {
  if (upload.file >= 0 && !published) {
    const char* name = upload.name.data();
    co_await c.io.unlink(upload.directory, name, 0);
  }
  if (upload.target >= 0 && upload.target != upload.directory) c.io.engine().close(upload.target);
  if (upload.file >= 0) c.io.engine().close(upload.file);
  if (upload.directory >= 0) c.io.engine().close(upload.directory);
}

// Where the body goes: the directory and the temporary in it.
uring::Task<Fault> begin(Connection& c, Upload& upload) {
  const Fault opened = co_await open_directory(c, upload);
  if (opened != Fault::none) co_return opened;
  const Fault made = co_await create_temporary(c, upload);
  co_return made;
}

// The body into the temporary, the temporary to its place. Leaves a plan; true: it was published.
uring::Task<bool> take_body(Connection& c, Upload& upload, bool replaces) {
  Exchange& x = *c.exchange;
  answer(c, 400, "the body ended short");
  const bool invited = co_await invite_body(c);
  if (!invited) co_return false;
  c.service.own_request(x);
  const bool received = co_await receive(c, upload);
  if (!received) co_return false;
  const Fault fault = co_await publish(c, upload);
  if (fault == Fault::none) {
    x.plan = plan_stored(x.head, !replaces, facts_of(upload.file));
  } else if (fault == Fault::exists && must_be_new(x.head)) {
    answer(c, 412);
  } else {
    answer_write(c, fault);
  }
  co_return fault == Fault::none;
}

}  // namespace

uring::Task<> store(Connection& c) {
  const Found before = co_await look(c, handle_flags);
  const bool exists = before.fault == Fault::none;
  if (!exists && before.fault != Fault::not_found) co_return answer_write(c, before.fault);
  if (exists && before.is_directory) co_return answer_write(c, Fault::is_directory);
  if (!conditions_hold(c, before)) co_return;
  Upload upload;
  const Fault fault = co_await begin(c, upload);
  if (fault != Fault::none) {
    answer_write(c, fault);
    co_await clear_away(c, upload, false);
    co_return;
  }
  c.exchange->body_taken = true;
  const bool published = co_await take_body(c, upload, exists);
  co_await clear_away(c, upload, published);
}

uring::Task<> remove(Connection& c) {
  Exchange& x = *c.exchange;
  const std::string_view path = x.intent.path;
  if (path == ".") co_return answer(c, 409, "the root cannot be deleted");
  // A symbolic link is deleted, not what it leads to; it is found as "neither file nor directory".
  const Found found = co_await look(c, handle_flags | O_NOFOLLOW);
  if (found.fault != Fault::none && found.fault != Fault::not_allowed) {
    co_return answer(c, found.fault);
  }
  if (x.intent.names_directory && !found.is_directory) co_return answer(c, 404);
  if (!conditions_hold(c, found)) co_return;
  Upload place;
  const Fault fault = co_await open_directory(c, place);
  if (fault != Fault::none) co_return answer(c, fault);
  // The parent may have gone since: the same name further up is not what was asked for.
  if (place.existing_bytes != path.rfind('/') + 1) {
    co_await clear_away(c, place, true);
    co_return answer(c, 404);
  }
  const char* leaf = path.data() + (path.rfind('/') + 1);  // without a slash: all of it
  const int flags = found.is_directory ? AT_REMOVEDIR : 0;
  const uring::Result removed = co_await c.io.unlink(place.directory, leaf, flags);
  co_await clear_away(c, place, true);
  if (!removed.ok()) co_return answer(c, removed.fault());
  x.plan = plan_deleted(x.head);
}

}  // namespace server
