// Lines read with SSE4.2: a block is two registers. Where there is no SSE, an empty file.
// Covered by tests/parser/simd_test.cc.
#include "parser/simd.h"

#if HTTP1_HAS_SSE

#include <immintrin.h>

#define HTTP1_TARGET [[gnu::target("sse4.2,popcnt")]]

#include "parser/class_tables.h"
#include "parser/lines.h"

namespace http1 {
namespace {

struct Pair {
  __m128i low;
  __m128i high;
};

HTTP1_INLINE Pair load_block(const char* at) noexcept {
  const auto* const bytes = reinterpret_cast<const __m128i*>(at);
  return {_mm_loadu_si128(bytes), _mm_loadu_si128(bytes + 1)};
}

HTTP1_INLINE __m128i table(const scan::Bytes& bytes) noexcept {
  return _mm_load_si128(reinterpret_cast<const __m128i*>(bytes.data()));
}

constexpr const scan::ClassTables& tables = scan::class_tables;

HTTP1_INLINE __m128i controls_of(__m128i bytes) noexcept {
  const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, table(tables.last_control)), bytes);
  const __m128i del = _mm_cmpeq_epi8(bytes, table(tables.del));
  return _mm_or_si128(low, del);
}

HTTP1_INLINE __m128i outside(const scan::Bytes& columns, __m128i bytes) noexcept {
  const __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), table(tables.low_half));
  const __m128i rows = _mm_shuffle_epi8(table(tables.rows), high);
  const __m128i found = _mm_and_si128(_mm_shuffle_epi8(table(columns), bytes), rows);
  return _mm_cmpeq_epi8(found, _mm_setzero_si128());
}

HTTP1_INLINE __m128i folded_equal(__m128i bytes, __m128i folded) noexcept {
  return _mm_cmpeq_epi8(_mm_or_si128(bytes, table(tables.lower_case)), folded);
}

struct SseScanner {
  struct Block {
    Pair bytes;
    std::size_t skip;  // bytes in front of the requested position, less than 64
  };
  static constexpr bool has_masks = true;

  HTTP1_INLINE static std::size_t lowest(std::uint64_t mask) noexcept {
    return mask == 0 ? 64 : static_cast<std::size_t>(__builtin_ctzll(mask));
  }

  HTTP1_INLINE static std::size_t lowest_of_block(std::uint32_t mask) noexcept {
    return lowest(mask | std::uint64_t{1} << block_size);
  }

  HTTP1_INLINE static Block load(const char* at) noexcept { return {load_block(at), 0}; }
  HTTP1_INLINE static Block load(const char* at, const char* last) noexcept {
    const char* const from = at < last ? at : last;
    return {load_block(from), static_cast<std::size_t>(at - from)};
  }

  HTTP1_INLINE static std::uint64_t controls(const Block& block) noexcept {
    return mask_of({controls_of(block.bytes.low), controls_of(block.bytes.high)}, block);
  }

  HTTP1_INLINE static std::uint64_t outside_token(const Block& block) noexcept {
    return outside_of(tables.token, block);
  }
  HTTP1_INLINE static std::uint64_t outside_path(const Block& block) noexcept {
    return outside_of(tables.path, block);
  }
  HTTP1_INLINE static std::uint64_t outside_query(const Block& block) noexcept {
    return outside_of(tables.query, block);
  }
  HTTP1_INLINE static std::uint64_t outside_host(const Block& block) noexcept {
    return outside_of(tables.host, block);
  }

  HTTP1_INLINE static bool has(const Block& block, const char* folded,
                               std::uint32_t mask) noexcept {
    const Pair text = load_block(folded - block.skip);
    const Pair equal = {folded_equal(block.bytes.low, text.low),
                        folded_equal(block.bytes.high, text.high)};
    return (~static_cast<std::uint32_t>(mask_of(equal, block)) & mask) == 0;
  }

 private:
  HTTP1_INLINE static std::uint64_t mask_of(Pair bytes, const Block& block) noexcept {
    const auto low = static_cast<std::uint32_t>(_mm_movemask_epi8(bytes.low));
    const auto high = static_cast<std::uint32_t>(_mm_movemask_epi8(bytes.high));
    return (std::uint64_t{low} | std::uint64_t{high} << 16) >> block.skip;
  }

  HTTP1_INLINE static std::uint64_t outside_of(const scan::Bytes& columns,
                                               const Block& block) noexcept {
    return mask_of({outside(columns, block.bytes.low), outside(columns, block.bytes.high)}, block);
  }
};

}  // namespace

const Engine sse_engine = {&LineParser<SseScanner>::request, &LineParser<SseScanner>::response};

}  // namespace http1

#endif
