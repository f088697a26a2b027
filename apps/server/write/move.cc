// The order of a MOVE: open both directories, claim both names, check the source, its conditions
// and the destination, rename.
//
// One renameat2(2) moves the name, so that at each instant the file has the old name or the new
// one. Where nothing has the new name, RENAME_NOREPLACE makes the kernel check that again. A
// symbolic link is moved itself. Covered by tests/server/write/move_test.cc, faults_test.cc and
// tests/end_to_end/move_test.cc.
#include "apps/server/write/move.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/fs.h>
#include <utility>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/plan/destination.h"
#include "apps/server/write/answer_upload.h"
#include "apps/server/write/target.h"

namespace server {

using uring::Fault;

namespace {

// How often both directories are opened and the names are checked, which other processes and
// requests may change meanwhile.
constexpr int most_attempts = 4;

// The directories of both names. release_ends() ends it.
struct Ends {
  Target source;
  Target destination;
};

// A name in a directory.
struct Named {
  Fault fault = Fault::none;  // not_found: there is none
  bool is_directory = false;
  DirectoryId id;  // of the file, link or directory itself
  Found found;     // as GET sees a file or a directory; without a descriptor
};

// Finds out what has the last name of `path` in `directory`, without following a link.
uring::Task<Named> look_at(Connection& c, int directory, std::string_view path) {
  const uring::OpenHow how = beneath(handle_flags | O_NOFOLLOW);
  const char* leaf = leaf_of(path);
  OpenAttempts attempts(c.worker.files);
  uring::Result opened;
  do {
    const uring::Result attempt = co_await c.io.open(directory, leaf, how);
    opened = attempt;
  } while (attempts.another(opened.fault()));
  Named named{.fault = opened.fault()};
  if (!opened.ok()) co_return named;
  named.fault = identify(opened.value, named.id);
  named.found = describe(opened.value);
  named.is_directory = named.found.is_directory;
  c.io.engine().close(std::exchange(named.found.fd, -1));
  co_return named;
}

// Whether the path of the request names a file or a directory that may be moved. Else a response is
// planned.
uring::Task<bool> check_source(Connection& c, const Named& source) {
  const Request& request = c.exchange->request;
  if (source.fault != Fault::none) {
    answer(c, source.fault);
    co_return false;
  }
  if (request.intent.names_directory && !source.is_directory) {
    answer(c, 404);
    co_return false;
  }
  Found shown = source.found;
  if (shown.fault == Fault::not_allowed) {  // no file: GET shows what a link leads to
    const Found followed = co_await stat_target(c, handle_flags);
    shown = followed;
  }
  if (!conditions_hold(request.head, shown, c.worker.now())) {
    answer(c, 412);
    co_return false;
  }
  if (source.is_directory && !request.intent.may_move_directory) {
    answer(c, 403, "rules are about paths below this directory or its destination");
    co_return false;
  }
  if (!source.is_directory && request.intent.destination_names_directory) {
    answer(c, 409, "the name of a file does not end with a slash");
    co_return false;
  }
  co_return true;
}

void answer_taken(Connection& c) {
  if (c.exchange->request.intent.may_replace) {
    answer(c, 403, "this right is to create only, and the destination exists");
  } else {
    answer(c, 412, "the destination exists");
  }
}

bool must_not_replace(const Intent& intent) { return intent.must_create || !intent.may_replace; }

// Whether the source may replace what has the new name, if anything has it. Else a response is
// planned.
bool check_destination(Connection& c, const Named& source, const Named& old) {
  if (old.fault == Fault::not_found) return true;
  if (old.fault != Fault::none) {
    answer_write(c, old.fault);
  } else if (old.id == source.id) {
    answer(c, 403, "source and destination are one file");
  } else if (must_not_replace(c.exchange->request.intent)) {
    answer_taken(c);
  } else if (old.is_directory != source.is_directory) {
    answer(c, 409, "a directory does not replace a file, nor a file a directory");
  } else {
    return true;
  }
  return false;
}

// Plans the response to a MOVE whose rename with `flags` has failed with the errno `error`.
void answer_failed(Connection& c, const Named& source, int error, unsigned flags) {
  switch (error) {
    case EEXIST:
    case ENOTEMPTY: return answer(c, 409, "the destination is a directory that is not empty");
    case EXDEV:
      return answer(c, 502, "source and destination are on different file systems of this server");
    case EBUSY: return answer(c, 409, "something is mounted there");
    case EINVAL:
      // With a flag, it may be the flag that the file system does not have.
      if (source.is_directory && flags == 0)
        return answer(c, 403, "the destination lies within the source");
      [[fallthrough]];
    case ENOSYS:
    case EOPNOTSUPP:
      return answer(c, 501, "this file system cannot rename without perhaps replacing a file");
    default: return answer_write(c, uring::fault_of(error));
  }
}

// Renames; the caller holds the claims on both names. True: another process has changed one of the
// names meanwhile, and nothing is planned.
uring::Task<bool> rename_claimed(Connection& c, const Ends& ends) {
  Exchange& x = *c.exchange;
  const Intent& intent = x.request.intent;
  const Named source = co_await look_at(c, ends.source.directory, intent.path);
  const bool is_movable = co_await check_source(c, source);
  if (!is_movable) co_return false;
  const Named old = co_await look_at(c, ends.destination.directory, intent.destination);
  if (!check_destination(c, source, old)) co_return false;
  const char* from = leaf_of(intent.path);
  const char* to = leaf_of(intent.destination);
  const bool is_new = old.fault == Fault::not_found;
  unsigned flags = is_new ? RENAME_NOREPLACE : 0;
  int error = 0;
  for (;;) {
    const uring::Result renamed =
        co_await c.io.rename(ends.source.directory, from, ends.destination.directory, to, flags);
    error = renamed.error();
    // Without the flag, which some file systems do not have, the claim alone keeps other writers
    // away.
    const bool is_unsupported = error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
    if (flags == 0 || !is_unsupported || must_not_replace(intent)) break;
    flags = 0;
  }
  if (error == ENOENT || (is_new && error == EEXIST)) co_return true;
  if (error != 0) {
    answer_failed(c, source, error, flags);
    co_return false;
  }
  c.worker.record_file_change();
  if (source.is_directory) c.worker.last_directory.close();  // it may have been opened by this name
  x.plan = plan_named(x.request.head, is_new, destination_path(x.request.head));
  co_return false;
}

// --- Claims ---

uring::Task<Fault> enter_claim(Connection& c, Claim& claim, const ClaimKey& key) {
  Claims& claims = c.worker.shared.claims;
  Fault fault = claims.enter(claim, key);
  if (fault == Fault::try_again) {
    const Fault waited = co_await await_claim(c.io, claims, claim);
    fault = waited;
  }
  co_return fault;
}

ClaimKey key_of(const Target& target, std::string_view path) {
  return {.device = target.id.device, .inode = target.id.inode, .name = leaf_of(path)};
}

// Claims both names, in the order that Claims::queue_of() demands, and renames.
uring::Task<bool> claim_and_rename(Connection& c, const Ends& ends) {
  Claims& claims = c.worker.shared.claims;
  const Intent& intent = c.exchange->request.intent;
  ClaimKey first = key_of(ends.source, intent.path);
  ClaimKey second = key_of(ends.destination, intent.destination);
  if (Claims::queue_of(second) < Claims::queue_of(first)) std::swap(first, second);
  const bool are_two = Claims::queue_of(first) != Claims::queue_of(second);
  Claim one;
  Claim other;
  Fault fault = co_await enter_claim(c, one, first);
  if (fault != Fault::none) {
    answer(c, fault);
    co_return false;
  }
  if (are_two) {
    const Fault taken = co_await enter_claim(c, other, second);
    fault = taken;
  }
  bool again = false;
  if (fault == Fault::none) {
    const bool changed = co_await rename_claimed(c, ends);
    again = changed;
    if (are_two) claims.leave(other);
  } else {
    answer(c, fault);
  }
  claims.leave(one);
  co_return again;
}

// --- Directories ---

// Opens the directories of both names. False: a response is planned.
uring::Task<bool> open_ends(Connection& c, Ends& ends) {
  const Intent& intent = c.exchange->request.intent;
  const Fault from = co_await open_directory(c, intent.path, ends.source);
  if (from != Fault::none || !has_parent(intent.path, ends.source)) {
    answer(c, from == Fault::none ? Fault::not_found : from);
    co_return false;
  }
  const Fault to = co_await open_directory(c, intent.destination, ends.destination);
  if (to != Fault::none) {
    answer_write(c, to);
    co_return false;
  }
  if (!has_parent(intent.destination, ends.destination)) {
    answer(c, 409, "the directory of the destination does not exist");
    co_return false;
  }
  co_return true;
}

// Syncs and confirms the directories of a name that was moved. A failure replaces the response.
uring::Task<> confirm_ends(Connection& c, const Ends& ends) {
  const Intent& intent = c.exchange->request.intent;
  if (c.exchange->site->durability == Durability::full) {
    // The new name first: a power cut in between leaves two names rather than none.
    const uring::Result to = co_await c.io.sync(ends.destination.directory);
    bool is_synced = to.ok();
    if (is_synced && ends.source.id != ends.destination.id) {
      const uring::Result from = co_await c.io.sync(ends.source.directory);
      is_synced = from.ok();
    }
    if (!is_synced) {
      co_return answer(c, 500, "it is moved, but the disk did not confirm it");
    }
  }
  if (!confirm_directory(c, intent.path, ends.source.id)) co_return;
  confirm_directory(c, intent.destination, ends.destination.id);
}

// True: nothing is planned, and another attempt may succeed.
uring::Task<bool> open_and_move(Connection& c) {
  Ends ends;
  bool again = false;
  const bool are_open = co_await open_ends(c, ends);
  if (are_open) {
    const bool changed = co_await claim_and_rename(c, ends);
    again = changed;
    const int status = c.exchange->plan.status;
    if (!again && status < 300) co_await confirm_ends(c, ends);
  }
  release_directory(c, ends.source);
  release_directory(c, ends.destination);
  co_return again;
}

}  // namespace

uring::Task<> move_file(Connection& c) {
  begin_file_operations(c);
  bool again = true;
  for (int i = 0; i < most_attempts && again; ++i) {
    const bool changed = co_await open_and_move(c);
    again = changed;
  }
  c.io.do_files_at_once(false);
  if (again) answer(c, 503, "other processes change these names all the time");
}

}  // namespace server
