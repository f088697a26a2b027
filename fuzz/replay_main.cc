// Runs a fuzz target once for each file given, for compilers without libFuzzer.
//
//   NAME_replay PATH...     a file, or a folder, all of whose files are run recursively
//
// Names each file before it is run, so that the last name above a failure is the input that failed.
// Covered by ctest, which replays the corpus of every target.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <vector>

#include "fuzz/require.h"

namespace {

namespace fs = std::filesystem;

// All files at or below the path, sorted by name.
std::vector<fs::path> files_at(const fs::path& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool replay(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return false;
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::error_code error; !fs::exists(argv[i], error)) {
      std::fprintf(stderr, "replay: there is no %s\n", argv[i]);
      return 66;
    }
    for (const fs::path& path : files_at(argv[i])) {
      if (!replay(path)) {
        std::fprintf(stderr, "replay: cannot read %s\n", path.c_str());
        return 66;
      }
      ++count;
    }
  }
  std::printf("replayed %zu files\n", count);
  return count == 0 ? 64 : 0;
}
