// A histogram of request times, in classes whose width is at most a sixteenth of their value.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace load {

class Histogram {
 public:
  void add(std::uint64_t nanoseconds) {
    ++counts_[class_of(nanoseconds)];
    ++total_;
  }
  void clear() { *this = {}; }

  // The quantile `share` (0 to 1): that share of the requests took no longer; 0 without requests.
  std::uint64_t at(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted) return least_of(i);
    }
    return 0;
  }

 private:
  static constexpr unsigned fraction_bits = 4;

  // Below 16 a class is one value; above, the four bits after the leading one select the class.
  static std::size_t class_of(std::uint64_t value) {
    if (value < 16) return value;
    const auto width = static_cast<unsigned>(std::bit_width(value));
    const unsigned shift = width - fraction_bits - 1;
    return (std::size_t{shift} + 1) * 16 + ((value >> shift) & 15);
  }
  static std::uint64_t least_of(std::size_t index) {
    if (index < 16) return index;
    return (16 + std::uint64_t{index % 16}) << (index / 16 - 1);
  }

  std::array<std::uint64_t, 64 * 16> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace load
