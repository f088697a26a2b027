// The cache first, then the kernel. Covered by tests/server/read/get_test.cc and
// from_cache_test.cc.
#include "apps/server/read/look_up.h"

#include <cstdint>
#include <fcntl.h>

#include "apps/server/connection/worker_state.h"

namespace server {

namespace {

// O_NONBLOCK: opening a FIFO does not wait for its other end.
constexpr std::uint64_t for_reading = O_RDONLY | O_NONBLOCK | O_NOCTTY;

Found found_in(CachedFile& cached) {
  FileCache::pin(cached);
  return {.fault = cached.exists ? uring::Fault::none : uring::Fault::not_found,
          .cached = &cached,
          .facts = cached.facts};
}

}  // namespace

void discard(Connection& c, Found& found, uring::Fault fault) {
  discard(c.io.engine(), c.worker.files, found, fault);
}

// After the open the kernel may have the inode in memory, without which the cache could not take
// the file before.
uring::Task<Found> look_up(Connection& c, const char* path) {
  FileCache& files = c.worker.fresh_files();
  CachedFile* cached = files.find(path);
  const bool is_admitted = !cached && files.admits(path);
  if (is_admitted) cached = files.load(path);
  if (cached) co_return found_in(*cached);
  Found found = co_await open_beneath(c.io, c.worker.files, path, for_reading);
  const bool is_missing = found.fault == uring::Fault::not_found;
  if (!is_admitted || found.is_directory) co_return found;
  if (found.fault != uring::Fault::none && !is_missing) co_return found;
  cached = files.load(path);
  if (!cached) co_return found;
  discard(c, found, uring::Fault::none);
  co_return found_in(*cached);
}

bool may_read(const Connection& c, std::string_view user, std::string_view path) {
  const Site& site = *c.exchange->site;
  return !site.is_guarded || site.rules.may_read(user, path);
}

void record_target(Connection& c, CachedFile& cached, bool is_public) {
  const Request& request = c.exchange->request;
  const bool is_plain =
      request.head.target_form() == http1::TargetForm::origin && !request.head.has_query();
  if (!is_plain || c.exchange->site->precompressed || !c.exchange->live->is_current) return;
  if (!is_public) return;
  cached.is_public = true;
  c.worker.files.record_target(cached, request.head.target());
}

}  // namespace server
