// Covered by tests/client/local/part_file_test.cc.
#include "apps/client/local/part_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/client/local/small_file.h"
#include "parser/fnv1a.h"
#include "uring/fd.h"

namespace client {

namespace {

constexpr std::string_view part_mark = ".quoit-part";
constexpr std::string_view record_mark = ".meta";
// A name may have 255 bytes.
constexpr std::size_t longest_base = 255 - 1 - part_mark.size() - record_mark.size();

std::string hash_text(std::string_view name) {
  std::array<char, 24> text;
  const auto hash = static_cast<unsigned long long>(http1::Fnv1a().add(name).value());
  std::snprintf(text.data(), text.size(), "~%016llx", hash);
  return text.data();
}

// A file that another user prepared could show that user the download, or change it.
bool is_own_file(const struct stat& facts) {
  return S_ISREG(facts.st_mode) && facts.st_uid == ::geteuid() && facts.st_nlink == 1;
}

}  // namespace

std::string part_path(const std::string& target) {
  const std::size_t slash = target.rfind('/');
  const std::size_t base = slash == std::string::npos ? 0 : slash + 1;
  std::string name = target.substr(base);
  if (name.size() > longest_base) {
    const std::string hash = hash_text(name);
    name = name.substr(0, longest_base - hash.size()) + hash;
  }
  return target.substr(0, base).append(".").append(name).append(part_mark);
}

bool is_part_name(std::string_view name) {
  if (name.ends_with(record_mark)) name.remove_suffix(record_mark.size());
  return name.starts_with('.') && name.ends_with(part_mark);
}

std::string record_path(const std::string& part) { return part + std::string(record_mark); }

PartLock lock_part(int fd, const std::string& path) {
  struct stat facts {};
  if (::fstat(fd, &facts) != 0 || !is_own_file(facts)) return PartLock::unusable;
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) return PartLock::unusable;
  // The file may have got its name between the opening and the lock.
  struct stat named {};
  const bool is_there = ::lstat(path.c_str(), &named) == 0;
  const bool is_same = named.st_dev == facts.st_dev && named.st_ino == facts.st_ino;
  return is_there && is_same ? PartLock::taken : PartLock::gone;
}

std::optional<PartRecord> load_record(const std::string& path) {
  const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const uring::Fd file(::open(path.c_str(), flags));
  struct stat facts {};
  if (!file.valid() || ::fstat(file.get(), &facts) != 0 || !is_own_file(facts)) return {};
  std::string text;
  return read_whole(file.get(), most_record_bytes, text) ? read_record(text) : std::nullopt;
}

bool store_record(const std::string& path, const PartRecord& record) {
  const std::string text = write_record(record);
  ::unlink(path.c_str());
  if (text.empty()) return false;
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  const uring::Fd file(::open(path.c_str(), flags, 0600));
  if (!file.valid()) return false;
  const bool is_written = write_whole(file.get(), text);
  if (!is_written) ::unlink(path.c_str());
  return is_written;
}

int copy_beginning(const std::string& from, int to, std::uint64_t size) {
  const uring::Fd file(::open(from.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (!file.valid()) return errno;
  constexpr std::size_t piece_bytes = 256 * 1024;
  std::string piece(piece_bytes, '\0');
  std::uint64_t done = 0;
  while (done < size) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size - done, piece_bytes));
    const ssize_t got = ::pread(file.get(), piece.data(), wanted, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) return ESTALE;
    const auto count = static_cast<std::size_t>(got);
    const ssize_t put = ::pwrite(to, piece.data(), count, static_cast<off_t>(done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return put < 0 ? errno : EIO;
    done += static_cast<std::uint64_t>(put);
  }
  return 0;
}

}  // namespace client
