// The choice of an instruction set, once, at the first head.
// Covered by tests/parser/simd_test.cc.
#include "parser/simd.h"

#include <cstdlib>

namespace http1 {
namespace {

Simd bound_of_environment() noexcept {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read once, before main()
  const char* const text = std::getenv("HTTP1_SIMD");
  const std::string_view name = text == nullptr ? "" : text;
  if (name == "scalar") return Simd::scalar;
  return name == "sse" ? Simd::sse : Simd::avx2;
}

}  // namespace

bool is_supported(Simd simd) noexcept {
#if HTTP1_HAS_SSE
  __builtin_cpu_init();
#endif
  switch (simd) {
    case Simd::scalar: return true;
#if HTTP1_HAS_SSE
    case Simd::sse: return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt");
#endif
#if HTTP1_HAS_AVX2
    case Simd::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
             __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
#endif
    default: return false;
  }
}

Simd choose_simd() noexcept {
  const Simd bound = bound_of_environment();
  Simd best = Simd::scalar;
  for (const Simd simd : all_simd) {
    if (simd <= bound && is_supported(simd)) best = simd;
  }
  return best;
}

}  // namespace http1
