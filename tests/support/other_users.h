// Why a test cannot let a process act as another user.
//
// Covered by the tests that use it.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

namespace test_support {

// Empty: this process may become another user, and that user reaches the temporary directories of
// tests. A root directory that was made by mktemp(1), as that of some containers, is closed to all
// users but its owner.
inline std::string why_no_other_user() {
  if (::geteuid() != 0) return "only root can become another user";
  const std::string place = std::filesystem::temp_directory_path().string();
  for (std::size_t end = 1; end != std::string::npos;) {
    const std::string directory = place.substr(0, end);
    struct stat status {};
    const bool is_open = ::stat(directory.c_str(), &status) == 0 && (status.st_mode & S_IXOTH) != 0;
    if (!is_open) return directory + " is closed to other users";
    end = end < place.size() ? std::min(place.find('/', end + 1), place.size()) : place.npos;
  }
  return {};
}

}  // namespace test_support
