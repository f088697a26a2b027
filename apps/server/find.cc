// Opening and looking. Covered by tests/server/connection_test.cc and tests/end_to_end/.
#include "apps/server/find.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <utility>

#include "apps/server/file_system.h"
#include "apps/server/list.h"
#include "apps/server/service.h"

namespace server {

namespace {

// O_NONBLOCK so that opening a FIFO cannot wait for its other end.
constexpr std::uint64_t for_reading = O_RDONLY | O_NONBLOCK | O_NOCTTY;

// fstat(2) as a plain call: the inode of an open file is in memory, it takes 88 ns where a statx
// through the ring takes 1,200, and it cannot block on a local file system.
struct stat status_of_file(int fd) {
  struct stat status {};
  describe_file(fd, status);  // fails for no descriptor that is open
  return status;
}

void discard(Connection& c, Found& found, uring::Fault fault) {
  if (found.fd >= 0) c.io.engine().close(std::exchange(found.fd, -1));
  if (found.cached) c.service.files.unpin(*std::exchange(found.cached, nullptr));
  found.fault = fault;
}

}  // namespace

// Nanoseconds reach from 1678 to 2261; some file systems' times go beyond.
FileFacts facts_in(const struct stat& status) {
  constexpr std::int64_t furthest = 9'223'372'035;  // seconds from 1970, either way
  const std::int64_t seconds = std::clamp<std::int64_t>(status.st_mtim.tv_sec, -furthest, furthest);
  return {.size = static_cast<std::uint64_t>(status.st_size),
          .mtime_ns = seconds * 1'000'000'000 + status.st_mtim.tv_nsec};
}

FileFacts facts_of(int fd) { return facts_in(status_of_file(fd)); }

uring::OpenHow beneath(std::uint64_t flags, std::uint64_t mode) {
  return {
      .flags = flags | O_CLOEXEC, .mode = mode, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
}

uring::Task<Found> open_beneath(Connection& c, const char* path, std::uint64_t flags) {
  const uring::OpenHow how = beneath(flags);
  uring::Result opened{.value = -EAGAIN};
  for (int i = 0; i < most_open_attempts && opened.fault() == uring::Fault::try_again; ++i) {
    const uring::Result attempt = co_await c.io.open(c.service.shared.root, path, how);
    opened = attempt;
  }
  Found found{.fault = opened.fault(), .fd = opened.value};
  if (!opened.ok()) {
    found.fd = -1;
    co_return found;
  }
  const struct stat status = status_of_file(found.fd);
  found.is_directory = S_ISDIR(status.st_mode);
  found.facts = facts_in(status);
  if (!found.is_directory && !S_ISREG(status.st_mode)) {
    discard(c, found, uring::Fault::not_allowed);
  } else if (flags & O_NONBLOCK) {
    // The ring answers EAGAIN for a non-blocking file on some file systems instead of waiting.
    ::fcntl(found.fd, F_SETFL, 0);
  }
  co_return found;
}

std::string_view type_of(const Connection& c, CachedFile& file, std::string_view path) {
  if (file.content_type.empty()) file.content_type = c.service.shared.mime.type_of(path);
  return file.content_type;
}

std::string_view not_found_page(const Site& site) {
  return site.not_found.empty() ? std::string_view("404.html") : site.not_found;
}

namespace {

std::string_view type_in(const Connection& c, const Found& found, std::string_view path) {
  return found.cached ? type_of(c, *found.cached, path) : c.service.shared.mime.type_of(path);
}

Found found_in(CachedFile& cached) {
  FileCache::pin(cached);
  return {.fault = cached.exists ? uring::Fault::none : uring::Fault::not_found,
          .cached = &cached,
          .facts = cached.facts};
}

// What a path leads to for reading: as it is remembered, now or before, or by a look, after which
// more may be at hand.
uring::Task<Found> look_up(Connection& c, const char* path) {
  CachedFile* cached = c.service.fresh_files().find(path);
  const bool is_wanted = !cached && c.service.files.wants(path);
  if (is_wanted) cached = c.service.files.remember(path);
  if (cached) co_return found_in(*cached);
  Found found = co_await open_beneath(c, path, for_reading);
  const bool is_nothing = found.fault == uring::Fault::not_found;
  if (!is_wanted || found.is_directory) co_return found;
  if (found.fault != uring::Fault::none && !is_nothing) co_return found;
  cached = c.service.files.remember(path);
  if (!cached) co_return found;
  discard(c, found, uring::Fault::none);
  co_return found_in(*cached);
}

// Notes that this request's target leads there, so that the next one is answered at once.
void note_target(Connection& c, CachedFile& cached) {
  const http1::RequestHead& head = c.exchange->head;
  const bool is_plain = head.target_form() == http1::TargetForm::origin && !head.has_query();
  if (is_plain && !c.service.config.site.precompressed) {
    c.service.files.note_target(cached, head.target());
  }
}

// Writes "path/name" into the text room, NUL-terminated.
const char* join(Exchange& x, std::string_view name) {
  char* end = x.text_room.data();
  if (x.intent.path != ".") {
    end = std::copy(x.intent.path.begin(), x.intent.path.end(), end);
    *end++ = '/';
  }
  const std::size_t room = x.text_room.size() - x.intent.path.size() - 2;
  end = std::copy_n(name.data(), std::min(name.size(), room), end);
  *end = '\0';
  return x.text_room.data();
}

// The first index file that is there; its path is in the text room.
uring::Task<Found> open_index(Connection& c) {
  for (const std::string& name : c.service.config.site.index) {
    const char* path = join(*c.exchange, name);
    Found found = co_await look_up(c, path);
    if (found.fault == uring::Fault::not_found || found.is_directory) {
      discard(c, found, uring::Fault::not_found);
    }
    if (found.fault != uring::Fault::not_found) co_return found;
  }
  co_return Found{.fault = uring::Fault::not_found};
}

// Shows a page in place of what is not there. False: there is no such page.
uring::Task<bool> show_page(Connection& c, const char* path, int status) {
  Exchange& x = *c.exchange;
  Found found = co_await look_up(c, path);
  if (status_of(found.fault) == 503) {
    answer(c, found.fault);  // whether there is one cannot be known now
    co_return true;
  }
  if (found.fault != uring::Fault::none || found.is_directory) {
    discard(c, found, uring::Fault::not_found);
    co_return false;
  }
  x.file = found.fd;
  x.cached = found.cached;
  x.plan = plan_page(x.head, status, found.facts, type_in(c, found, path));
  co_return true;
}

// Nothing is there: the fallback, or the page for 404, or a line of text.
uring::Task<> show_nothing(Connection& c) {
  const Config& config = c.service.config;
  if (!config.site.fallback.empty()) {
    const char* fallback = config.site.fallback.c_str();
    const bool shown = co_await show_page(c, fallback, 200);
    if (shown) co_return;
  }
  const char* page = not_found_page(config.site).data();
  const bool shown = co_await show_page(c, page, 404);
  if (!shown) answer(c, 404);
}

// Puts a compressed sibling that the client takes in the place of the file `found` of that path,
// which may lie in the text room already.
uring::Task<> choose_coding(Connection& c, Found& found, std::string_view path) {
  Exchange& x = *c.exchange;
  const CodingChoice choice = acceptable_codings(x.head);
  if (choice.count == 0) co_return;
  std::memmove(x.text_room.data(), path.data(), path.size());
  for (const Coding coding : choice.wanted()) {
    const std::string_view suffix = suffix_of(coding);
    char* const end = std::copy(suffix.begin(), suffix.end(), x.text_room.data() + path.size());
    *end = '\0';
    const char* name = x.text_room.data();
    Found sibling = co_await look_up(c, name);
    const bool is_there = sibling.fault == uring::Fault::none && !sibling.is_directory;
    if (!is_there || !is_current(sibling.facts.mtime_ns, found.facts.mtime_ns)) {
      discard(c, sibling, uring::Fault::not_found);
      continue;
    }
    discard(c, found, uring::Fault::none);
    found = sibling;
    found.facts.coding = coding;
    co_return;
  }
}

// Plans the answer with a file that was found.
uring::Task<> show_file(Connection& c, Found found, const char* path) {
  Exchange& x = *c.exchange;
  const std::string_view type = type_in(c, found, path);
  if (c.service.config.site.precompressed) co_await choose_coding(c, found, path);
  x.file = found.fd;
  x.cached = found.cached;
  x.plan = plan_file(x.head, found.facts, type, c.service.now(), x.range_room);
  if (c.service.config.site.precompressed) x.plan.vary = "Accept-Encoding";
  x.plan.boundary = {x.boundary.data(), x.boundary.size()};
  const bool divided = x.plan.content == Content::parts;
  if (divided && !draw_boundary(x.boundary)) answer(c, 500);
}

// Plans the answer to what was found, be it nothing.
uring::Task<> show(Connection& c, Found found, const char* path) {
  if (found.fault == uring::Fault::none) {
    co_await show_file(c, found, path);
  } else if (status_of(found.fault) == 404) {
    discard(c, found, found.fault);
    co_await show_nothing(c);
  } else {
    answer(c, found.fault);
  }
}

}  // namespace

uring::Task<> find(Connection& c) {
  Exchange& x = *c.exchange;
  if (x.intent.is_hidden) {
    co_await show_nothing(c);
    co_return;
  }
  const char* path = x.intent.path.data();
  Found found = co_await look_up(c, path);
  if (found.cached && !x.intent.names_directory) note_target(c, *found.cached);
  if (found.is_directory) {
    discard(c, found, uring::Fault::none);
    if (!x.intent.names_directory) {
      x.plan = plan_slash(x.head, x.intent.path, x.text_room);
      co_return;
    }
    const Found index = co_await open_index(c);
    if (index.cached && c.service.config.site.index.size() == 1) note_target(c, *index.cached);
    const bool lists = index.fault == uring::Fault::not_found && c.service.config.site.listing;
    if (lists) {
      co_await list(c);
      co_return;
    }
    co_await show(c, index, x.text_room.data());
    co_return;
  }
  if (x.intent.names_directory && found.fault == uring::Fault::none) {
    discard(c, found, uring::Fault::not_found);
  }
  co_await show(c, found, path);
}

}  // namespace server
