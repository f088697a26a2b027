// Looking, remembering, forgetting. Read remember() and take_in() first.
// Covered by tests/server/files/file_cache_test.cc.
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

// A directory's watch costs the kernel 1 KiB; beyond this all is forgotten and begins anew.
constexpr std::size_t most_directories = 4096;

// What a file costs beside its bytes: the objects, the hash tables' nodes, ready heads.
constexpr std::uint64_t overhead_bytes = 1536;

// In a small cache one file shall not drop all others: an eighth of the room at most for each.
FileCache::Limits with_small_bodies(FileCache::Limits limits) {
  limits.body_bytes = std::min<std::uint64_t>(limits.body_bytes, limits.bytes / 8);
  return limits;
}

bool is_same(const timespec& one, const timespec& other) {
  return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

bool is_same_version(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino && one.st_size == other.st_size &&
         is_same(one.st_mtim, other.st_mtim) && is_same(one.st_ctim, other.st_ctim);
}

// The kernel's clock for file times ticks every few milliseconds: of a file that has just changed
// nobody can tell whether it changes again.
bool is_settled(const struct stat& status) { return ::time(nullptr) - status.st_ctim.tv_sec > 1; }

// Whether mincore(2) tells the truth of this file: of those that are not ours it says that all is
// there, and sending would wait for the disk.
bool tells_residency(int fd, const struct stat& status) {
  const uid_t me = ::geteuid();
  return me == 0 || status.st_uid == me || ::faccessat(fd, "", W_OK, AT_EMPTY_PATH) == 0;
}

bool is_working_directory(int fd) {
  struct stat one {};
  struct stat other {};
  return ::stat(".", &one) == 0 && describe_file(fd, other) && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

}  // namespace

FileCache::FileCache(int root, const Limits& limits)
    : root_(root),
      limits_(with_small_bodies(limits)),
      is_on_(limits.bytes > 0 && is_local(root)),
      is_in_memory_(is_in_memory(root)),
      is_at_root_(is_working_directory(root)) {}

FileCache::~FileCache() {
  drop_below("");
  assert(pinned_ == 0);
}

// --- Looking ---

bool FileCache::is_still_same(const CachedFile& file) const {
  struct stat status {};
  return ::fstatat(root_, file.path_.c_str(), &status, 0) == 0 &&
         is_same_version(status, file.status_);
}

CachedFile* FileCache::find(std::string_view path) {
  const auto found = by_path_.find(path);
  if (found == by_path_.end() || !still_holds(*found->second)) {
    if (found != by_path_.end()) drop(*found->second);
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
  if (!still_holds(*file)) {
    drop(*file);
    return nullptr;
  }
  ++counters_.hits;
  file->is_used_ = true;
  return file;
}

void FileCache::note_target(CachedFile& file, std::string_view target) {
  // Longer ones are rare, or made to fill the memory.
  constexpr std::size_t longest_noted = 255;
  if (target.size() > longest_noted || by_target_.contains(target)) return;
  for (std::string& noted : file.targets_) {
    if (!noted.empty()) continue;
    noted = target;
    by_target_.emplace(noted, &file);
    return;
  }
}

// A response that is being sent from a kept head goes on: its memory stays.
void FileCache::invalidate_answers() {
  by_target_.clear();
  for (CachedFile* const file : all_) {
    file->targets_ = {};
    file->is_public = false;
    file->ready_200 = file->ready_304 = {};
  }
}

// Of a file that was dropped while it was pinned.
void FileCache::destroy(CachedFile& file) {
  --pinned_;
  delete &file;
}

// --- Remembering ---

// Opens only what the kernel has at hand: EAGAIN where it would have to ask a disk. A file system
// in memory has none to ask, and does not keep in mind what is not there.
uring::Fd FileCache::open_at_hand(const char* path, std::uint64_t flags, std::uint64_t resolve) {
  const std::uint64_t at_hand = is_in_memory_ ? RESOLVE_NO_XDEV : uring::resolve_cached;
  const uring::OpenHow how{.flags = flags | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | resolve | at_hand};
  const int opened = uring::openat2(root_, path, how);
  if (opened < 0) errno = -opened;
  return uring::Fd(opened < 0 ? -1 : opened);
}

// Files that are asked for once, by a crawler or a backup, are not worth it once half the cache is
// in use.
bool FileCache::wants(std::string_view path) {
  if (!is_on_) return false;
  const bool has_room = bytes_ < limits_.bytes / 2 && all_.size() < limits_.files / 2 &&
                        open_ < limits_.open_files / 2;
  return has_room || asked_.again(std::hash<std::string_view>{}(path));
}

CachedFile* FileCache::remember(std::string_view path) {
  if (!is_on_ || by_path_.contains(path)) return nullptr;
  auto* const file = new CachedFile;
  file->path_ = path;
  Look look = watch_directories(path) ? look_watched(*file) : Look::unwatched;
  if (look == Look::unwatched) look = look_compared(*file);
  if (look == Look::taken) {
    add(*file);
    return file;
  }
  forget_watch(*file);
  delete file;
  return nullptr;
}

// Watches every directory on the way to `path`, from the root down, so that no change between two
// looks goes unseen. False where that cannot be.
bool FileCache::watch_directories(std::string_view path) {
  if (directories_.size() >= most_directories) drop_below("");
  for (std::size_t end = 0; end != std::string_view::npos;) {
    const std::string directory(path.substr(0, end));
    if (!directories_.contains(directory)) {
      const char* const name = directory.empty() ? "." : directory.c_str();
      const uring::Fd fd = open_at_hand(name, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
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
  const WatchId watch = changes_.watch_directory(fd);
  if (watch == no_watch) return no_watch;
  // The same directory under two paths: its events would tell of one only.
  if (watched_.contains(watch)) return no_watch;
  watched_[watch].directory = path;
  directories_.emplace(path, watch);
  return watch;
}

// Watches the file of that path, which is open. By the path that may have become another one since
// it was opened, or a directory; but then a directory on the way has changed, which is told: the
// file is forgotten before the next look.
bool FileCache::watch_file(CachedFile& file, int fd) {
  if (watched_.size() >= limits_.watches) return false;
  const WatchId watch =
      is_at_root_ ? changes_.watch_path(file.path_.c_str()) : changes_.watch_file(fd);
  if (watch == no_watch) return false;
  const auto [place, is_new] = watched_.try_emplace(watch);
  if (!is_new && !place->second.first) return false;  // a directory
  file.watch_ = watch;
  file.next_same_ = std::exchange(place->second.first, &file);
  return true;
}

// Looks at the path now that nothing on the way to it changes unseen.
FileCache::Look FileCache::look_watched(CachedFile& file) {
  constexpr std::uint64_t flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
  uring::Fd fd = open_at_hand(file.path_.c_str(), flags, RESOLVE_NO_SYMLINKS);
  if (!fd.valid()) {
    if (errno == ENOENT) return Look::taken;
    return errno == ELOOP ? Look::unwatched : Look::failed;
  }
  if (!describe_file(fd.get(), file.status_) || !S_ISREG(file.status_.st_mode)) return Look::failed;
  if (!watch_file(file, fd.get())) return Look::unwatched;
  // From here on every change of it is told.
  file.file_ = std::move(fd);
  const bool taken = describe_file(file.file_.get(), file.status_) && take_content(file);
  return taken ? Look::taken : Look::failed;
}

// The same for what has to be compared whenever it is found.
FileCache::Look FileCache::look_compared(CachedFile& file) {
  forget_watch(file);
  constexpr std::uint64_t flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
  file.file_ = open_at_hand(file.path_.c_str(), flags, 0);
  if (!file.file_.valid() || !is_local(file.file_.get())) return Look::failed;
  const bool is_file =
      describe_file(file.file_.get(), file.status_) && S_ISREG(file.status_.st_mode);
  if (!is_file || !is_settled(file.status_)) return Look::failed;
  file.is_compared_ = true;
  return take_content(file) && still_holds(file) ? Look::taken : Look::failed;
}

bool FileCache::take_content(CachedFile& file) {
  file.exists = true;
  file.facts = facts_in(file.status_);
  file.tag = tag_of(file.facts).text();
  if (file.facts.size <= limits_.body_bytes) {
    const bool taken = take_body(file);
    file.file_.reset();
    return taken;
  }
  file.fd = file.file_.get();
  ::fcntl(file.fd, F_SETFL, 0);  // the ring answers EAGAIN for some that are non-blocking
  map(file);
  return true;
}

// Copies what is in the page cache, if all is. Where the root lies in memory so does all that is
// opened: no other file system is entered.
bool FileCache::take_body(CachedFile& file) const {
  const auto size = static_cast<std::size_t>(file.facts.size);
  file.memory_.reset(new (std::nothrow) char[ReadyHead::most_bytes + size]);
  if (!file.memory_) return false;
  char* const begin = file.memory_.get() + ReadyHead::most_bytes;
  iovec room{.iov_base = begin, .iov_len = size};
  ssize_t got = ::preadv2(file.file_.get(), &room, 1, 0, is_in_memory_ ? 0 : RWF_NOWAIT);
  if (got < 0 && errno == EOPNOTSUPP && is_in_memory(file.file_.get())) {
    got = ::preadv2(file.file_.get(), &room, 1, 0, 0);
  }
  file.body = {begin, size};
  return got == static_cast<ssize_t>(size);
}

void FileCache::map(CachedFile& file) {
  if (!tells_residency(file.fd, file.status_)) return;
  const auto size = static_cast<std::size_t>(file.facts.size);
  void* const memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.fd, 0);
  if (memory != MAP_FAILED) file.mapped = {static_cast<const char*>(memory), size};
}

// --- Forgetting ---

std::uint64_t FileCache::cost_of(const CachedFile& file) {
  return overhead_bytes + file.path_.size() + file.body.size();
}

void FileCache::add(CachedFile& file) {
  make_room(file);
  bytes_ += cost_of(file);
  open_ += file.fd >= 0 ? 1 : 0;
  file.place_ = all_.size();
  all_.push_back(&file);
  by_path_.emplace(file.path_, &file);
}

// A clock: the hand passes those that were used since it passed them last. Two rounds find room.
void FileCache::make_room(const CachedFile& wanted) {
  for (std::size_t steps = 2 * all_.size(); steps > 0 && !all_.empty(); --steps) {
    const bool is_full = bytes_ + cost_of(wanted) > limits_.bytes || all_.size() >= limits_.files;
    const bool is_open_full = wanted.fd >= 0 && open_ >= limits_.open_files;
    if (!is_full && !is_open_full) return;
    if (hand_ >= all_.size()) hand_ = 0;
    CachedFile& file = *all_[hand_++];
    const bool would_help = is_full || file.fd >= 0;
    // The last takes its place, and is passed over: it has come last.
    if (would_help && !std::exchange(file.is_used_, false)) drop(file);
  }
}

void FileCache::forget_watch(CachedFile& file) {
  const auto found = watched_.find(std::exchange(file.watch_, no_watch));
  if (found == watched_.end()) return;
  CachedFile** link = &found->second.first;
  while (*link && *link != &file) link = &(*link)->next_same_;
  if (*link) *link = file.next_same_;
  if (found->second.first) return;
  changes_.forget(found->first);
  watched_.erase(found);
}

void FileCache::drop(CachedFile& file) {
  ++counters_.dropped;
  by_path_.erase(file.path_);
  for (const std::string& target : file.targets_) {
    if (!target.empty()) by_target_.erase(target);
  }
  forget_watch(file);
  bytes_ -= cost_of(file);
  open_ -= file.fd >= 0 ? 1 : 0;
  all_.back()->place_ = file.place_;
  std::swap(all_[file.place_], all_.back());
  all_.pop_back();
  file.is_dropped_ = true;
  if (file.pins_ == 0)
    delete &file;
  else
    ++pinned_;
}

void FileCache::drop_path(std::string_view path) {
  const auto found = by_path_.find(path);
  if (found != by_path_.end()) drop(*found->second);
}

// A directory has changed its place, or is no more: so has all below it. Rare, and bounded by the
// number of files.
void FileCache::drop_below(std::string_view directory) {
  for (std::size_t i = all_.size(); i-- > 0;) {
    if (all_[i]->path_.starts_with(directory)) drop(*all_[i]);
  }
  std::erase_if(directories_, [&](const auto& entry) {
    if (!entry.first.starts_with(directory)) return false;
    changes_.forget(entry.second);
    watched_.erase(entry.second);
    return true;
  });
}

// --- Changes ---

void FileCache::refresh() {
  Change change;
  while (changes_.next(change)) {
    ++counters_.changes;
    take_in(change);
  }
}

void FileCache::take_in(const Change& change) {
  if (change.is_lost) return drop_below("");
  const auto found = watched_.find(change.watch);
  if (found == watched_.end()) return;  // it is not watched any more
  Watched& watched = found->second;
  if (watched.first) {
    // The last one dropped takes `watched` away.
    for (CachedFile* file = watched.first; file;) drop(*std::exchange(file, file->next_same_));
    return;
  }
  const std::string path = watched.directory + std::string(change.name);
  if (change.name.empty()) return drop_below(path);
  drop_path(path);
  if (change.is_directory) drop_below(path + "/");
}

}  // namespace server
