// Covered by tests/client/local/tree_test.cc.
#include "apps/client/local/tree.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <sys/stat.h>
#include <system_error>
#include <utility>

#include "apps/client/local/part_file.h"
#include "apps/options/messages.h"
#include "uring/result.h"

namespace client {

namespace {

std::string name_of(const std::string& path) { return path.empty() ? "." : path; }

ExitReason cannot_write(const std::string& path, const std::string& why) {
  return exit_with(ExitCode::write_error, "cannot write " + path + ": " + why);
}

ExitReason cannot_read(const std::string& path, int error) {
  return exit_with(ExitCode::read_error,
                   "cannot read " + name_of(path) + ": " + uring::error_text(error));
}

bool is_link(const struct stat& facts) { return S_ISLNK(facts.st_mode); }

// The path without slashes at its end: lstat(2) follows a link before one.
std::string without_slash(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

void add_entry(const struct stat& facts, std::string name, LocalListing& listing) {
  const bool is_directory = S_ISDIR(facts.st_mode);
  if (!is_directory && !S_ISREG(facts.st_mode)) {
    listing.left_out.push_back(std::move(name));
  } else if (!is_allowed_name(name)) {
    listing.not_allowed.push_back(std::move(name));
  } else {
    RemoteEntry& entry = listing.entries.emplace_back();
    entry.name = std::move(name);
    entry.is_directory = is_directory;
    entry.modified = facts.st_mtim.tv_sec;
    if (!is_directory) entry.size = static_cast<std::uint64_t>(facts.st_size);
  }
}

}  // namespace

ExitReason make_tree(const std::string& directory) {
  if (directory.empty()) return {};
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  struct stat facts {};
  const bool is_there = ::stat(directory.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode);
  if (is_there) return {};
  const int error = failure ? failure.value() : errno;
  return cannot_write(directory, std::string(uring::error_text(error == 0 ? ENOTDIR : error)));
}

ExitReason make_directory_inside(const std::string& directory) {
  const std::string path = without_slash(directory);
  if (::mkdir(path.c_str(), 0777) == 0) return {};
  const int error = errno;
  struct stat facts {};
  if (error != EEXIST || ::lstat(path.c_str(), &facts) != 0) {
    return cannot_write(directory, std::string(uring::error_text(error)));
  }
  if (S_ISDIR(facts.st_mode)) return {};
  return cannot_write(directory, is_link(facts) ? "it is a symbolic link, which may lead out of "
                                                  "the tree; remove it, or name the tree behind it"
                                                : "a file of that name is in the way; remove it");
}

ExitReason check_file_inside(const std::string& file) {
  struct stat facts {};
  if (::lstat(file.c_str(), &facts) != 0 || S_ISREG(facts.st_mode)) return {};
  if (is_link(facts)) {
    return cannot_write(file, "it is a symbolic link, which may lead out of the tree; remove it");
  }
  return cannot_write(file, S_ISDIR(facts.st_mode) ? "a directory of that name is in the way"
                                                   : "it is no regular file; remove it");
}

ExitReason read_directory(const std::string& directory, LocalListing& listing) {
  const int fd = ::open(name_of(directory).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return cannot_read(directory, errno);
  const std::unique_ptr<DIR, CloseDirectory> stream(::fdopendir(fd));
  if (!stream) {
    const int error = errno;
    ::close(fd);
    return cannot_read(directory, error);
  }
  while (true) {
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream belongs to this call
    const dirent* const found = ::readdir(stream.get());
    if (!found && errno != 0) return cannot_read(directory, errno);
    if (!found) break;
    std::string name = found->d_name;
    struct stat facts {};
    if (name == "." || name == ".." || is_part_name(name)) continue;
    if (::fstatat(fd, name.c_str(), &facts, AT_SYMLINK_NOFOLLOW) != 0) continue;  // removed
    add_entry(facts, std::move(name), listing);
  }
  const auto is_before = [](const RemoteEntry& left, const RemoteEntry& right) {
    return left.name < right.name;
  };
  std::sort(listing.entries.begin(), listing.entries.end(), is_before);
  std::sort(listing.left_out.begin(), listing.left_out.end());
  std::sort(listing.not_allowed.begin(), listing.not_allowed.end());
  return {};
}

ExitReason find_directories(Plan& plan) {
  for (Job& job : plan.jobs) {
    struct stat facts {};
    if (job.verb != Verb::put || job.file == standard_stream) continue;
    if (::stat(job.file.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) continue;
    if (!plan.settings.is_recursive) {
      return exit_with(ExitCode::read_error, "cannot read " + options::shown(job.file) +
                                                 ": it is a directory; send it with -r");
    }
    job.is_tree = true;
    if (!job.file.ends_with('/')) job.file += '/';
    if (!job.where.path.ends_with('/')) job.where.path += '/';
  }
  return {};
}

}  // namespace client
