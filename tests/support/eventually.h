// eventually(): waits for an effect of another process, by checking repeatedly until a deadline.
//
// For conditions without a notification: files that appear or vanish, counters, the state of a
// process. Covered by tests/end_to_end/, whose tests use it.
#pragma once

#include <chrono>
#include <thread>

namespace test_support {

// Calls `holds()` every millisecond until it is true or 60 s have passed. Returns its last result.
template <typename Predicate>
bool eventually(Predicate holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return holds();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace test_support
