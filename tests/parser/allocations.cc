// The counting operator new; malloc does the work.
// Covered by parse_test.cc, which needs it.
#include "tests/parser/allocations.h"

#include "fuzz/replace_new.h"

namespace {

thread_local std::size_t count = 0;

}  // namespace

std::size_t allocations() { return count; }

void fuzz::before_new(std::size_t) { ++count; }
