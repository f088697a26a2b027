// A directory by mkdtemp(3), and files by the C++ library.
// Covered by tests/end_to_end/.
#include "tests/support/scratch.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include <gtest/gtest.h>

#include "parser/splitmix64.h"

namespace test_support {

namespace fs = std::filesystem;

Scratch::Scratch() : path_(fs::temp_directory_path() / "quoit-test-XXXXXX") {
  if (!::mkdtemp(path_.data())) {
    throw std::system_error(errno, std::generic_category(), path_);
  }
}

Scratch::~Scratch() {
  std::error_code error;
  fs::remove_all(path_, error);
  EXPECT_FALSE(error) << path_ << ": " << error.message();
}

std::string Scratch::path(std::string_view name) const { return path_ + "/" + std::string(name); }

void Scratch::write(std::string_view name, std::string_view bytes) const {
  const fs::path file = path(name);
  fs::create_directories(file.parent_path());
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  ASSERT_TRUE(stream) << file;
}

void Scratch::make_directory(std::string_view name) const { fs::create_directories(path(name)); }

void Scratch::make_link(std::string_view name, std::string_view target) const {
  fs::create_symlink(target, path(name));
}

void Scratch::remove(std::string_view name) const { fs::remove_all(path(name)); }

std::optional<std::string> Scratch::read(std::string_view name) const {
  std::ifstream stream(path(name), std::ios::binary | std::ios::ate);
  if (!stream) return {};
  std::string bytes(static_cast<std::size_t>(std::max<std::streamoff>(stream.tellg(), 0)), '\0');
  stream.seekg(0);
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return bytes;
}

bool Scratch::exists(std::string_view name) const {
  return fs::symlink_status(path(name)).type() != fs::file_type::not_found;
}

std::vector<std::string> Scratch::list() const {
  std::vector<std::string> names;
  std::error_code error;  // a name may disappear during the iteration
  for (fs::recursive_directory_iterator at(path_, error), end; !error && at != end;
       at.increment(error)) {
    const bool is_directory = fs::is_directory(at->symlink_status(error));
    names.push_back(at->path().string().substr(path_.size() + 1) + (is_directory ? "/" : ""));
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string noise(std::size_t size, std::uint64_t seed) {
  std::string bytes(size, '\0');
  http1::SplitMix64 random(seed);
  for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random.next();
    std::memcpy(bytes.data() + at, &word, std::min(sizeof word, size - at));
  }
  return bytes;
}

}  // namespace test_support
