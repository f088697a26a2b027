// Pseudorandom contents. Covered by tests/soak/content_test.cc.
#include "tests/soak/content.h"

#include <algorithm>
#include <cstring>

#include "parser/splitmix64.h"

namespace soak {

namespace {

constexpr unsigned size_bits = 32;

// The eight bytes at 8 * `index`.
std::uint64_t word_at(Version version, std::size_t index) {
  return http1::SplitMix64::mix(version + 0x9e3779b97f4a7c15 * (index + 1));
}

}  // namespace

Version make_version(std::uint64_t serial, std::size_t size) {
  return serial << size_bits | static_cast<std::uint32_t>(size);
}

std::size_t size_of(Version version) { return static_cast<std::uint32_t>(version); }

std::string content_of(Version version) {
  std::string bytes(size_of(version), '\0');
  for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint64_t)) {
    const std::uint64_t word = word_at(version, at / sizeof word);
    std::memcpy(bytes.data() + at, &word, std::min(sizeof word, bytes.size() - at));
  }
  return bytes;
}

bool is_part_of(Version version, std::size_t offset, std::string_view bytes) {
  if (offset + bytes.size() > size_of(version)) return false;
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t at = offset + i;
    const std::uint64_t word = word_at(version, at / sizeof word);
    const std::size_t begin = at % sizeof word;
    const std::size_t count = std::min(sizeof word - begin, bytes.size() - i);
    if (std::memcmp(reinterpret_cast<const char*>(&word) + begin, bytes.data() + i, count) != 0)
      return false;
    i += count;
  }
  return true;
}

}  // namespace soak
