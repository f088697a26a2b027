// Covered by tests/server/archive/answer_archive_test.cc and tests/end_to_end/archive_test.cc.
#include "apps/server/archive/answer_archive.h"

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "apps/server/archive/archive_stream.h"
#include "apps/server/connection/answer.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/files/open.h"

namespace server {

using uring::Fault;

namespace {

// For how long a client waits before it asks again: archives take seconds and more.
constexpr std::uint32_t retry_after_seconds = 5;

void count(const Connection& c, ArchiveResult result) {
  if (c.worker.counters) c.worker.counters->archives[static_cast<std::size_t>(result)].add();
}

// The files that the asker gets. The Site outlives the response.
WalkTerms terms_of(const Connection& c) {
  const Exchange& x = *c.exchange;
  const Intent& intent = x.request.intent;
  const bool filters =
      intent.shows_way_only || (x.site->is_guarded && x.site->rules.differ_below(intent.path));
  return {.dot_files = x.site->dot_files,
          .rules = filters ? &x.site->rules : nullptr,
          .user = std::string(x.request.user)};
}

// Makes the stream of the archive, which owns `directory`. False: memory is exhausted.
bool begin_stream(Connection& c, uring::Fd directory) {
  Exchange& x = *c.exchange;
  Archives* const archives = c.worker.shared.archives;
  try {
    TreeWalk walk(c.worker.shared.root, std::move(directory), x.request.intent.path, terms_of(c));
    x.source.streamed = std::make_unique<ArchiveStream>(x.request.intent.archive, std::move(walk),
                                                        archives, c.worker.counters);
    return true;
  } catch (const std::bad_alloc&) {
    if (archives) archives->leave();
    return false;
  }
}

// Plans the response to a GET, or an error.
void plan_content(Connection& c, uring::Fd directory) {
  Archives* const archives = c.worker.shared.archives;
  if (archives && !archives->enter(c.exchange->site->most_archives)) {
    count(c, ArchiveResult::refused);
    answer(c, 503, "too many archives are being sent; try again soon");
    c.exchange->plan.retry_after_seconds = retry_after_seconds;
  } else if (!begin_stream(c, std::move(directory))) {
    answer(c, Fault::out_of_memory);
  }
}

}  // namespace

uring::Task<> answer_archive(Connection& c) {
  Exchange& x = *c.exchange;
  const char* path = x.request.intent.path.data();
  constexpr std::uint64_t flags = O_RDONLY | O_DIRECTORY | O_NOCTTY;
  const Found found = co_await open_beneath(c.io, c.worker.files, path, flags);
  if (found.fault != Fault::none) co_return answer(c, found.fault);
  x.plan = plan_archive(
      x.request.head, x.request.intent.archive,
      archive_lines(x.request.intent.archive, x.request.intent.path, x.scratch.text_for_plan()));
  // The engine may have state of the descriptor that it has opened, and threads use no engine.
  uring::Fd directory(::fcntl(found.fd, F_DUPFD_CLOEXEC, 0));
  const Fault fault = directory.valid() ? Fault::none : uring::fault_of(errno);
  c.io.engine().close(found.fd);
  if (fault != Fault::none) co_return answer(c, fault);
  if (!x.plan.head_only) plan_content(c, std::move(directory));
}

}  // namespace server
