// Allocations of the program under test that fail on request.
//
// Included by one source file of a program, because it replaces operator new. Allocations of a
// thread count while its lab::counting is set. Used by tests/server/memory_test.cc,
// reload_memory_test.cc and replacement_memory_test.cc.
#pragma once

#include <cstddef>
#include <new>

#include "fuzz/replace_new.h"
#include "tests/server/uncounted.h"

namespace server::lab {

inline thread_local std::size_t allocations = 0;
inline thread_local std::size_t first_failure = 0;  // the number of the one that fails; 0: none
inline thread_local bool all_fail = false;          // the later ones fail as well

// Counts from 0 again, and lets that allocation fail, and with `all` those behind it, too.
inline void fail_allocation(std::size_t number, bool all) {
  allocations = 0;
  first_failure = number;
  all_fail = all;
}

// While it exists, the allocations of this thread count, and that one fails.
class Scarce {
 public:
  Scarce(std::size_t failure, bool all) {
    fail_allocation(failure, all);
    counting = true;
  }
  ~Scarce() { counting = false; }
  Scarce(const Scarce&) = delete;
  Scarce& operator=(const Scarce&) = delete;
};

}  // namespace server::lab

// NOLINTNEXTLINE(misc-definitions-in-headers): one source file of a program includes this one.
void fuzz::before_new(std::size_t) {
  using namespace server::lab;
  if (!counting) return;
  ++allocations;
  const bool fails = allocations == first_failure || (all_fail && allocations > first_failure);
  if (first_failure > 0 && fails) throw std::bad_alloc();
}
