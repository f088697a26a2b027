// How far a transfer has come, as a line for a terminal.
//
// The texts are pure functions of numbers; Meter turns what has moved and when into a rate that
// follows the last seconds. Who prints the line, and when, is report.h.
// Covered by tests/client/screen/progress_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace client {

// "0 B", "999 B", "1.0 KiB", "12.3 MiB": at most four digits.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);

// "0:07", "12:34", "3:25:45"; "--:--" where it is not known or longer than 99 hours.
[[nodiscard]] std::string format_duration(std::optional<std::uint64_t> seconds);

struct Progress {
  std::string_view name;               // of the file; shortened to what fits
  std::uint64_t done = 0;              // bytes
  std::optional<std::uint64_t> total;  // bytes; nothing where the length is not known
  std::uint64_t rate = 0;              // bytes a second
};

// One line of at most `columns` columns, without an end.
[[nodiscard]] std::string format_progress(const Progress& progress, std::size_t columns);

// The rate of the last few seconds.
class Meter {
 public:
  void start(std::int64_t now_ms);
  // `done` bytes in all have moved by `now_ms`.
  void note(std::uint64_t done, std::int64_t now_ms);
  [[nodiscard]] std::uint64_t bytes_per_second() const;

 private:
  struct Sample {
    std::int64_t time_ms = 0;
    std::uint64_t done = 0;
  };
  // Samples are at least a quarter of a second apart: eight seconds of memory.
  static constexpr std::int64_t step_ms = 250;
  std::array<Sample, 32> samples_{};
  std::size_t count_ = 0;  // ever taken; the newest is at (count_ - 1) % size
  Sample latest_;
};

}  // namespace client
