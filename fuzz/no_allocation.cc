// Detects allocations: by the sanitizer's hooks, or by replacing operator new.
// Covered by tests/parser/cost_test.cc.
#include "fuzz/no_allocation.h"

#include <cstddef>

#include "fuzz/require.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
    __has_feature(thread_sanitizer)
#define FUZZ_HAS_HOOKS 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FUZZ_HAS_HOOKS 1
#endif

namespace fuzz {
namespace {

thread_local int depth = 0;

void count_allocation() {
  if (depth == 0) [[likely]] {
    return;
  }
  depth = 0;  // the report itself may allocate
  require(false, "the library allocates nothing");
}

}  // namespace

NoAllocation::NoAllocation() noexcept { ++depth; }
NoAllocation::~NoAllocation() { --depth; }

}  // namespace fuzz

#if defined(FUZZ_HAS_HOOKS)

#include <sanitizer/allocator_interface.h>

namespace {

void on_malloc(const volatile void*, std::size_t) { fuzz::count_allocation(); }
void on_free(const volatile void*) {}

[[maybe_unused]] const int installed =
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);

}  // namespace

#else

#include "fuzz/replace_new.h"

void fuzz::before_new(std::size_t) { count_allocation(); }

#endif
