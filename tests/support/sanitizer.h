// Whether this build has a sanitizer that maps large parts of the address space, so that a limit of
// the address space means nothing. Used in tests/end_to_end/.
#pragma once

namespace test_support {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool maps_address_space = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool maps_address_space = true;
#else
inline constexpr bool maps_address_space = false;
#endif
#else
inline constexpr bool maps_address_space = false;
#endif

}  // namespace test_support
