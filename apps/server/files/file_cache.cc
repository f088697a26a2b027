// Lookup, loading, eviction and invalidation. Read load() and apply() first.
// Covered by tests/server/files/file_cache_test.cc, invalidation_test.cc and eviction_test.cc.
#include "apps/server/files/file_cache.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <fcntl.h>
#include <functional>
#include <linux/openat2.h>
#include <new>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include <utility>

#include "apps/server/files/file_system.h"
#include "uring/openat2.h"

namespace server {

namespace {

// A directory's watch costs the kernel 1 KiB. Beyond this number all entries are invalidated and
// the cache starts anew.
constexpr std::size_t most_directories = 4096;

// The memory of an entry beside its path and content: objects, hash table nodes, cached heads.
constexpr std::uint64_t overhead_bytes = 1536;

// The kernel's clock for file times ticks every few milliseconds, so that a file which has just
// changed may change again without a new time. A file that only stat(2) watches has to be older.
bool is_old(const struct stat& status) { return ::time(nullptr) - status.st_ctim.tv_sec > 1; }

}  // namespace

FileCache::FileCache(int root, const Limits& limits)
    : root_(root),
      limits_(limits),
      is_on_(limits.bytes > 0 && is_local(root)),
      is_in_memory_(is_in_memory(root)),
      is_at_root_(is_working_directory(root)) {}

void FileCache::change_root() {
  invalidate_all();
  is_on_ = limits_.bytes > 0 && is_local(root_);
  is_in_memory_ = is_in_memory(root_);
  is_at_root_ = is_working_directory(root_);
}

FileCache::~FileCache() {
  invalidate_all();
  assert(removed_pinned_ == 0);
}

// --- Lookup ---

bool FileCache::is_unchanged(CachedFile& file) {
  struct stat status;
  const bool exists =
      ::fstatat(is_at_root_ ? AT_FDCWD : root_, file.path_.c_str(), &status, 0) == 0;
  if (exists != file.exists || (!exists && errno != ENOENT)) return false;
  if (exists && (!file.is_settled_ || !is_same_version(status, file.status_))) return false;
  file.compare_at_ms_ = now_ms_ + (file.is_compared_ ? 0 : compare_after_ms);
  return true;
}

// Removes an entry that a comparison has found outdated. If its path leads to another file system,
// the watches of the directories are those of hidden ones.
void FileCache::remove_outdated(CachedFile& file) {
  struct stat status {};
  const bool is_elsewhere = ::fstatat(root_, file.path_.c_str(), &status, 0) == 0 &&
                            (!file.exists || status.st_dev != file.status_.st_dev);
  if (is_elsewhere) {
    invalidate_all();
  } else {
    remove(file);
  }
}

CachedFile* FileCache::find(std::string_view path) {
  const auto found = by_path_.find(path);
  if (found == by_path_.end() || !is_current(*found->second)) {
    if (found != by_path_.end()) remove_outdated(*found->second);
    ++counters_.misses;
    return nullptr;
  }
  ++counters_.hits;
  found->second->is_used_ = true;
  return found->second;
}

CachedFile* FileCache::find_target(std::string_view target) {
  const auto found = by_target_.find(target);
  if (found == by_target_.end()) return nullptr;
  CachedFile* const file = found->second;
  if (!is_current(*file)) {
    remove_outdated(*file);
    return nullptr;
  }
  ++counters_.hits;
  file->is_used_ = true;
  return file;
}

void FileCache::record_target(CachedFile& file, std::string_view target) {
  // A longer target is rare, or is sent to fill the memory.
  constexpr std::size_t longest_recorded = 255;
  if (target.size() > longest_recorded || by_target_.contains(target)) return;
  for (std::string& recorded : file.targets_) {
    if (!recorded.empty()) continue;
    try {
      recorded = target;
      by_target_.emplace(recorded, &file);
    } catch (const std::bad_alloc&) {
      recorded.clear();  // a later request tries again
    }
    return;
  }
}

// A response that is being sent from a cached head is not affected: the memory of the head stays.
void FileCache::invalidate_responses() {
  by_target_.clear();
  for (CachedFile* const file : all_) {
    file->targets_ = {};
    file->is_public = false;
    file->head_200 = file->head_304 = {};
  }
}

// Deletes an entry that was removed while it was pinned.
void FileCache::destroy(CachedFile& file) {
  --removed_pinned_;
  delete &file;
}

// --- Loading ---

// Opens a path only if the kernel need not wait for a disk; errno is EAGAIN otherwise. A file
// system in memory has no disk; it keeps no negative directory entries either, so that
// RESOLVE_CACHED would fail for every name that does not exist.
uring::Fd FileCache::open_without_waiting(const char* path, std::uint64_t flags,
                                          std::uint64_t resolve) {
  const std::uint64_t without_waiting = is_in_memory_ ? RESOLVE_NO_XDEV : uring::resolve_cached;
  const uring::OpenHow how{
      .flags = flags | O_CLOEXEC,
      .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve | without_waiting};
  const int opened = uring::openat2(root_, path, how);
  if (opened < 0) errno = -opened;
  return uring::Fd(opened < 0 ? -1 : opened);
}

// A crawler or a backup requests each file once: such files must not evict others.
bool FileCache::admits(std::string_view path) {
  if (!is_on_) return false;
  const bool is_half_free = bytes_ < limits_.bytes / 2 && all_.size() < limits_.files / 2 &&
                            open_.size() < (limits_.open_files + 1) / 2;
  return is_half_free || recent_.record(std::hash<std::string_view>{}(path));
}

CachedFile* FileCache::load(std::string_view path) {
  if (!is_on_ || by_path_.contains(path)) return nullptr;
  auto* const file = new (std::nothrow) CachedFile;
  if (!file) return nullptr;
  try {
    file->path_ = path;
    if (load_file(*file)) {
      insert(*file);
      return file;
    }
  } catch (const std::bad_alloc&) {
    // It is not cached, and the next request for it tries again.
  }
  unwatch(*file);
  delete file;
  return nullptr;
}

// False: the path of `file` cannot be cached. Throws std::bad_alloc if memory is exhausted.
bool FileCache::load_file(CachedFile& file) {
  LoadResult result = watch_directories(file.path_) ? load_watched(file) : LoadResult::unwatchable;
  if (result == LoadResult::unwatchable) result = load_compared(file);
  return result == LoadResult::loaded;
}

// Watches every directory on the way to `path`, from the root down, so that each later change of
// what the path leads to is reported. False where a directory cannot be watched.
bool FileCache::watch_directories(std::string_view path) {
  if (directories_.size() >= most_directories) invalidate_all();
  for (std::size_t end = 0; end != std::string_view::npos;) {
    const std::string directory(path.substr(0, end));
    if (!directories_.contains(directory)) {
      const char* const name = directory.empty() ? "." : directory.c_str();
      const uring::Fd fd = open_without_waiting(name, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
      if (!fd.valid() || !is_local(fd.get()) || may_fold_names(fd.get())) return false;
      if (watch_directory(fd.get(), directory) == no_watch) return false;
    }
    const std::size_t slash = path.find('/', end);
    end = slash == std::string_view::npos ? slash : slash + 1;
  }
  return true;
}

WatchId FileCache::watch_directory(int fd, std::string_view path) {
  if (watched_.size() >= limits_.watches) return no_watch;
  const WatchId watch = watches_.watch_directory(fd);
  if (watch == no_watch) return no_watch;
  // The directory is watched by another path (a bind mount): events would be applied to that path.
  if (watched_.contains(watch)) return no_watch;
  const auto place = watched_.try_emplace(watch, Watched{.directory = std::string(path)}).first;
  try {
    directories_.emplace(path, watch);
  } catch (const std::bad_alloc&) {
    watched_.erase(place);  // its events are ignored, and the next load() watches it again
    throw;
  }
  return watch;
}

// Watches the file of the entry, which is open as `fd`. If it is watched by its path, that path may
// meanwhile lead to another file or to a directory; but then a watched directory on the way has
// reported a change, and the entry is invalidated before the next lookup.
bool FileCache::watch_file(CachedFile& file, int fd) {
  if (watched_.size() >= limits_.watches) return false;
  const WatchId watch =
      is_at_root_ ? watches_.watch_path(file.path_.c_str()) : watches_.watch_file(fd);
  if (watch == no_watch) return false;
  const auto [place, is_new] = watched_.try_emplace(watch);
  if (!is_new && !place->second.first) return false;  // the watch is that of a directory
  file.watch_ = watch;
  file.next_link_ = std::exchange(place->second.first, &file);
  return true;
}

// Loads the path after watch_directories() has returned true.
FileCache::LoadResult FileCache::load_watched(CachedFile& file) {
  constexpr std::uint64_t flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
  uring::Fd fd = open_without_waiting(file.path_.c_str(), flags, RESOLVE_NO_SYMLINKS);
  if (!fd.valid()) {
    if (errno == ENOENT) return LoadResult::loaded;
    return errno == ELOOP ? LoadResult::unwatchable : LoadResult::failed;
  }
  if (!describe_file(fd.get(), file.status_) || !S_ISREG(file.status_.st_mode))
    return LoadResult::failed;
  if (!watch_file(file, fd.get())) return LoadResult::unwatchable;
  // From here on every change of the file is reported: read its status again.
  file.file_ = std::move(fd);
  const bool is_loaded = describe_file(file.file_.get(), file.status_) && load_content(file);
  file.is_settled_ = is_settled(file.status_);
  return is_loaded ? LoadResult::loaded : LoadResult::failed;
}

// Loads a path that cannot be watched. Each lookup will compare the status of the file.
FileCache::LoadResult FileCache::load_compared(CachedFile& file) {
  unwatch(file);
  constexpr std::uint64_t flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
  file.file_ = open_without_waiting(file.path_.c_str(), flags, 0);
  if (!file.file_.valid() || !is_local(file.file_.get())) return LoadResult::failed;
  const bool is_file =
      describe_file(file.file_.get(), file.status_) && S_ISREG(file.status_.st_mode);
  if (!is_file || !is_old(file.status_)) return LoadResult::failed;
  file.is_compared_ = true;
  return load_content(file) && is_unchanged(file) ? LoadResult::loaded : LoadResult::failed;
}

bool FileCache::load_content(CachedFile& file) {
  file.exists = true;
  file.facts = facts_in(file.status_);
  file.tag = tag_of(file.facts).text();
  // In a small cache one file must not evict all others.
  const std::uint64_t most_copied = std::min<std::uint64_t>(limits_.body_bytes, limits_.bytes / 8);
  if (file.facts.size <= most_copied) {
    const bool is_loaded = copy_body(file);
    file.file_.reset();
    return is_loaded;
  }
  file.fd = file.file_.get();
  ::fcntl(file.fd, F_SETFL, 0);  // a ring's read of a non-blocking file may fail with EAGAIN
  map(file);
  return true;
}

// Copies the file if the page cache has all of it. If the root is on a file system in memory, all
// files are, because open_without_waiting() enters no other mount.
bool FileCache::copy_body(CachedFile& file) const {
  const auto size = static_cast<std::size_t>(file.facts.size);
  char* const begin = file.allocate_body(size);
  if (!begin) return false;
  file.body = {begin, size};
  iovec buffer{.iov_base = begin, .iov_len = size};
  ssize_t got = ::preadv2(file.file_.get(), &buffer, 1, 0, is_in_memory_ ? 0 : RWF_NOWAIT);
  if (got < 0 && errno == EOPNOTSUPP && is_in_memory(file.file_.get())) {
    got = ::preadv2(file.file_.get(), &buffer, 1, 0, 0);
  }
  return got == static_cast<ssize_t>(size);
}

void FileCache::map(CachedFile& file) {
  if (!has_residency(file.fd, file.status_)) return;
  const auto size = static_cast<std::size_t>(file.facts.size);
  void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd, 0);
  if (memory != MAP_FAILED) file.mapped = {static_cast<const char*>(memory), size};
}

// --- Insertion and eviction ---

std::uint64_t FileCache::cost_of(const CachedFile& file) {
  return overhead_bytes + file.path_.size() + file.body.size();
}

// Throws std::bad_alloc, before it has inserted anything, if memory is exhausted.
void FileCache::insert(CachedFile& file) {
  evict_for(file);
  for (std::vector<CachedFile*>* const files : {&all_, &open_}) {
    const std::size_t size = files->size();
    if (size == files->capacity()) files->reserve(std::max<std::size_t>(64, 2 * size));
  }
  by_path_.emplace(file.path_, &file);
  bytes_ += cost_of(file);
  if (!file.is_compared_) file.compare_at_ms_ = now_ms_ + compare_after_ms;
  file.open_index_ = open_.size();
  if (file.fd >= 0) open_.push_back(&file);
  file.index_ = all_.size();
  all_.push_back(&file);
}

// CLOCK eviction: the hand skips an entry that was used since it passed that entry last, and evicts
// others. Two rounds free enough, because the first one clears all the marks of use.
void FileCache::evict_for(const CachedFile& added) {
  for (std::size_t steps = 2 * all_.size(); steps > 0 && !all_.empty(); --steps) {
    const bool is_full = bytes_ + cost_of(added) > limits_.bytes || all_.size() >= limits_.files;
    const bool is_open_full = added.fd >= 0 && open_.size() >= limits_.open_files;
    if (!is_full && !is_open_full) return;
    if (clock_hand_ >= all_.size()) clock_hand_ = 0;
    CachedFile& file = *all_[clock_hand_++];
    const bool would_help = is_full || file.fd >= 0;
    // remove() moves the last entry to this index, and the hand skips it: it is the newest.
    if (would_help && !std::exchange(file.is_used_, false)) remove(file);
  }
}

void FileCache::unwatch(CachedFile& file) {
  const auto found = watched_.find(std::exchange(file.watch_, no_watch));
  if (found == watched_.end()) return;
  CachedFile** link = &found->second.first;
  while (*link && *link != &file) link = &(*link)->next_link_;
  if (*link) *link = file.next_link_;
  if (found->second.first) return;
  watches_.remove(found->first);
  watched_.erase(found);
}

void FileCache::remove(CachedFile& file) {
  ++counters_.dropped;
  by_path_.erase(file.path_);
  for (const std::string& target : file.targets_) {
    if (!target.empty()) by_target_.erase(target);
  }
  unwatch(file);
  bytes_ -= cost_of(file);
  if (file.fd >= 0) {
    open_.back()->open_index_ = file.open_index_;
    std::swap(open_[file.open_index_], open_.back());
    open_.pop_back();
  }
  all_.back()->index_ = file.index_;
  std::swap(all_[file.index_], all_.back());
  all_.pop_back();
  file.is_removed_ = true;
  if (file.pins_ == 0)
    delete &file;
  else
    ++removed_pinned_;
}

bool FileCache::close_files() {
  bool has_closed = false;
  for (std::size_t i = open_.size(); i-- > 0;) {
    if (open_[i]->is_pinned()) continue;
    remove(*open_[i]);  // moves the last one to this index
    has_closed = true;
  }
  return has_closed;
}

// A file that is served is compared once a second: one that was not compared for long is idle.
void FileCache::close_idle_files() {
  for (std::size_t i = open_.size(); i-- > 0;) {
    CachedFile& file = *open_[i];
    if (!file.is_pinned() && now_ms_ - file.compare_at_ms_ >= idle_after_ms) remove(file);
  }
}

void FileCache::invalidate(std::string_view path) {
  const auto found = by_path_.find(path);
  if (found != by_path_.end()) remove(*found->second);
}

// Removes the entries and the watches below a directory that was renamed or removed. It is a loop
// over all entries, but such changes are rare and the number of entries is bounded.
void FileCache::invalidate_below(std::string_view directory) {
  for (std::size_t i = all_.size(); i-- > 0;) {
    if (all_[i]->path_.starts_with(directory)) remove(*all_[i]);
  }
  std::erase_if(directories_, [&](const auto& entry) {
    if (!entry.first.starts_with(directory)) return false;
    watches_.remove(entry.second);
    watched_.erase(entry.second);
    return true;
  });
}

// --- Invalidation ---

void FileCache::refresh() {
  Change change;
  while (watches_.next(change)) {
    ++counters_.changes;
    try {
      apply(change);
    } catch (const std::bad_alloc&) {
      invalidate_all();  // needs no memory
    }
  }
}

void FileCache::apply(const Change& change) {
  if (change.is_lost) return invalidate_all();
  const auto found = watched_.find(change.watch);
  if (found == watched_.end()) return;  // an event of a watch that was removed
  Watched& watched = found->second;
  if (watched.first) {
    // Removing the last entry erases `watched`.
    for (CachedFile* file = watched.first; file;) remove(*std::exchange(file, file->next_link_));
    return;
  }
  const std::string path = watched.directory + std::string(change.name);
  if (change.name.empty()) return invalidate_below(path);
  invalidate(path);
  if (change.is_directory) invalidate_below(path + "/");
}

}  // namespace server
