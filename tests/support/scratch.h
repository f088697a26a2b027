// Scratch: a temporary directory for a test, removed with its contents when the object is
// destroyed.
//
// Names are relative to it; reading and listing include dot files.
// Covered by tests/end_to_end/, whose tests use it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace test_support {

class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  const std::string& path() const { return path_; }
  std::string path(std::string_view name) const;

  // Writes a whole file; creates the directories above it.
  void write(std::string_view name, std::string_view bytes) const;
  void make_directory(std::string_view name) const;
  void make_link(std::string_view name, std::string_view target) const;
  void remove(std::string_view name) const;

  // The bytes of a file; nullopt if it does not exist.
  std::optional<std::string> read(std::string_view name) const;
  bool exists(std::string_view name) const;
  // Every name below the directory, sorted; directories end in a slash.
  std::vector<std::string> list() const;

 private:
  std::string path_;
};

// Pseudorandom bytes, determined by the seed.
std::string noise(std::size_t size, std::uint64_t seed = 1);

}  // namespace test_support
