// Lines read with words of eight bytes and the table of scan.h, on any machine.
// Covered by tests/parser/simd_test.cc.
#include "parser/lines.h"
#include "parser/simd.h"

namespace http1 {
namespace {

constexpr std::uint64_t ones = 0x0101010101010101;
constexpr std::uint64_t highs = ones * 0x80;
constexpr std::uint64_t lows = ones * 0x7f;

// The highest bit of each byte that no value may have. The sums stay within their bytes.
HTTP1_INLINE std::uint64_t controls_of(std::uint64_t word) noexcept {
  const std::uint64_t low = word & lows;
  const std::uint64_t not_below_space = low + ones * 0x60;
  const std::uint64_t not_tab = ((word ^ ones * '\t') & lows) + lows;
  const std::uint64_t del = low + ones;
  return ((~not_below_space & not_tab) | del) & ~word & highs;
}

// Collects the highest bit of each byte; that of the lowest byte becomes the lowest.
HTTP1_INLINE std::uint64_t gather(std::uint64_t high_bits) noexcept {
  return (high_bits >> 7) * 0x0102040810204080 >> 56;
}

struct ScalarScanner {
  struct Block {
    const char* bytes;  // the requested position; a text there ends before the bytes do
    std::size_t skip;   // bytes in front of it, less than 64, so that 32 can be read
  };
  static constexpr bool has_masks = false;

  HTTP1_INLINE static std::size_t lowest(std::uint64_t mask) noexcept {
    return mask == 0 ? 64 : static_cast<std::size_t>(__builtin_ctzll(mask));
  }

  HTTP1_INLINE static std::size_t lowest_of_block(std::uint32_t mask) noexcept {
    return lowest(mask | std::uint64_t{1} << block_size);
  }

  HTTP1_INLINE static Block load(const char* at) noexcept { return {at, 0}; }
  HTTP1_INLINE static Block load(const char* at, const char* last) noexcept {
    return {at, at < last ? 0 : static_cast<std::size_t>(at - last)};
  }

  HTTP1_INLINE static std::uint64_t controls(const Block& block) noexcept {
    const char* const from = block.bytes - block.skip;
    std::uint64_t mask = 0;
    for (unsigned word = 0; word < block_size / 8; ++word) {
      mask |= gather(controls_of(http1::load<std::uint64_t>(from + word * 8))) << word * 8;
    }
    return mask >> block.skip;
  }

  HTTP1_INLINE static const char* find_control(const char* at, const char* end) noexcept {
    for (; end - at >= 8; at += 8) {
      const std::uint64_t found = controls_of(http1::load<std::uint64_t>(at));
      if (found != 0) return at + lowest(found) / 8;
    }
    while (at != end && scan::is(scan::value_bit, *at)) ++at;
    return at;
  }

  HTTP1_INLINE static std::uint64_t outside_token(const Block& block) noexcept {
    return std::uint64_t{1} << run<scan::token_bit>(block.bytes);
  }
  HTTP1_INLINE static std::uint64_t outside_host(const Block& block) noexcept {
    return std::uint64_t{1} << run<scan::host_bit>(block.bytes);
  }

  HTTP1_INLINE static bool has(const Block& block, const char* folded,
                               std::uint32_t mask) noexcept {
    for (std::size_t at = 0; at < block_size && (mask >> at & 1) != 0; ++at) {
      if ((block.bytes[at] | names::lower_case_bit) != folded[at]) return false;
    }
    return true;
  }

 private:
  template <scan::Class wanted>
  HTTP1_INLINE static std::size_t run(const char* bytes) noexcept {
    std::size_t size = 0;
    while (size < block_size && scan::is(wanted, bytes[size])) ++size;
    return size;
  }
};

}  // namespace

const Engine scalar_engine = {&LineParser<ScalarScanner>::request,
                              &LineParser<ScalarScanner>::response};

}  // namespace http1
