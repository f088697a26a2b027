// Ends the program where the library asks for memory: it promises never to.
//
// Under a sanitizer its hooks see every malloc; elsewhere no_allocation.cc replaces operator new.
// Covered by tests/parser/cost_test.cc, which tries it on itself.
#pragma once

namespace fuzz {

// While one lives, this thread may not allocate.
class NoAllocation {
 public:
  NoAllocation() noexcept;
  ~NoAllocation();
  NoAllocation(const NoAllocation&) = delete;
  NoAllocation& operator=(const NoAllocation&) = delete;
};

}  // namespace fuzz
