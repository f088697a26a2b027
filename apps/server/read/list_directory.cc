// The turns: getdents64(2) has no place in the ring, and a statx(2) there costs ten times the plain
// call; so both are plain calls, and after a millisecond of them whatever else is ready has its
// turn. docs/decisions/0009-directory-listings.md says what was weighed.
// Covered by tests/server/read/list_directory_test.cc and tests/end_to_end/listing_test.cc.
#include "apps/server/read/list_directory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/files/file_system.h"
#include "apps/server/files/open.h"
#include "apps/server/pages/listing.h"
#include "uring/monotonic.h"
#include "uring/openat2.h"

namespace server {

using uring::Fault;

namespace {

// All that read at once share it.
constexpr std::int64_t turn_us = 1000;
constexpr std::int64_t least_turn_us = 50;

enum class Turn : std::uint8_t { again, done, too_many, busy, failed };

// Where the reading stands: entries that the kernel gave, in the text room.
struct Walk {
  int directory;
  std::size_t begin = 0;
  std::size_t end = 0;
  int error = 0;  // an errno, with Turn::failed
};

Entry entry_of(std::string_view name, const struct stat& status) {
  return {.name = name,
          .size = static_cast<std::uint64_t>(status.st_size),
          .mtime_seconds = facts_in(status).mtime_seconds(),
          .is_directory = S_ISDIR(status.st_mode)};
}

// What a link leads to, as GET finds it: beneath the root. False: GET would not.
bool follow(const Connection& c, std::string_view name, struct stat& status) {
  const std::string_view folder = c.exchange->request.intent.path;
  std::array<char, path_buffer_bytes + 257> path;
  char* end = std::copy(folder.begin(), folder.end(), path.data());
  *end++ = '/';
  end = std::copy(name.begin(), name.end(), end);
  *end = '\0';
  const uring::OpenHow how = beneath(O_PATH);
  int fd = -EAGAIN;
  for (int i = 0; i < most_open_attempts && fd == -EAGAIN; ++i) {
    fd = uring::openat2(c.worker.shared.root, path.data(), how);
  }
  if (fd < 0) return false;
  const bool known = ::fstat(fd, &status) == 0;
  ::close(fd);
  return known;
}

Turn add_entry(Connection& c, Listing& listing, int directory, const char* text) {
  const std::string_view name = text;
  if (name == "." || name == ".." || !is_listable(name)) return Turn::again;
  if (is_hidden(name, c.exchange->site->dot_files)) return Turn::again;
  struct stat status {};
  if (::fstatat(directory, text, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) {
    return Turn::again;  // it is gone
  }
  if (S_ISLNK(status.st_mode) && !follow(c, name, status)) return Turn::again;
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return Turn::again;
  switch (listing.add(entry_of(name, status))) {
    case Listing::Added::fine: return Turn::again;
    case Listing::Added::too_many: return Turn::too_many;
    default: return Turn::busy;
  }
}

// Reads for a moment. struct linux_dirent64: inode, offset, length, type, name.
Turn read_for_a_turn(Connection& c, Listing& listing, std::span<char> room, Walk& walk) {
  constexpr std::size_t length_at = 16;
  constexpr std::size_t name_at = 19;
  const auto readers = static_cast<std::int64_t>(c.worker.listings);
  const std::int64_t share_us =
      std::max(least_turn_us, turn_us / std::max<std::int64_t>(1, readers));
  const std::int64_t until_us = uring::monotonic_us() + share_us;
  do {
    if (walk.begin == walk.end) {
      const long got = ::syscall(SYS_getdents64, walk.directory, room.data(), room.size());
      walk.error = got < 0 ? errno : 0;
      if (got <= 0) return got == 0 ? Turn::done : Turn::failed;
      walk.begin = 0;
      walk.end = static_cast<std::size_t>(got);
    }
    const char* at = room.data() + walk.begin;
    std::uint16_t length = 0;
    std::memcpy(&length, at + length_at, sizeof length);
    const Turn turn = add_entry(c, listing, walk.directory, at + name_at);
    if (turn != Turn::again) return turn;
    walk.begin += length;
  } while (uring::monotonic_us() < until_us);
  return Turn::again;
}

void answer_turn(Connection& c, Listing& listing, Turn turn, int error) {
  Exchange& x = *c.exchange;
  switch (turn) {
    case Turn::done:
      listing.finish();
      x.plan = plan_listing(x.request.head, listing, c.worker.now());
      break;
    case Turn::failed: answer(c, uring::Result{.value = -error}.fault()); break;
    case Turn::too_many: answer(c, 500, "this directory has too many entries for a list"); break;
    default: answer(c, 503); break;
  }
}

// The name of the directory that is shown; "/" for the root.
std::string_view shown_name(std::string_view path) {
  return path == "." ? std::string_view("/") : path.substr(path.rfind('/') + 1);
}

// Reads all entries, and lets the loop go on after each millisecond.
uring::Task<Turn> read_all(Connection& c, Listing& listing, Walk& walk) {
  const ScratchText text(c.exchange->scratch);
  Turn turn = Turn::again;
  ++c.worker.listings;
  while (turn == Turn::again && !c.io.stopped()) {
    turn = read_for_a_turn(c, listing, text.bytes(), walk);
    if (turn == Turn::again) co_await c.io.yield();
  }
  --c.worker.listings;
  co_return turn;
}

}  // namespace

uring::Task<> list_directory(Connection& c) {
  Exchange& x = *c.exchange;
  const char* path = x.request.intent.path.data();
  constexpr std::uint64_t flags = O_RDONLY | O_DIRECTORY | O_NOCTTY;
  const Found found = co_await open_beneath(c.io, c.worker.shared.root, path, flags);
  if (found.fault != Fault::none) co_return answer(c, found.fault);
  auto listing = std::make_unique<Listing>(
      listing_format(x.request.head), shown_name(x.request.intent.path), c.worker.listing_runs);
  Listing& entries = *listing;
  x.source.generated = std::move(listing);
  Walk walk{.directory = found.fd};
  const Turn turn = co_await read_all(c, entries, walk);
  c.io.engine().close(found.fd);
  answer_turn(c, entries, turn, walk.error);
}

}  // namespace server
