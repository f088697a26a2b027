// inotify(7), with non-blocking reads. Covered by tests/server/files/watches_test.cc.
#include "apps/server/files/watches.h"

#include <cstdio>
#include <cstring>
#include <sys/inotify.h>
#include <unistd.h>

namespace server {

namespace {

constexpr std::uint32_t file_events =
    IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

WatchId Watches::watch_directory(int fd) {
  return watch(fd, IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
                       IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
}

WatchId Watches::watch_file(int fd) { return watch(fd, file_events); }

WatchId Watches::watch_path(const char* path) {
  return ::inotify_add_watch(opened(), path, file_events | IN_DONT_FOLLOW | IN_MASK_ADD);
}

int Watches::opened() {
  if (!events_.valid()) events_.reset(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  return events_.get();
}

// Through /proc/self/fd, so that the watched inode is that of `fd` even if its path now leads to
// another one.
WatchId Watches::watch(int fd, std::uint32_t mask) {
  std::array<char, 32> path{};
  std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", fd);
  return ::inotify_add_watch(opened(), path.data(), mask);
}

void Watches::remove(WatchId watch) { ::inotify_rm_watch(events_.get(), watch); }

bool Watches::next(Change& change) {
  if (begin_ == end_) {
    if (!events_.valid()) return false;
    begin_ = end_ = 0;
    const ssize_t got = ::read(events_.get(), buffer_.data(), buffer_.size());
    if (got <= 0) return false;
    end_ = static_cast<std::size_t>(got);
  }
  inotify_event event{};
  std::memcpy(&event, buffer_.data() + begin_, sizeof event);
  const char* const name = buffer_.data() + begin_ + sizeof event;
  begin_ += sizeof event + event.len;
  change.watch = event.wd;
  change.name = event.len > 0 ? std::string_view(name) : std::string_view();
  change.is_lost = (event.mask & (IN_Q_OVERFLOW | IN_UNMOUNT)) != 0;
  change.is_directory = (event.mask & IN_ISDIR) != 0;
  return true;
}

}  // namespace server
