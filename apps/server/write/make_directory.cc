// The order of a MKCOL: open the directory above, check the conditions, make the name.
//
// mkdir(2) never replaces anything, so no claim on the name is needed. Covered by
// tests/server/write/make_directory_test.cc and tests/end_to_end/move_test.cc.
#include "apps/server/write/make_directory.h"

#include <fcntl.h>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/write/answer_upload.h"
#include "apps/server/write/target.h"

namespace server {

using uring::Fault;

namespace {

// How often the directory above is opened, which a DELETE may remove meanwhile.
constexpr int most_attempts = 4;

void answer_taken(Connection& c) { answer(c, 405, "something has this name already"); }

// Plans the response to a request whose conditions do not hold for a new directory. Something that
// has the name comes first: RFC 9110 section 13.2.1.
uring::Task<> answer_unmet(Connection& c) {
  const Found found = co_await stat_target(c, handle_flags | O_NOFOLLOW);
  if (found.fault == Fault::not_found) co_return answer(c, 412);
  const bool is_taken = found.fault == Fault::none || found.fault == Fault::not_allowed;
  if (!is_taken) co_return answer_write(c, found.fault);
  answer_taken(c);
}

// Makes the directory in that of `target`. Fault::not_found: the directory above was removed.
uring::Task<Fault> make_name(Connection& c, const Target& target) {
  Exchange& x = *c.exchange;
  const char* leaf = leaf_of(x.request.intent);
  const uring::Result made = co_await c.io.make_directory(target.directory, leaf, 0777);
  if (!made.ok()) co_return made.fault();
  c.worker.record_file_change();
  if (x.site->durability == Durability::full) {
    const uring::Result synced = co_await c.io.sync(target.directory);
    if (!synced.ok()) {
      answer(c, 500, "the directory is made, but the disk did not confirm it");
      co_return Fault::none;
    }
  }
  if (!confirm_directory(c, target.id)) co_return Fault::none;
  x.plan = plan_named(x.request.head, true, x.request.head.path());
  co_return Fault::none;
}

uring::Task<Fault> open_and_make(Connection& c) {
  Target target;
  Fault fault = co_await open_directory(c, target);
  if (fault == Fault::none && !has_parent(c.exchange->request.intent, target)) {
    fault = Fault::not_found;
  }
  if (fault == Fault::none) {
    const Fault made = co_await make_name(c, target);
    fault = made;
  }
  release_directory(c, target);
  co_return fault;
}

}  // namespace

uring::Task<> make_directory(Connection& c) {
  const Exchange& x = *c.exchange;
  if (x.request.intent.path == ".") co_return answer_taken(c);
  if (!conditions_hold(x.request.head, {.fault = Fault::not_found}, c.worker.now())) {
    co_await answer_unmet(c);
    co_return;
  }
  begin_file_operations(c);
  Fault fault = Fault::not_found;
  for (int i = 0; i < most_attempts && fault == Fault::not_found; ++i) {
    const Fault attempt = co_await open_and_make(c);
    fault = attempt;
  }
  c.io.do_files_at_once(false);
  if (fault == Fault::exists) co_return answer_taken(c);
  if (fault == Fault::not_found) co_return answer(c, 409, "the directory above does not exist");
  if (fault != Fault::none) answer_write(c, fault);
}

}  // namespace server
