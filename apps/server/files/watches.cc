// inotify, read without waiting. Covered by tests/server/files/file_cache_test.cc.
#include "apps/server/files/watches.h"

#include <cstdio>
#include <cstring>
#include <sys/inotify.h>
#include <unistd.h>

namespace server {

namespace {

constexpr std::uint32_t of_a_file =
    IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

WatchId Changes::watch_directory(int fd) {
  return watch(fd, IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                       IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
}

WatchId Changes::watch_file(int fd) { return watch(fd, of_a_file); }

WatchId Changes::watch_path(const char* path) {
  return ::inotify_add_watch(opened(), path, of_a_file | IN_DONT_FOLLOW | IN_MASK_ADD);
}

int Changes::opened() {
  if (!events_.valid()) events_.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  return events_.get();
}

// By the descriptor, so that it is this very inode and no other that has taken its name.
WatchId Changes::watch(int fd, std::uint32_t mask) {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", fd);
  return ::inotify_add_watch(opened(), path.data(), mask);
}

void Changes::forget(WatchId watch) { ::inotify_rm_watch(events_.get(), watch); }

bool Changes::next(Change& change) {
  if (begin_ == end_) {
    if (!events_.valid()) return false;
    begin_ = end_ = 0;
    const ssize_t got = ::read(events_.get(), room_.data(), room_.size());
    if (got <= 0) return false;
    end_ = static_cast<std::size_t>(got);
  }
  inotify_event event{};
  std::memcpy(&event, room_.data() + begin_, sizeof event);
  const char* const name = room_.data() + begin_ + sizeof event;
  begin_ += sizeof event + event.len;
  change.watch = event.wd;
  change.name = event.len > 0 ? std::string_view(name) : std::string_view();
  change.is_lost = (event.mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) != 0;
  change.is_directory = (event.mask & IN_ISDIR) != 0;
  return true;
}

}  // namespace server
