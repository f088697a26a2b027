// eventually(): waits for what another process does, by looking again and again until a deadline.
//
// For what cannot be awaited: files that come or go, counters, the state of a process.
// Covered by tests/end_to_end/, which lives on it.
#pragma once

#include <chrono>
#include <thread>

namespace test_support {

// Looks every millisecond until `holds()` is true, or 20 s have passed. What it said last.
template <typename Predicate>
bool eventually(Predicate holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return holds();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace test_support
