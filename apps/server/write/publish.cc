// Time, sync, parents, claim, conditions, rename. Read publish() first. Covered by
// tests/server/write/publish_test.cc, faults_test.cc and tests/end_to_end/put_test.cc.
#include "apps/server/write/publish.h"

#include <array>
#include <linux/fs.h>
#include <sys/stat.h>
#include <time.h>

#include "apps/server/connection/worker_state.h"
#include "apps/server/files/digests.h"
#include "apps/server/write/parents.h"
#include "apps/server/write/temporary.h"

namespace server {

using http1::FieldName;
using uring::Fault;

namespace {

// A DELETE may remove the parent directory until the new file is in it; the parent is then made
// again. An upload that loses this race that often gets an error.
constexpr int most_attempts = 4;

Published failed(Fault fault) { return {.outcome = Publication::failed, .fault = fault}; }

// `If-None-Match: *` forbids to replace any file, as does the right to create only.
bool must_be_new(const Connection& c, const Upload& upload) {
  return c.exchange->request.intent.must_create ||
         upload.conditions->value_of(FieldName::if_none_match) == "*";
}

// The fault of a rename with RENAME_NOREPLACE on a file system that does not implement that flag:
// EINVAL by renameat2(2), ENOSYS by some FUSE file systems.
bool is_unsupported(Fault fault) { return fault == Fault::bad_name || fault == Fault::unsupported; }

// Creates the new name as a second link to the temporary file, for file systems whose rename always
// replaces. The temporary name remains; put() removes it.
uring::Task<Published> link_new(Connection& c, Upload& upload) {
  const char* name = upload.name.data();
  const char* leaf = leaf_of(c.exchange->request.intent);
  const uring::Result linked =
      co_await c.io.link(upload.target.directory, name, upload.parent, leaf);
  const Fault fault = linked.fault();
  if (fault == Fault::none) co_return Published{.outcome = Publication::created};
  if (fault == Fault::exists) co_return Published{.outcome = Publication::condition_failed};
  if (is_unsupported(fault) || fault == Fault::not_allowed) {
    co_return Published{.outcome = Publication::unsupported};
  }
  co_return failed(fault);
}

// Creates the new name for a nameless temporary file. Fault::exists: the name is taken.
uring::Task<Published> link_nameless(Connection& c, Upload& upload) {
  const char* leaf = leaf_of(c.exchange->request.intent);
  const uring::Result linked = co_await c.io.link_file(upload.file, upload.parent, leaf);
  if (!linked.ok()) co_return failed(linked.fault());
  upload.is_nameless = false;
  co_return Published{.outcome = Publication::created};
}

// Renames the temporary file, unless the new name is taken. Fault::exists: it is taken, or the file
// system cannot tell.
uring::Task<Published> rename_new(Connection& c, Upload& upload) {
  const char* name = upload.name.data();
  const char* leaf = leaf_of(c.exchange->request.intent);
  const uring::Result renamed =
      co_await c.io.rename(upload.target.directory, name, upload.parent, leaf, RENAME_NOREPLACE);
  const Fault fault = renamed.fault();
  if (fault == Fault::none) {
    upload.has_name = false;
    co_return Published{.outcome = Publication::created};
  }
  if (!is_unsupported(fault)) co_return failed(fault);
  if (!must_be_new(c, upload)) co_return failed(Fault::exists);
  const Published linked = co_await link_new(c, upload);
  co_return linked;
}

bool same_version(const Found& left, const Found& right) {
  if (left.fault != right.fault) return false;
  return left.fault != Fault::none ||
         (left.facts.size == right.facts.size && left.facts.mtime_ns == right.facts.mtime_ns);
}

// Gives the temporary file its name; the caller holds the claim on it. Where the path did not exist
// when the upload began, the kernel is first asked to create the name. Where the name is taken, or
// was from the beginning, the conditions are evaluated against the current file, which is replaced.
uring::Task<Published> give_name(Connection& c, Upload& upload) {
  if (upload.before.fault == Fault::not_found) {
    Published made;
    if (upload.is_nameless) {
      const Published linked = co_await link_nameless(c, upload);
      made = linked;
    } else {
      const Published renamed = co_await rename_new(c, upload);
      made = renamed;
    }
    if (made.fault != Fault::exists) co_return made;
  }
  const Found now = co_await stat_target(c, handle_flags);
  const bool must_create = c.exchange->request.intent.must_create;
  const bool exists = now.fault == Fault::none;
  if (!exists && now.fault != Fault::not_found) co_return failed(now.fault);
  if (exists && now.is_directory) co_return failed(Fault::is_directory);
  // A name that is taken by a dangling link is no file for GET, and yet may not be replaced.
  const bool is_forbidden = (!exists || must_create) && must_be_new(c, upload);
  if (is_forbidden || !conditions_hold(*upload.conditions, now, c.worker.now())) {
    co_return Published{.outcome = Publication::condition_failed};
  }
  if (upload.terms.part && !same_version(now, upload.before)) {
    co_return Published{.outcome = Publication::changed};
  }
  if (upload.is_nameless) {
    const Fault fault = co_await name_temporary(c, upload);
    if (fault != Fault::none) co_return failed(fault);
  }
  const char* name = upload.name.data();
  const char* leaf = leaf_of(c.exchange->request.intent);
  const uring::Result renamed =
      co_await c.io.rename(upload.target.directory, name, upload.parent, leaf, 0);
  if (!renamed.ok()) co_return failed(renamed.fault());
  upload.has_name = false;
  co_return Published{.outcome = exists ? Publication::replaced : Publication::created};
}

uring::Task<Published> claim_and_give_name(Connection& c, Upload& upload) {
  Claims& claims = c.worker.shared.claims;
  Claim claim;
  const bool is_known = upload.parent == upload.target.directory;
  Fault fault = Fault::none;
  upload.parent_id = upload.target.id;
  if (!is_known) fault = identify(upload.parent, upload.parent_id);
  if (fault != Fault::none) co_return failed(fault);
  fault = take_claim(claims, claim, upload.parent_id, c.exchange->request.intent);
  if (fault == Fault::try_again) {
    const Fault waited = co_await await_claim(c.io, claims, claim);
    fault = waited;
  }
  if (fault != Fault::none) co_return failed(fault);
  const Published published = co_await give_name(c, upload);
  claims.leave(claim);
  co_return published;
}

// Syncs the content before the file gets its name, so that a power cut leaves no name without its
// content.
uring::Task<Fault> sync_file(uring::Io& io, int file, Durability durability) {
  uring::Result synced;
  if (durability == Durability::full) {
    const uring::Result whole = co_await io.sync(file);
    synced = whole;
  } else {
    const uring::Result data = co_await io.sync_data(file);
    synced = data;
  }
  co_return synced.fault();
}

}  // namespace

// Sets the modification time from the exact clock. The kernel's own timestamps come from a coarse
// clock: two uploads within one of its ticks would have one time, and one entity tag. A time that
// the client sent has whole seconds and gets the nanoseconds of now, for the same reason. A plain
// call: it changes the inode of an open file, which is in memory.
void set_modification_time(Upload& upload) {
  if (upload.mtime_ns) return;
  std::array<timespec, 2> times{};
  ::clock_gettime(CLOCK_REALTIME, &times[1]);
  times[0] = times[1];
  if (upload.terms.mtime_seconds) times[1].tv_sec = *upload.terms.mtime_seconds;
  if (::futimens(upload.file, times.data()) != 0) return;
  upload.mtime_ns = times[1].tv_sec * 1'000'000'000 + times[1].tv_nsec;
}

uring::Task<Published> publish(Connection& c, Upload& upload) {
  const Durability durability = c.exchange->site->durability;
  set_modification_time(upload);
  if (upload.digest) {
    const Digest& digest = *upload.digest;
    co_await store_digest(c.io, c.worker.shared.digests, upload.file, digest);
  }
  if (durability != Durability::none) {
    const Fault synced = co_await sync_file(c.io, upload.file, durability);
    if (synced != Fault::none) co_return failed(synced);
  }
  Published published = failed(Fault::not_found);
  for (int i = 0; i < most_attempts && published.fault == Fault::not_found; ++i) {
    if (i > 0 || !has_parent(c.exchange->request.intent, upload.target)) {
      const Fault fault = co_await open_parent(c, upload, i > 0);
      published = failed(fault);
      if (fault != Fault::none) continue;
    } else {
      upload.parent = upload.target.directory;
    }
    const Published attempt = co_await claim_and_give_name(c, upload);
    published = attempt;
  }
  if (published.is_visible()) c.worker.record_file_change();
  if (!published.is_visible()) {
    co_await remove_parents(c, upload);
  } else if (durability == Durability::full) {
    const uring::Result confirmed = co_await c.io.sync(upload.parent);
    if (!confirmed.ok()) published = {.outcome = Publication::unconfirmed};
  }
  co_return published;
}

void close_upload(Connection& c, Upload& upload) {
  close_parent(c.io, upload);
  if (upload.file >= 0) c.io.engine().close(upload.file);
  release_directory(c, upload.target);
}

}  // namespace server
