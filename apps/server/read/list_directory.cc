// getdents64(2) has no operation in io_uring, and statx(2) by the ring costs ten times the plain
// call. Both are therefore plain calls, in slices of at most a millisecond, after each of which the
// loop serves the other connections. docs/decisions/0009-directory-listings.md has the
// alternatives. Covered by tests/server/read/list_directory_test.cc and
// tests/end_to_end/listing_test.cc.
#include "apps/server/read/list_directory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <new>
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

// The time of one loop iteration for all listings of a worker together, which share it, and the
// least that each of them gets.
constexpr std::int64_t all_slices_us = 1000;
constexpr std::int64_t least_slice_us = 50;

enum class ScanStatus : std::uint8_t { more, done, too_many, busy, failed };

// The progress of reading a directory. The kernel's entries from `begin` to `end` of the text
// buffer are not yet added to the listing.
struct Scan {
  int directory;
  std::size_t begin = 0;
  std::size_t end = 0;
  int error = 0;         // an errno, with ScanStatus::failed
  bool filters = false;  // the asker may not read all entries
};

Entry entry_of(std::string_view name, const struct stat& status) {
  return {.name = name,
          .size = static_cast<std::uint64_t>(status.st_size),
          .mtime_seconds = facts_in(status).mtime_seconds(),
          .is_directory = S_ISDIR(status.st_mode)};
}

// Writes the status of the file that a symbolic link in the directory `path` leads to. False: the
// link leads out of the root or nowhere, so that GET would not serve it.
bool follow(int root, std::string_view path, std::string_view name, struct stat& status) {
  std::array<char, path_buffer_bytes + 257> link;
  char* end = std::copy(path.begin(), path.end(), link.data());
  *end++ = '/';
  end = std::copy(name.begin(), name.end(), end);
  *end = '\0';
  const uring::OpenHow how = beneath(O_PATH);
  int fd = -EAGAIN;
  for (int i = 0; i < most_open_attempts && fd == -EAGAIN; ++i) {
    fd = uring::openat2(root, link.data(), how);
  }
  if (fd < 0) return false;
  const bool known = ::fstat(fd, &status) == 0;
  ::close(fd);
  return known;
}

