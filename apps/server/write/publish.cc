// Parents, time, sync, claim, look, rename. Read publish() first.
// Covered by tests/server/write/put_test.cc, faults_test.cc and tests/end_to_end/put_test.cc.
#include "apps/server/write/publish.h"

#include <array>
#include <cstring>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <utility>

namespace server {

using http1::FieldName;
using uring::Fault;

namespace {

// A directory may be removed by a DELETE at any time before something stands in it: then it is
// made again. Who loses four times in a row is told.
constexpr int most_attempts = 4;

Published failed(Fault fault) { return {.outcome = Publication::failed, .fault = fault}; }

// Makes the directories that are missing between the temporary and the target, and opens the last
// as `upload.target`. Names are made one by one so that no link is followed.
uring::Task<Fault> make_parents(Connection& c, Upload& upload) {
  const std::string_view path = c.exchange->request.intent.path;
  const ScratchText text(c.exchange->scratch);
  const bool is_synced = c.exchange->site->durability == Durability::full;
  const uring::OpenHow how = beneath(directory_flags(c) | O_NOFOLLOW);
  int parent = upload.place.directory;
  Fault fault = Fault::none;
  for (std::size_t begin = upload.place.existing_bytes; fault == Fault::none;) {
    const std::size_t slash = path.find('/', begin);
    if (slash == std::string_view::npos) break;
    char* name = text.data();
    name[path.substr(begin, slash - begin).copy(name, text.bytes().size() - 1)] = '\0';
    const uring::Result made = co_await c.io.make_directory(parent, name, 0777);
    if (!made.ok() && made.fault() != Fault::exists) fault = made.fault();
    // What somebody else has made keeps what is above it: only the unbroken tail is ours.
    if (made.ok() && upload.made_from == 0) upload.made_from = begin + 1;
    if (made.fault() == Fault::exists) upload.made_from = 0;
    if (made.ok() && is_synced) {
      const uring::Result synced = co_await c.io.sync(parent);
      fault = synced.fault();
    }
    const uring::Result opened = co_await c.io.open(parent, name, how);
    if (opened.ok()) {
      if (parent != upload.place.directory) c.io.engine().close(parent);
      parent = opened.value;
    } else if (fault == Fault::none) {
      fault = opened.fault();
    }
    begin = slash + 1;
  }
  upload.target = parent;
  co_return fault;
}

// Nothing is missing on the way to the target, as when the upload began.
bool has_parents(const Connection& c, const Upload& upload) {
  return c.exchange->request.intent.path.data() + upload.place.existing_bytes == leaf_of(c);
}

void close_target(Connection& c, Upload& upload) {
  const int target = std::exchange(upload.target, -1);
  if (target >= 0 && target != upload.place.directory) c.io.engine().close(target);
}

// Opens the directory of the target and makes what is missing, for the first time or `again`.
uring::Task<Fault> open_target(Connection& c, Upload& upload, bool again) {
  close_target(c, upload);
  if (again && upload.is_nameless) {
    // Nothing of ours stands in the directory: it may be gone itself.
    leave_directory(c, upload.place);
    const Fault opened = co_await open_directory(c, upload.place);
    if (opened != Fault::none) co_return opened;
  }
  const Fault made = co_await make_parents(c, upload);
  co_return made;
}

// Removes the directories that were made, the deepest first, as far as they are empty. Each is
// found again from the root: its parent may have been replaced by a link meanwhile.
uring::Task<> remove_parents(Connection& c, Upload& upload) {
  const std::string_view path = c.exchange->request.intent.path;
  const ScratchText text(c.exchange->scratch);
  const uring::OpenHow how = beneath(O_PATH | O_DIRECTORY);
  std::size_t end = path.rfind('/');
  while (upload.made_from > 0 && end != std::string_view::npos && end >= upload.made_from) {
    const std::size_t slash = path.substr(0, end).rfind('/');
    const bool at_root = slash == std::string_view::npos;
    const std::size_t begin = at_root ? 0 : slash + 1;
    char* parent = text.data();
    char* name = parent + (at_root ? path.copy(parent, 0) : path.copy(parent, slash)) + 2;
    std::strcpy(name - 2, at_root ? "." : "");
    name[path.substr(begin, end - begin).copy(name, path.size())] = '\0';
    const uring::Result opened = co_await c.io.open(c.worker.shared.root, parent, how);
    Fault fault = opened.fault();
    if (opened.ok()) {
      const uring::Result removed = co_await c.io.unlink(opened.value, name, AT_REMOVEDIR);
      c.io.engine().close(opened.value);
      fault = removed.fault();
    }
    if (fault != Fault::none && fault != Fault::not_found) co_return;
    end = slash;
  }
}

// An exact time: the coarse one that the kernel gives by itself is the same for two uploads within
// a tick, and so would be their entity tags. For the same reason a client's time, which is of whole
// seconds, gets our nanoseconds. A plain call on an open file: it changes an inode in memory.
void stamp(Upload& upload) {
  std::array<timespec, 2> times{};
  ::clock_gettime(CLOCK_REALTIME, &times[1]);
  times[0] = times[1];
  if (upload.terms.mtime_seconds) times[1].tv_sec = *upload.terms.mtime_seconds;
  if (::futimens(upload.file, times.data()) != 0) return;
  upload.mtime_ns = times[1].tv_sec * 1'000'000'000 + times[1].tv_nsec;
}

// `If-None-Match: *` wants that nothing is replaced, whoever came in between.
bool must_be_new(const Connection& c) {
  return c.exchange->request.head.value_of(FieldName::if_none_match) == "*";
}

// RENAME_NOREPLACE is not known there: renameat2(2) says EINVAL for it, FUSE may say ENOSYS.
bool is_unsupported(Fault fault) { return fault == Fault::bad_name || fault == Fault::unsupported; }

// Creates the target where nothing is, by a link: for file systems whose rename always replaces.
// The temporary keeps its own name too, which clear_away() removes.
uring::Task<Published> link_new(Connection& c, Upload& upload) {
  const char* name = upload.name.data();
  const uring::Result linked =
      co_await c.io.link(upload.place.directory, name, upload.target, leaf_of(c));
  const Fault fault = linked.fault();
  if (fault == Fault::none) co_return Published{.outcome = Publication::created};
  if (fault == Fault::exists) co_return Published{.outcome = Publication::refused};
  if (is_unsupported(fault) || fault == Fault::not_allowed) {
    co_return Published{.outcome = Publication::unsupported};
  }
  co_return failed(fault);
}

// Creates the target where nothing is, of a file that has no name.
uring::Task<Published> name_new(Connection& c, Upload& upload) {
  const uring::Result linked = co_await c.io.link_file(upload.file, upload.target, leaf_of(c));
  if (!linked.ok()) co_return failed(linked.fault());
  upload.is_nameless = false;
  co_return Published{.outcome = Publication::created};
}

// Gives a file that has no name one of its own, by which it can replace another.
uring::Task<Fault> name_temporary(Connection& c, Upload& upload) {
  // Before it can be found, so that a sweep of whichever process knows that somebody has it.
  ::flock(upload.file, LOCK_EX | LOCK_NB);
  const char* name = upload.name.data();
  Fault fault = Fault::exists;
  for (int i = 0; i < most_attempts && fault == Fault::exists; ++i) {
    upload.name = c.worker.new_temporary_name();
    const uring::Result linked = co_await c.io.link_file(upload.file, upload.place.directory, name);
    fault = linked.fault();
  }
  upload.has_name = fault == Fault::none;
  upload.is_nameless = fault != Fault::none;
  co_return fault;
}

// Creates the target where nothing is. Fault::exists: something is, or only a look can tell.
uring::Task<Published> rename_new(Connection& c, Upload& upload) {
  const char* name = upload.name.data();
  const uring::Result renamed = co_await c.io.rename(upload.place.directory, name, upload.target,
                                                     leaf_of(c), RENAME_NOREPLACE);
  const Fault fault = renamed.fault();
  if (fault == Fault::none) {
    upload.has_name = false;
    co_return Published{.outcome = Publication::created};
  }
  if (!is_unsupported(fault)) co_return failed(fault);
  if (!must_be_new(c)) co_return failed(Fault::exists);
  const Published linked = co_await link_new(c, upload);
  co_return linked;
}

bool same_version(const Found& left, const Found& right) {
  if (left.fault != right.fault) return false;
  return left.fault != Fault::none ||
         (left.facts.size == right.facts.size && left.facts.mtime_ns == right.facts.mtime_ns);
}

// Puts the file where it belongs, while nobody else does so in this process. Where nothing stood it
// is first tried as if that still held: the kernel knows. Else a look decides what is replaced.
uring::Task<Published> move_in(Connection& c, Upload& upload) {
  if (upload.before.fault == Fault::not_found) {
    Published made;
    if (upload.is_nameless) {
      const Published named = co_await name_new(c, upload);
      made = named;
    } else {
      const Published renamed = co_await rename_new(c, upload);
      made = renamed;
    }
    if (made.fault != Fault::exists) co_return made;
  }
  const Found now = co_await look(c, handle_flags());
  const bool exists = now.fault == Fault::none;
  if (!exists && now.fault != Fault::not_found) co_return failed(now.fault);
  if (exists && now.is_directory) co_return failed(Fault::is_directory);
  if (!conditions_hold(c, now)) co_return Published{.outcome = Publication::refused};
  if (upload.terms.part && !same_version(now, upload.before)) {
    co_return Published{.outcome = Publication::overtaken};
  }
  // A link that leads nowhere: nothing that GET shows, and yet a name that is taken.
  if (!exists && must_be_new(c)) co_return Published{.outcome = Publication::refused};
  if (upload.is_nameless) {
    const Fault fault = co_await name_temporary(c, upload);
    if (fault != Fault::none) co_return failed(fault);
  }
  const char* name = upload.name.data();
  const uring::Result renamed =
      co_await c.io.rename(upload.place.directory, name, upload.target, leaf_of(c), 0);
  if (!renamed.ok()) co_return failed(renamed.fault());
  upload.has_name = false;
  co_return Published{.outcome = exists ? Publication::replaced : Publication::created};
}

uring::Task<Published> claim_and_move_in(Connection& c, Upload& upload) {
  Claim claim;
  const bool is_known = upload.target == upload.place.directory;
  Fault fault = take_claim(c, claim, is_known ? upload.place.id : id_of(upload.target));
  if (fault == Fault::try_again) {
    const Fault waited = co_await await_claim(c, claim);
    fault = waited;
  }
  if (fault != Fault::none) co_return failed(fault);
  const Published published = co_await move_in(c, upload);
  c.worker.shared.claims.leave(claim);
  co_return published;
}

// The bytes are on the disk before the name is: after a power cut there is no name without them.
uring::Task<Fault> sync_file(Connection& c, const Upload& upload) {
  uring::Result synced;
  if (c.exchange->site->durability == Durability::full) {
    const uring::Result whole = co_await c.io.sync(upload.file);
    synced = whole;
  } else {
    const uring::Result data = co_await c.io.sync_data(upload.file);
    synced = data;
  }
  co_return synced.fault();
}

}  // namespace

uring::Task<Published> publish(Connection& c, Upload& upload) {
  const Durability durability = c.exchange->site->durability;
  stamp(upload);
  if (durability != Durability::none) {
    const Fault synced = co_await sync_file(c, upload);
    if (synced != Fault::none) co_return failed(synced);
  }
  Published published = failed(Fault::not_found);
  for (int i = 0; i < most_attempts && published.fault == Fault::not_found; ++i) {
    if (i > 0 || !has_parents(c, upload)) {
      const Fault fault = co_await open_target(c, upload, i > 0);
      published = failed(fault);
      if (fault != Fault::none) continue;
    } else {
      upload.target = upload.place.directory;
    }
    const Published attempt = co_await claim_and_move_in(c, upload);
    published = attempt;
  }
  if (published.is_visible()) c.worker.note_change();
  if (!published.is_visible()) {
    co_await remove_parents(c, upload);
  } else if (durability == Durability::full) {
    const uring::Result confirmed = co_await c.io.sync(upload.target);
    if (!confirmed.ok()) published = {.outcome = Publication::unconfirmed};
  }
  co_return published;
}

uring::Task<> remove_temporary(Connection& c, Upload& upload) {
  upload.has_name = false;
  const char* name = upload.name.data();
  co_await c.io.unlink(upload.place.directory, name, 0);
}

void close_all(Connection& c, Upload& upload) {
  close_target(c, upload);
  if (upload.file >= 0) c.io.engine().close(upload.file);
  leave_directory(c, upload.place);
}

}  // namespace server
