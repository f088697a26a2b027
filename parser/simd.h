// The choice of the instruction set that reads the lines of heads. Not installed, since programs do
// not depend on it.
//
// The library contains all of them, with equal results, and chooses the best one of the processor
// at the first call. The environment variable HTTP1_SIMD (scalar, sse or avx2) and the CMake
// variable of that name set a bound, for tests and as a precaution.
// Covered by tests/parser/simd_test.cc.
#pragma once

#include <cstdint>
#include <string_view>

#include "parser/error.h"
#include "parser/limits.h"
#include "parser/message.h"

// What is compiled in: 0 scalar, 1 SSE, 2 AVX2.
#if !defined(HTTP1_SIMD_BOUND)
#define HTTP1_SIMD_BOUND 2
#endif
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
#define HTTP1_HAS_SSE (HTTP1_SIMD_BOUND >= 1)
#define HTTP1_HAS_AVX2 (HTTP1_SIMD_BOUND >= 2)
#else
#define HTTP1_HAS_SSE 0
#define HTTP1_HAS_AVX2 0
#endif

namespace http1 {

enum class Simd : std::uint8_t {
  scalar,  // words of eight bytes; everywhere
  sse,     // SSE4.2 and popcnt
  avx2,    // AVX2 and BMI
};

inline constexpr Simd all_simd[] = {Simd::scalar, Simd::sse, Simd::avx2};

// Returns whether the library and the processor have the instruction set.
[[nodiscard]] bool is_supported(Simd simd) noexcept;

// Returns the best that is supported, within the bound of HTTP1_SIMD in the environment.
[[nodiscard]] Simd choose_simd() noexcept;

// As in parse.h, with an instruction set that is supported.
[[nodiscard]] Progress parse_request(std::string_view bytes, RequestHead& head,
                                     const Limits& limits, Simd simd) noexcept;
[[nodiscard]] Progress parse_response(std::string_view bytes, ResponseHead& head,
                                      Method request_method, const Limits& limits,
                                      Simd simd) noexcept;

// The functions of an instruction set: parse.h by whole lines, as far as these are certainly valid.
// continue_request() leaves other lines to the automaton. `is_last`: all that is left, not one
// line.
struct Engine {
  Progress (*request)(std::string_view bytes, RequestHead& head, const Limits& limits,
                      bool is_last) noexcept;
  Progress (*response)(std::string_view bytes, ResponseHead& head, Method request_method,
                       const Limits& limits, bool is_last) noexcept;
};

// Reads on byte by byte as far as the end of a line, and then calls `again`; or as far as it goes,
// if `again` is null.
[[nodiscard]] Progress continue_request(std::string_view bytes, RequestHead& head,
                                        const Limits& limits,
                                        decltype(Engine::request) again) noexcept;
[[nodiscard]] Progress continue_response(std::string_view bytes, ResponseHead& head,
                                         Method request_method, const Limits& limits,
                                         decltype(Engine::response) again) noexcept;

extern const Engine scalar_engine;
#if HTTP1_HAS_SSE
extern const Engine sse_engine;
#endif
#if HTTP1_HAS_AVX2
extern const Engine avx2_engine;
#endif

}  // namespace http1
