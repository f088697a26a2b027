// Scratch: a folder for a fuzz target's files, on a file system in memory if there is one.
//
// The folder is removed at the end of the process, or, if the process was killed or aborted, when
// the next one creates its own. Used by served_tree.h and client_fuzzer.cc.
#pragma once

#include <cerrno>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <signal.h>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace fuzz {

class Scratch {
 public:
  Scratch() {
    const std::filesystem::path home = choose_home();
    remove_remains(home);
    path_ = home / (std::string(prefix) + std::to_string(::getpid()));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directory(path_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  static constexpr std::string_view prefix = "quoit-fuzz-";

  static std::filesystem::path choose_home() {
    if (::access("/dev/shm", W_OK) == 0) return "/dev/shm";
    const char* chosen = std::getenv("TMPDIR");
    return chosen ? chosen : "/tmp";
  }

  static void remove_remains(const std::filesystem::path& home) {
    std::error_code error;
    std::vector<std::filesystem::path> old;
    for (const auto& entry : std::filesystem::directory_iterator(home, error)) {
      const std::string name = entry.path().filename();
      if (!name.starts_with(prefix)) continue;
      const int owner = std::atoi(name.c_str() + prefix.size());
      if (owner > 0 && ::kill(owner, 0) != 0 && errno == ESRCH) old.push_back(entry.path());
    }
    for (const auto& path : old) std::filesystem::remove_all(path, error);
  }

  std::filesystem::path path_;
};

// The names in a folder, given relative to an open one; none if the folder does not exist.
inline std::vector<std::string> names_in(int directory, const std::string& path) {
  std::vector<std::string> names;
  const int fd = ::openat(directory, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* stream = fd < 0 ? nullptr : ::fdopendir(fd);
  if (!stream) return names;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  ::closedir(stream);
  return names;
}

}  // namespace fuzz
