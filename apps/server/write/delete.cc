// DELETE: claim, look, judge, unlink.
//
// A symbolic link is deleted, not what it leads to, while conditions are about what GET shows: what
// it leads to. Directories go only when they are empty, and `Depth` (RFC 4918 9.6.1, which Ruby's
// clients send) changes nothing about that.
// Covered by tests/server/write/delete_test.cc and tests/end_to_end/put_test.cc.
#include "apps/server/write/delete.h"

#include <cerrno>
#include <fcntl.h>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/write/target.h"

namespace server {

using uring::Fault;

namespace {

// Nothing stands in the directory: what it was asked for is not there. RESOLVE_BENEATH made sure
// that it is below the root, O_NOFOLLOW that the kind is the name's own.
bool is_gone(const Connection& c, const Found& found) {
  return c.exchange->request.intent.names_directory && !found.is_directory;
}

// Deletes the path's last name in `directory`, which only this writer has now.
uring::Task<> take_away(Connection& c, int directory) {
  Exchange& x = *c.exchange;
  // What is neither file nor directory, a link for one, is "not allowed", and can be deleted.
  const Found found = co_await look(c, handle_flags() | O_NOFOLLOW);
  const bool is_other = found.fault == Fault::not_allowed;
  if (found.fault != Fault::none && !is_other) co_return answer(c, found.fault);
  if (is_gone(c, found)) co_return answer(c, 404);
  Found shown = found;
  if (is_other) {
    const Found followed = co_await look(c, handle_flags());
    shown = followed;
  }
  if (!conditions_hold(c, shown)) co_return answer(c, 412);
  const int flags = found.is_directory ? AT_REMOVEDIR : 0;
  const uring::Result removed = co_await c.io.unlink(directory, leaf_of(c), flags);
  if (removed.error() == EBUSY) co_return answer(c, 409, "something is mounted there");
  if (!removed.ok()) co_return answer(c, removed.fault());
  c.worker.note_change();
  x.plan = plan_deleted(x.request.head);
}

uring::Task<> claim_and_take_away(Connection& c, const Place& place) {
  Claim claim;
  Fault fault = take_claim(c, claim, place.id);
  if (fault == Fault::try_again) {
    const Fault waited = co_await await_claim(c, claim);
    fault = waited;
  }
  if (fault != Fault::none) co_return answer(c, fault);
  co_await take_away(c, place.directory);
  c.worker.shared.claims.leave(claim);
  const bool is_done = c.exchange->plan.status == 204;
  if (!is_done || c.exchange->site->durability != Durability::full) co_return;
  const uring::Result synced = co_await c.io.sync(place.directory);
  if (!synced.ok()) answer(c, 500, "it is deleted, but the disk did not confirm it");
}

// The directory, the claim, the name.
uring::Task<> find_and_take_away(Connection& c) {
  const std::string_view path = c.exchange->request.intent.path;
  Place place;
  if (!recall_directory(c, place)) {
    const Fault fault = co_await open_directory(c, place);
    if (fault != Fault::none) co_return answer(c, fault);
  }
  // The nearest directory that exists is further up: there is nothing to delete.
  if (place.existing_bytes != path.rfind('/') + 1) {
    answer(c, 404);
  } else {
    co_await claim_and_take_away(c, place);
  }
  leave_directory(c, place);
}

}  // namespace

uring::Task<> delete_file(Connection& c) {
  if (c.exchange->request.intent.path == ".")
    co_return answer(c, 409, "the root cannot be deleted");
  begin_files(c);
  co_await find_and_take_away(c);
  c.io.do_files_at_once(false);
}

}  // namespace server