// Whether the asker may read the entry, or a path below it.
bool may_list(const Connection& c, std::string_view name, bool is_directory) {
  std::array<char, path_buffer_bytes + 257> buffer;
  const std::string_view path = c.exchange->request.intent.path;
  char* end = buffer.data();
  if (path != ".") {
    end = std::copy(path.begin(), path.end(), end);
    *end++ = '/';
  }
  end = std::copy(name.begin(), name.end(), end);
  const std::string_view entry(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  const Rules& rules = c.exchange->site->rules;
  const std::string_view user = c.exchange->request.user;
  return rules.may_read(user, entry) || (is_directory && rules.lead_on(user, entry));
}

// Adds the entry `text`, NUL-terminated, to the listing if GET would serve it.
ScanStatus add_entry(Connection& c, Listing& listing, const Scan& scan, const char* text) {
  const std::string_view name = text;
  const std::string_view path = c.exchange->request.intent.path;
  if (name == "." || name == ".." || !is_listable(name)) return ScanStatus::more;
  if (is_hidden(name, c.exchange->site->dot_files)) return ScanStatus::more;
  struct stat status {};
  if (::fstatat(scan.directory, text, &status, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) {
    return ScanStatus::more;  // it was removed meanwhile
  }
  const bool is_link = S_ISLNK(status.st_mode);
  if (is_link && !follow(c.worker.shared.root, path, name, status)) return ScanStatus::more;
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return ScanStatus::more;
  if (scan.filters && !may_list(c, name, S_ISDIR(status.st_mode))) return ScanStatus::more;
  switch (listing.add(entry_of(name, status))) {
    case Listing::Added::fine: return ScanStatus::more;
    case Listing::Added::too_many: return ScanStatus::too_many;
    default: return ScanStatus::busy;
  }
}

// Reads and adds entries for one time slice. `buffer` keeps the kernel's entries between slices, as
// struct linux_dirent64: inode, offset, length, type, name.
ScanStatus scan_slice(Connection& c, Listing& listing, std::span<char> buffer, Scan& scan) {
  constexpr std::size_t length_at = 16;
  constexpr std::size_t name_at = 19;
  const auto scans = static_cast<std::int64_t>(c.worker.listings);
  const std::int64_t slice_us =
      std::max(least_slice_us, all_slices_us / std::max<std::int64_t>(1, scans));
  const std::int64_t until_us = uring::monotonic_us() + slice_us;
  do {
    if (scan.begin == scan.end) {
      const long got = ::syscall(SYS_getdents64, scan.directory, buffer.data(), buffer.size());
      scan.error = got < 0 ? errno : 0;
      if (got <= 0) return got == 0 ? ScanStatus::done : ScanStatus::failed;
      scan.begin = 0;
      scan.end = static_cast<std::size_t>(got);
    }
    const char* at = buffer.data() + scan.begin;
    std::uint16_t length = 0;
    std::memcpy(&length, at + length_at, sizeof length);
    const ScanStatus status = add_entry(c, listing, scan, at + name_at);
    if (status != ScanStatus::more) return status;
    scan.begin += length;
  } while (uring::monotonic_us() < until_us);
  return ScanStatus::more;
}

// Plans the response once the scan has ended.
void answer_scan(Connection& c, Listing& listing, ScanStatus status, int error) {
  Exchange& x = *c.exchange;
  switch (status) {
    case ScanStatus::done:
      if (!listing.finish()) return answer(c, Fault::out_of_memory);
      x.plan = plan_listing(x.request.head, listing, c.worker.now());
      break;
    case ScanStatus::failed: answer(c, uring::Result{.value = -error}.fault()); break;
    case ScanStatus::too_many:
      answer(c, 500, "this directory has too many entries for a list");
      break;
    default: answer(c, 503); break;
  }
}

// The rights of the asker in the directory, which its page shows.
PageRights rights_of(const Exchange& x) {
  const Site& site = *x.site;
  const Intent& intent = x.request.intent;
  Rights rights{.read = true, .write = true};
  if (site.is_guarded) {
    const Rule* const rule = site.rules.rule_for(x.request.user, intent.path);
    rights = rule ? rule->rights : Rights{};
  }
  const bool writes = site.writable && (rights.write || rights.create);
  return {.upload = writes,
          .replace = writes && rights.write,
          .rename = writes && rights.read && rights.write,
          .resumable = writes && site.resumable,
          .sign_in = site.has_accounts && x.request.user.empty(),
          .archives = site.archives};
}

// Makes the listing, which the source of the response owns. Null: memory is exhausted.
Listing* make_listing(Connection& c) {
  Exchange& x = *c.exchange;
  const ListingTerms terms{.format = listing_format(x.request.head),
                           .path = x.request.intent.path,
                           .order = order_of_query(x.request.head.query()),
                           .rights = rights_of(x)};
  try {
    auto owned = std::make_unique<Listing>(terms, c.worker.listing_runs);
    Listing* const listing = owned.get();
    x.source.generated = std::move(owned);
    return listing;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

// Whether an asker without a name wants to give one: the browser asks for it when it gets 401.
bool wants_to_sign_in(const Exchange& x) {
  return x.site->has_accounts && x.request.user.empty() && x.request.head.query() == sign_in_query;
}

// Reads all entries, with one loop iteration between time slices.
uring::Task<ScanStatus> scan_all(Connection& c, Listing& listing, Scan& scan) {
  const ScratchText text(c.exchange->scratch);
  ScanStatus status = ScanStatus::more;
  ++c.worker.listings;
  while (status == ScanStatus::more && !c.io.stopped()) {
    status = scan_slice(c, listing, text.bytes(), scan);
    if (status == ScanStatus::more) co_await c.io.yield();
  }
  --c.worker.listings;
  co_return status;
}

}  // namespace

uring::Task<> list_directory(Connection& c) {
  Exchange& x = *c.exchange;
  if (wants_to_sign_in(x)) co_return answer(c, 401);
  const char* path = x.request.intent.path.data();
  constexpr std::uint64_t flags = O_RDONLY | O_DIRECTORY | O_NOCTTY;
  const Found found = co_await open_beneath(c.io, c.worker.files, path, flags);
  if (found.fault != Fault::none) co_return answer(c, found.fault);
  Listing* const made = make_listing(c);
  if (!made) {
    c.io.engine().close(found.fd);
    co_return answer(c, Fault::out_of_memory);
  }
  Listing& listing = *made;
  const Intent& intent = x.request.intent;
  const bool filters =
      intent.shows_way_only || (x.site->is_guarded && x.site->rules.differ_below(intent.path));
  Scan scan{.directory = found.fd, .filters = filters};
  const ScanStatus status = co_await scan_all(c, listing, scan);
  c.io.engine().close(found.fd);
  answer_scan(c, listing, status, scan.error);
}

}  // namespace server
