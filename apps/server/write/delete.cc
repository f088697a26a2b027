// The order of a DELETE: open the directory, claim the name, check the conditions, unlink.
//
// DELETE of a symbolic link removes the link and not the file that it leads to. The conditions of
// the request, however, are evaluated against that file, because GET shows it. A directory is
// removed only where it is empty, whatever `Depth` says (RFC 4918 section 9.6.1; Ruby's clients
// send it). Covered by tests/server/write/delete_test.cc and tests/end_to_end/put_test.cc.
#include "apps/server/write/delete.h"

#include <cerrno>
#include <fcntl.h>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/write/target.h"

namespace server {

using uring::Fault;

namespace {

// Unlinks the last name of the path in `directory`. The caller holds the claim on the name.
uring::Task<> unlink_claimed(Connection& c, int directory) {
  Exchange& x = *c.exchange;
  const Intent& intent = x.request.intent;
  // O_NOFOLLOW: the kind of the name itself. Fault::not_allowed is neither a file nor a directory,
  // such as a link, which can be deleted.
  const Found named = co_await stat_target(c, handle_flags | O_NOFOLLOW);
  const bool is_other = named.fault == Fault::not_allowed;
  if (named.fault != Fault::none && !is_other) co_return answer(c, named.fault);
  // A path with a slash at its end names a directory; a file of that name does not count.
  if (intent.names_directory && !named.is_directory) co_return answer(c, 404);
  Found shown = named;
  if (is_other) {
    const Found followed = co_await stat_target(c, handle_flags);
    shown = followed;
  }
  if (!conditions_hold(x.request.head, shown, c.worker.now())) co_return answer(c, 412);
  const int flags = named.is_directory ? AT_REMOVEDIR : 0;
  const uring::Result removed = co_await c.io.unlink(directory, leaf_of(intent), flags);
  if (removed.error() == EBUSY) co_return answer(c, 409, "something is mounted there");
  if (!removed.ok()) co_return answer(c, removed.fault());
  c.worker.record_file_change();
  x.plan = plan_deleted(x.request.head);
}

uring::Task<> claim_and_unlink(Connection& c, const Target& target) {
  Claims& claims = c.worker.shared.claims;
  Claim claim;
  Fault fault = take_claim(claims, claim, target.id, c.exchange->request.intent);
  if (fault == Fault::try_again) {
    const Fault waited = co_await await_claim(c.io, claims, claim);
    fault = waited;
  }
  if (fault != Fault::none) co_return answer(c, fault);
  co_await unlink_claimed(c, target.directory);
  claims.leave(claim);
  if (c.exchange->plan.status != 204) co_return;
  if (c.exchange->site->durability == Durability::full) {
    const uring::Result synced = co_await c.io.sync(target.directory);
    if (!synced.ok()) co_return answer(c, 500, "it is deleted, but the disk did not confirm it");
  }
  confirm_directory(c, target.id);
}

uring::Task<> open_and_unlink(Connection& c) {
  Target target;
  if (!reuse_directory(c, target)) {
    const Fault fault = co_await open_directory(c, target);
    if (fault != Fault::none) co_return answer(c, fault);
  }
  // Without the parent directory, the path does not exist.
  if (has_parent(c.exchange->request.intent, target)) {
    co_await claim_and_unlink(c, target);
  } else {
    answer(c, 404);
  }
  release_directory(c, target);
}

}  // namespace

uring::Task<> delete_file(Connection& c) {
  if (c.exchange->request.intent.path == ".")
    co_return answer(c, 409, "the root cannot be deleted");
  begin_file_operations(c);
  co_await open_and_unlink(c);
  c.io.do_files_at_once(false);
}

}  // namespace server
