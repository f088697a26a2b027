// Replaces the global operator new and delete of a program, all forms of them, by malloc and free.
//
// Included by exactly one source file of a program, which defines before_new(). A set with a form
// missing would pair the system's operator new with our operator delete, which AddressSanitizer
// reports and which is undefined. Covered by the tests that count with it:
// tests/parser/parse_test.cc, tests/server/allocation_test.cc and tests/parser/cost_test.cc.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace fuzz {

// Called before each allocation, on the thread that allocates. If it throws std::bad_alloc, the
// allocation fails. Must not allocate by operator new itself.
void before_new(std::size_t bytes);

// Memory for `bytes`, aligned to `alignment` (0: as malloc does); throws std::bad_alloc.
[[nodiscard]] inline void* allocate(std::size_t bytes, std::size_t alignment) {
  before_new(bytes);
  if (bytes == 0) bytes = 1;
  if (alignment > 0) bytes = (bytes + alignment - 1) / alignment * alignment;
  void* const block = alignment > 0 ? std::aligned_alloc(alignment, bytes) : std::malloc(bytes);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

[[nodiscard]] inline void* allocate_or_null(std::size_t bytes, std::size_t alignment) noexcept {
  try {
    return allocate(bytes, alignment);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

}  // namespace fuzz

// NOLINTBEGIN(misc-definitions-in-headers): one source file of a program includes this one.
void* operator new(std::size_t n) { return fuzz::allocate(n, 0); }
void* operator new[](std::size_t n) { return fuzz::allocate(n, 0); }
void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
  return fuzz::allocate_or_null(n, 0);
}
void* operator new[](std::size_t n, const std::nothrow_t&) noexcept {
  return fuzz::allocate_or_null(n, 0);
}
void* operator new(std::size_t n, std::align_val_t a) { return fuzz::allocate(n, std::size_t(a)); }
void* operator new[](std::size_t n, std::align_val_t a) {
  return fuzz::allocate(n, std::size_t(a));
}
void* operator new(std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return fuzz::allocate_or_null(n, std::size_t(a));
}
void* operator new[](std::size_t n, std::align_val_t a, const std::nothrow_t&) noexcept {
  return fuzz::allocate_or_null(n, std::size_t(a));
}

void operator delete(void* block) noexcept { std::free(block); }
void operator delete[](void* block) noexcept { std::free(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { std::free(block); }
void operator delete[](void* block, const std::nothrow_t&) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::align_val_t, const std::nothrow_t&) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
// NOLINTEND(misc-definitions-in-headers)
