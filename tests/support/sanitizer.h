// Whether this build has AddressSanitizer or ThreadSanitizer. Used in tests/end_to_end/,
// tests/parser/ and tests/server/.
#pragma once

#include <cstddef>

namespace test_support {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool has_sanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool has_sanitizer = true;
#else
inline constexpr bool has_sanitizer = false;
#endif
#else
inline constexpr bool has_sanitizer = false;
#endif

// Both map large parts of the address space, so that a limit of the address space means nothing.
inline constexpr bool maps_address_space = has_sanitizer;

// Tests that try thousands of similar cases try each of them in a build without a sanitizer, and
// every n-th in the others, which take several times as long for each: a sanitizer reports faults
// of the code that runs, and a part of the cases runs all of it.
inline constexpr std::size_t sample_interval = has_sanitizer ? 3 : 1;

}  // namespace test_support
