// Lines read with AVX2: a block is one register. Where there is no AVX2, an empty file.
// Covered by tests/parser/simd_test.cc.
#include "parser/simd.h"

#if HTTP1_HAS_AVX2

#include <immintrin.h>

#define HTTP1_TARGET [[gnu::target("avx2,bmi,bmi2,popcnt")]]

#include "parser/class_tables.h"
#include "parser/lines.h"

namespace http1 {
namespace {

HTTP1_INLINE __m256i load_block(const char* at) noexcept {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}

HTTP1_INLINE __m256i table(const scan::Bytes& bytes) noexcept {
  return _mm256_load_si256(reinterpret_cast<const __m256i*>(bytes.data()));
}

constexpr const scan::ClassTables& tables = scan::class_tables;

struct Avx2Scanner {
  struct Block {
    __m256i bytes;
    std::size_t skip;  // bytes in front of the requested position, less than 64
  };
  static constexpr bool has_masks = true;

  HTTP1_INLINE static std::size_t lowest(std::uint64_t mask) noexcept { return _tzcnt_u64(mask); }

  HTTP1_INLINE static std::size_t lowest_of_block(std::uint32_t mask) noexcept {
    return _tzcnt_u32(mask);
  }

  HTTP1_INLINE static Block load(const char* at) noexcept { return {load_block(at), 0}; }
  HTTP1_INLINE static Block load(const char* at, const char* last) noexcept {
    const char* const from = at < last ? at : last;
    return {load_block(from), static_cast<std::size_t>(at - from)};
  }

  HTTP1_INLINE static std::uint64_t controls(const Block& block) noexcept {
    const __m256i bytes = block.bytes;
    const __m256i low =
        _mm256_cmpeq_epi8(_mm256_min_epu8(bytes, table(tables.last_control)), bytes);
    const __m256i del = _mm256_cmpeq_epi8(bytes, table(tables.del));
    return mask_of(_mm256_or_si256(low, del), block);
  }

  HTTP1_INLINE static std::uint64_t outside_token(const Block& block) noexcept {
    return outside(tables.token, block);
  }
  HTTP1_INLINE static std::uint64_t outside_path(const Block& block) noexcept {
    return outside(tables.path, block);
  }
  HTTP1_INLINE static std::uint64_t outside_query(const Block& block) noexcept {
    return outside(tables.query, block);
  }
  HTTP1_INLINE static std::uint64_t outside_host(const Block& block) noexcept {
    return outside(tables.host, block);
  }

  HTTP1_INLINE static bool has(const Block& block, const char* folded,
                               std::uint32_t mask) noexcept {
    const __m256i lower = _mm256_or_si256(block.bytes, table(tables.lower_case));
    const __m256i equal = _mm256_cmpeq_epi8(lower, load_block(folded - block.skip));
    return (~static_cast<std::uint32_t>(mask_of(equal, block)) & mask) == 0;
  }

 private:
  HTTP1_INLINE static std::uint64_t mask_of(__m256i bytes, const Block& block) noexcept {
    return std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(bytes))} >> block.skip;
  }

  HTTP1_INLINE static std::uint64_t outside(const scan::Bytes& columns,
                                            const Block& block) noexcept {
    const __m256i high =
        _mm256_and_si256(_mm256_srli_epi16(block.bytes, 4), table(tables.low_half));
    const __m256i rows = _mm256_shuffle_epi8(table(tables.rows), high);
    const __m256i found = _mm256_and_si256(_mm256_shuffle_epi8(table(columns), block.bytes), rows);
    return mask_of(_mm256_cmpeq_epi8(found, _mm256_setzero_si256()), block);
  }
};

}  // namespace

const Engine avx2_engine = {&LineParser<Avx2Scanner>::request, &LineParser<Avx2Scanner>::response};

}  // namespace http1

#endif
