// Report: what the threads of a soak have done, and the errors they have found.
//
// By every thread. Covered by the runs of the soak itself.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace soak {

class Report {
 public:
  // Counts an operation or a disturbance of that kind.
  void count(std::string_view kind);
  // Counts a request with a whole response, and one of which the server may or may not have counted
  // a response.
  void count_answered() { ++answered_; }
  void count_uncertain() { ++uncertain_; }
  std::uint64_t answered() const { return answered_.load(); }
  std::uint64_t uncertain() const { return uncertain_.load(); }
  // Records an error. The first ones are printed at once.
  void fail(const std::string& text);
  // Prints a line with the time since the start.
  void print(const std::string& text);

  bool has_failed() const { return errors_.load() > 0; }
  std::uint64_t errors() const { return errors_.load(); }
  // The sum of all counts, and the counts as text.
  std::uint64_t operations();
  std::string text();

 private:
  std::mutex mutex_;
  std::map<std::string, std::uint64_t, std::less<>> counts_;
  std::atomic<std::uint64_t> errors_ = 0;
  std::atomic<std::uint64_t> answered_ = 0;
  std::atomic<std::uint64_t> uncertain_ = 0;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace soak
