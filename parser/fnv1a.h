// Fnv1a: the 64-bit FNV-1a hash, for hash tables and for telling texts apart. Not installed.
//
// It is not cryptographic: collisions are easy to construct. Covered by tests/parser/fnv1a_test.cc.
#pragma once

#include <cstdint>
#include <string_view>

namespace http1 {

class Fnv1a {
 public:
  constexpr Fnv1a() noexcept = default;
  // Continues a hash that another Fnv1a computed.
  constexpr explicit Fnv1a(std::uint64_t hash) noexcept : hash_(hash) {}

  constexpr Fnv1a& add(unsigned char byte) noexcept {
    hash_ = (hash_ ^ byte) * prime;
    return *this;
  }
  constexpr Fnv1a& add(std::string_view text) noexcept {
    for (const char byte : text) add(static_cast<unsigned char>(byte));
    return *this;
  }
  // Adds the eight bytes of `word`, the lowest first.
  constexpr Fnv1a& add_word(std::uint64_t word) noexcept {
    for (int i = 0; i < 8; ++i, word >>= 8) add(static_cast<unsigned char>(word & 0xff));
    return *this;
  }

  [[nodiscard]] constexpr std::uint64_t value() const noexcept { return hash_; }

 private:
  static constexpr std::uint64_t offset_basis = 0xcbf29ce484222325;
  static constexpr std::uint64_t prime = 0x100000001b3;

  std::uint64_t hash_ = offset_basis;
};

}  // namespace http1
