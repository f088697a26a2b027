// Covered by tests/client/local/upload_record_file_test.cc.
#include "apps/client/local/upload_record_file.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/client/local/part_file.h"
#include "apps/client/local/small_file.h"
#include "parser/fnv1a.h"
#include "parser/hex.h"

namespace client {

namespace {

constexpr std::string_view record_mark = ".upload";
// No server keeps an unfinished upload that long.
constexpr std::time_t longest_life_s = 30 * 24 * 60 * 60;
// A larger directory is swept in several runs.
constexpr int most_swept = 1000;

// XDG Base Directory Specification: a path that is not absolute is ignored.
std::string state_directory() {
  const char* const state = std::getenv("XDG_STATE_HOME");
  if (state && state[0] == '/') return std::string(state) + "/quoit";
  const char* const home = std::getenv("HOME");
  return home && home[0] == '/' ? std::string(home) + "/.local/state/quoit" : std::string();
}

// Makes the directories of the path that are missing, readable by this user alone.
bool make_directories(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) return false;
    if (end == std::string::npos) return true;
  }
}

std::string name_of_record(const std::string& url, const std::string& file) {
  std::array<char, http1::hex_word_size> digits{};
  http1::write_hex_word(digits.data(), http1::Fnv1a().add(url).add('\n').add(file).value());
  return std::string(digits.data(), digits.size()).append(record_mark);
}

// Removes the records of uploads that no server has any more.
void sweep_records(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) return;
  const std::time_t now = std::time(nullptr);
  for (int i = 0; i < most_swept; ++i) {
    const dirent* const entry = ::readdir(open.get());
    if (!entry) return;
    if (!std::string_view(entry->d_name).ends_with(record_mark)) continue;
    struct stat facts {};
    const int fd = ::dirfd(open.get());
    if (::fstatat(fd, entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISREG(facts.st_mode) && now - facts.st_mtime > longest_life_s) {
      ::unlinkat(fd, entry->d_name, 0);
    }
  }
}

// Opens and locks a record. `flags`: O_CREAT, or 0.
UploadRecordFile open_record(const std::string& directory, const std::string& name, int flags) {
  UploadRecordFile record{.path = directory + "/" + name};
  constexpr int most_attempts = 4;  // another quoit may remove the file between the two calls
  for (int i = 0; i < most_attempts; ++i) {
    const int all_flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags;
    record.fd.reset(::open(record.path.c_str(), all_flags, 0600));
    if (!record.fd.valid()) return {};
    const PartLock lock = lock_part(record.fd.get(), record.path);
    if (lock == PartLock::taken) return record;
    if (lock == PartLock::unusable) return {};
  }
  return {};
}

}  // namespace

std::string real_path_of(const std::string& file) {
  const std::unique_ptr<char, void (*)(void*)> path(::realpath(file.c_str(), nullptr), std::free);
  return path ? std::string(path.get()) : std::string();
}

UploadRecordFile find_upload_record(const std::string& url, const std::string& file) {
  const std::string directory = state_directory();
  if (directory.empty() || file.empty()) return {};
  return open_record(directory, name_of_record(url, file), 0);
}

UploadRecordFile make_upload_record(const std::string& url, const std::string& file) {
  const std::string directory = state_directory();
  if (directory.empty() || file.empty() || !make_directories(directory)) return {};
  sweep_records(directory);
  return open_record(directory, name_of_record(url, file), O_CREAT);
}

std::optional<UploadRecord> load_upload_record(const UploadRecordFile& file, const std::string& url,
                                               const std::string& path) {
  if (!file.is_open()) return {};
  std::string text;
  if (!read_whole(file.fd.get(), most_upload_record_bytes, text)) return {};
  std::optional<UploadRecord> record = read_upload_record(text);
  const bool is_of_both = record && record->url == url && record->file == path;
  return is_of_both ? record : std::nullopt;
}

bool store_upload_record(const UploadRecordFile& file, const UploadRecord& record) {
  if (!file.is_open()) return false;
  const std::string text = write_upload_record(record);
  const bool is_empty = ::ftruncate(file.fd.get(), 0) == 0;
  if (is_empty && write_whole(file.fd.get(), text)) return !text.empty();
  [[maybe_unused]] const int emptied = ::ftruncate(file.fd.get(), 0);
  return false;
}

void remove_upload_record(UploadRecordFile& file) {
  if (file.is_open()) ::unlink(file.path.c_str());
  file.fd.reset();
}

}  // namespace client
