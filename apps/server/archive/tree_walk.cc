// readdir(3), and openat2(2) for each entry. Covered by tests/server/archive/tree_walk_test.cc.
#include "apps/server/archive/tree_walk.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <utility>

#include "apps/server/files/file_system.h"
#include "apps/server/files/open.h"
#include "apps/server/pages/listing.h"
#include "apps/server/plan/intent.h"
#include "uring/openat2.h"

namespace server {

using Step = TreeWalk::Step;

namespace {

// O_NONBLOCK: a FIFO that has taken the place of a file does not block the thread.
constexpr std::uint64_t for_reading = O_RDONLY | O_NONBLOCK | O_NOCTTY;

// Opens `path` below `directory`, with further attempts where the kernel asks for them. Minus an
// errno on failure.
int open_below(int directory, const char* path, std::uint64_t flags) {
  const uring::OpenHow how = beneath(flags);
  int fd = -EAGAIN;
  for (int i = 0; i < most_open_attempts && (fd == -EAGAIN || fd == -EINTR); ++i) {
    fd = uring::openat2(directory, path, how);
  }
  return fd;
}

// The step for an entry that could not be opened. GET of a file that was removed, or that this
// process may not read, has no content either. Other failures would leave out files that GET
// serves.
Step step_after(int error) {
  switch (error) {
    case ENOENT:
    case EACCES:
    case EPERM:
    case ELOOP:
    case EXDEV:
    case ENOTDIR:
    case ENXIO: return Step::nothing;
    default: return Step::failed;
  }
}

}  // namespace

TreeWalk::TreeWalk(int root, uring::Fd directory, std::string_view path, WalkTerms terms)
    : root_(root), terms_(std::move(terms)), first_(std::move(directory)) {
  levels_.reserve(most_levels);
  if (path == ".") return;
  path_ = path;
  shown_at_ = path.rfind('/') + 1;
}

std::string_view TreeWalk::path() const {
  std::string_view shown = std::string_view(path_).substr(shown_at_);
  if (shown.ends_with('/')) shown.remove_suffix(1);
  return shown;
}

// The directory of the walk itself, whose name is its first entry.
Step TreeWalk::begin() {
  if (!describe_file(first_.get(), status_)) return Step::failed;
  const Step entered = enter(std::move(first_));
  return entered == Step::directory && path_.empty() ? Step::nothing : entered;
}

// Makes the open directory, whose path is path_, the deepest level.
Step TreeWalk::enter(uring::Fd directory) {
  if (levels_.size() == most_levels) return Step::failed;
  DIR* const opened = ::fdopendir(directory.get());
  if (!opened) return Step::failed;
  [[maybe_unused]] const int owned = directory.release();
  if (!path_.empty()) path_ += '/';
  levels_.push_back({std::unique_ptr<DIR, Close>(opened), path_.size()});
  return Step::directory;
}

Step TreeWalk::next() {
  file_.reset();
  if (first_.valid()) return begin();
  if (levels_.empty()) return Step::end;
  const Level& level = levels_.back();
  path_.resize(level.path_bytes);
  errno = 0;
  const dirent* const entry = ::readdir(level.directory.get());
  if (entry) return examine(entry->d_name);
  if (errno != 0 && errno != ENOENT) return Step::failed;  // ENOENT: it was removed meanwhile
  levels_.pop_back();
  return Step::nothing;
}

// Opens an entry of the deepest directory if GET serves it.
Step TreeWalk::examine(const char* text) {
  const std::string_view name = text;
  if (name == "." || name == ".." || !is_listable(name)) return Step::nothing;
  if (is_hidden(name, terms_.dot_files)) return Step::nothing;
  path_ += name;
  if (path_.size() >= path_buffer_bytes) return Step::nothing;
  const int above = ::dirfd(levels_.back().directory.get());
  if (::fstatat(above, text, &status_, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) != 0) {
    return step_after(errno);
  }
  switch (status_.st_mode & S_IFMT) {
    case S_IFDIR: return open_directory(text);
    case S_IFREG: return open_file(text, false);
    case S_IFLNK: return open_file(text, true);
    default: return Step::nothing;
  }
}

// The rights of an entry are those of its own path. A directory is shown on the way to files, too.
bool TreeWalk::may_read(bool is_directory) const {
  if (!terms_.rules || terms_.rules->may_read(terms_.user, path_)) return true;
  return is_directory && terms_.rules->lead_on(terms_.user, path_);
}

// A link is opened by its path from the root, beneath which all of its path has to stay.
Step TreeWalk::open_file(const char* name, bool is_link) {
  if (!may_read(false)) return Step::nothing;
  const int above = ::dirfd(levels_.back().directory.get());
  const int fd = is_link ? open_below(root_, path_.c_str(), for_reading)
                         : open_below(above, name, for_reading | O_NOFOLLOW);
  if (fd < 0) return step_after(-fd);
  file_.reset(fd);
  if (!describe_file(fd, status_)) return Step::failed;
  return S_ISREG(status_.st_mode) ? Step::file : Step::nothing;
}

Step TreeWalk::open_directory(const char* name) {
  if (!may_read(true)) return Step::nothing;
  const int above = ::dirfd(levels_.back().directory.get());
  const int fd = open_below(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NOCTTY);
  if (fd < 0) return step_after(-fd);
  uring::Fd directory(fd);
  if (!describe_file(fd, status_)) return Step::failed;
  return enter(std::move(directory));
}

}  // namespace server
