// Aborts the program when the library allocates memory, which it guarantees never to do.
//
// Under a sanitizer the sanitizer's hooks see every malloc; elsewhere no_allocation.cc replaces
// operator new (replace_new.h).
// Covered by tests/parser/cost_test.cc, which tests this detector too.
#pragma once

namespace fuzz {

// While an object of this class exists, its thread may not allocate.
class NoAllocation {
 public:
  NoAllocation() noexcept;
  ~NoAllocation();
  NoAllocation(const NoAllocation&) = delete;
  NoAllocation& operator=(const NoAllocation&) = delete;
};

}  // namespace fuzz
