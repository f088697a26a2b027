// SplitMix64: a pseudo-random generator of 64 bits of state, for names that need not be secret and
// for tests and benchmarks that have to be reproducible. Not installed.
//
// Equal seeds give equal sequences on every machine. It is not cryptographic: one output reveals
// the state. Covered by tests/parser/splitmix64_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>

namespace http1 {

class SplitMix64 {
 public:
  constexpr explicit SplitMix64(std::uint64_t seed) noexcept : state_(seed) {}

  [[nodiscard]] constexpr std::uint64_t next() noexcept { return mix(state_ += increment); }

  // The output function: each bit of the result depends on each bit of `bits`. mix(0) is 0.
  [[nodiscard]] static constexpr std::uint64_t mix(std::uint64_t bits) noexcept {
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
    return bits ^ (bits >> 31);
  }

  // A number from 0 to bound - 1; bound is above 0. Slightly biased unless bound is a power of two.
  [[nodiscard]] constexpr std::size_t below(std::size_t bound) noexcept {
    return static_cast<std::size_t>(next() % bound);
  }

 private:
  static constexpr std::uint64_t increment = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio, odd

  std::uint64_t state_;
};

}  // namespace http1
