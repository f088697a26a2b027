// Gives libFuzzer the mutations of mutator.h: the only file that depends on both.
//
// FUZZ_SHAPE is the kind of message that the target parses. With QUOIT_FUZZ_PLAIN in the
// environment, libFuzzer mutates alone, as if this file was not linked.
#include <cstdlib>

#include "fuzz/mutator.h"

// Defined by libFuzzer.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed);
extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* left, std::size_t left_size,
                                                 const std::uint8_t* right, std::size_t right_size,
                                                 std::uint8_t* out, std::size_t max_size,
                                                 unsigned seed);

namespace {

bool is_plain() {
  static const bool is_set = std::getenv("QUOIT_FUZZ_PLAIN") != nullptr;
  return is_set;
}

std::string_view view_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned seed) {
  if (is_plain()) return LLVMFuzzerMutate(data, size, max_size);
  return fuzz::mutate(fuzz::Shape::FUZZ_SHAPE, data, size, max_size, seed, LLVMFuzzerMutate);
}

// After a result of 0 bytes libFuzzer mutates by itself, which includes crossing inputs.
std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* left, std::size_t left_size,
                                      const std::uint8_t* right, std::size_t right_size,
                                      std::uint8_t* out, std::size_t max_size, unsigned seed) {
  if (is_plain()) return 0;
  return fuzz::cross(view_of(left, left_size), view_of(right, right_size), out, max_size, seed);
}
