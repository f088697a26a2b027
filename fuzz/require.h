// Reports a finding of a fuzz target: prints the sentence that is no longer true, and aborts.
//
// libFuzzer keeps the input of a run that aborts, and the replay names the file it was reading.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

// The function that every target defines, and libFuzzer or replay_main.cc calls. Returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

// `sentence` states the invariant: `condition` must be true.
inline void require(bool condition, const char* sentence) {
  if (condition) [[likely]] {
    return;
  }
  std::fprintf(stderr, "fuzz: this must hold and does not: %s\n", sentence);
  std::abort();
}

inline std::string_view text_of_input(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace fuzz
