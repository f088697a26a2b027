// Counting and printing. Covered by the runs of the soak itself.
#include "tests/soak/report.h"

#include <cstdio>

namespace soak {

void Report::count(std::string_view kind) {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(kind);
  if (found == counts_.end())
    counts_.emplace(kind, 1);
  else
    ++found->second;
}

void Report::fail(const std::string& text) {
  constexpr std::uint64_t most_printed = 20;
  if (errors_.fetch_add(1) < most_printed) print("ERROR: " + text);
}

void Report::print(const std::string& text) {
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start_;
  const std::lock_guard lock(mutex_);
  std::printf("%9.3f  %s\n", time.count(), text.c_str());
  std::fflush(stdout);
}

std::uint64_t Report::operations() {
  const std::lock_guard lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [kind, count] : counts_) sum += count;
  return sum;
}

std::string Report::text() {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [kind, count] : counts_) text += " " + kind + "=" + std::to_string(count);
  return text;
}

}  // namespace soak
