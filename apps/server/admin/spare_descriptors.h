// SpareDescriptors: accepting connections when the process has no descriptors left.
//
// A few descriptors are kept open for nothing. When accept(2) fails with EMFILE or ENFILE, one of
// them is closed, and accept(2) is tried again with its number. When that connection ends, its
// descriptor becomes a spare one again by dup3(2), in one step, so that no other thread can take
// the number in between. Used by one thread. Covered by
// tests/server/admin/spare_descriptors_test.cc and tests/end_to_end/admin_test.cc.
#pragma once

#include <vector>

#include "uring/fd.h"

namespace server {

class SpareDescriptors {
 public:
  static constexpr unsigned most_spares = 4;

  // Copies of `source`, an open descriptor that outlives this object, are the spare ones.
  explicit SpareDescriptors(int source) : source_(source) { refill(); }
  ~SpareDescriptors();
  SpareDescriptors(const SpareDescriptors&) = delete;
  SpareDescriptors& operator=(const SpareDescriptors&) = delete;

  // Accepts a connection without waiting. Returns its descriptor, which release() closes, or -1
  // with errno.
  int accept(int listener);
  // Closes a connection, and keeps its descriptor where spare ones are missing.
  void release(int connection);
  // Opens the spare descriptors that are missing, as far as there are free ones.
  void refill();

 private:
  const int source_;
  std::vector<int> spares_;
};

}  // namespace server
