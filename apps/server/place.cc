// Opening, looking, queueing. Covered by tests/server/upload_test.cc and
// tests/end_to_end/put_test.cc.
#include "apps/server/place.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

#include "apps/server/service.h"

namespace server {

using uring::Fault;

const char* leaf_of(const Connection& c) {
  const std::string_view path = c.exchange->intent.path;
  return path.data() + (path.rfind('/') + 1);  // without a slash: all of it
}

std::uint64_t handle_flags() { return O_PATH; }

std::uint64_t directory_flags(const Connection& c) {
  const bool is_synced = c.service.config.durability == Durability::full;
  return O_DIRECTORY | (is_synced ? O_RDONLY : O_PATH);
}

uring::Task<Found> look(Connection& c, std::uint64_t flags) {
  const char* path = c.exchange->intent.path.data();
  Found found = co_await open_beneath(c, path, flags);
  if (found.fd >= 0) c.io.engine().close(std::exchange(found.fd, -1));
  co_return found;
}

uring::Task<Fault> open_directory(Connection& c, Place& place) {
  Exchange& x = *c.exchange;
  const std::string_view path = x.intent.path;
  std::size_t slash = path.rfind('/');
  for (;;) {
    const bool at_root = slash == std::string_view::npos;
    char* name = x.text_room.data();
    const std::size_t size = at_root ? path.copy(name, 0) : path.copy(name, slash);
    std::strcpy(name + size, at_root ? "." : "");
    const uring::OpenHow how = beneath(directory_flags(c));
    uring::Result opened{.value = -EAGAIN};
    for (int i = 0; i < most_open_attempts && opened.fault() == Fault::try_again; ++i) {
      const uring::Result attempt = co_await c.io.open(c.service.shared.root, name, how);
      opened = attempt;
    }
    if (opened.ok()) {
      place.directory = opened.value;
      place.existing_bytes = at_root ? 0 : slash + 1;
      co_return Fault::none;
    }
    if (opened.fault() != Fault::not_found || at_root) co_return opened.fault();
    slash = slash == 0 ? std::string_view::npos : path.rfind('/', slash - 1);
  }
}

uring::Task<Fault> take_claim(Connection& c, Claim& claim, int directory) {
  struct stat status {};
  ::fstat(directory, &status);  // fails for no descriptor that is open
  const ClaimKey key{.device = status.st_dev, .inode = status.st_ino, .name = leaf_of(c)};
  Claims& claims = c.service.shared.claims;
  const Fault entered = claims.enter(claim, key);
  if (entered != Fault::try_again) co_return entered;
  std::uint64_t count = 0;
  const std::span<char> room(reinterpret_cast<char*>(&count), sizeof count);
  const uring::Result woken = co_await c.io.read(claim.event, room, uring::at_position);
  if (!woken.ok()) claims.leave(claim);
  co_return woken.fault();
}

bool conditions_hold(Connection& c, const Found& found) {
  const FileFacts* existing = found.fault == Fault::none ? &found.facts : nullptr;
  return judge(c.exchange->head, existing, c.service.now()) == Verdict::proceed;
}

}  // namespace server
