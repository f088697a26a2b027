// The progress of a transfer, as a line for a terminal.
//
// The texts are pure functions of numbers; Meter computes the rate of the last seconds. report.h
// prints the line. Covered by tests/client/screen/progress_test.cc.
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

// "0:07", "12:34", "3:25:45"; "--:--" where the duration is not known or longer than 99 hours.
[[nodiscard]] std::string format_duration(std::optional<std::uint64_t> seconds);

// "60 s", "0.2 s".
[[nodiscard]] std::string format_seconds(std::int64_t ms);

// " in 0:12, 1.2 MiB/s": the end of a sentence about a finished transfer.
[[nodiscard]] std::string format_pace(std::uint64_t bytes, std::int64_t elapsed_ms);

struct Progress {
  std::string_view name = {};               // of the file; without control characters
  std::uint64_t done = 0;                   // bytes
  std::optional<std::uint64_t> total = {};  // bytes; none where the length is not known
  std::uint64_t rate = 0;                   // bytes a second
  std::int64_t still_ms = 0;                // since bytes have moved
  std::size_t file = 1;                     // the number of the file among `files`
  std::size_t files = 1;
  std::uint64_t all_done = 0;  // bytes of all files so far
};

// A transfer that has not moved for this long is shown as stalled.
inline constexpr std::int64_t stall_ms = 3000;

enum class Bar { shown, hidden };

// One line of at most `columns` columns, without a line feed. A short line has the name and the
// share (or the bytes); a longer one has also, in this order of worth, the rate, the time left, the
// number of the file, the bytes, the bytes of all files, and a bar. A long one has a longer name
// and a longer bar.
[[nodiscard]] std::string format_progress(const Progress& progress, std::size_t columns,
                                          Bar bar = Bar::shown);

// The rate of the last few seconds.
class Meter {
 public:
  // `done` bytes have moved before.
  void start(std::int64_t now_ms, std::uint64_t done = 0);
  // `done` bytes in all have moved by `now_ms`.
  void note(std::uint64_t done, std::int64_t now_ms);
  [[nodiscard]] std::uint64_t bytes_per_second() const;

 private:
  struct Sample {
    std::int64_t time_ms = 0;
    std::uint64_t done = 0;
  };
  // Samples are at least a quarter of a second apart: they cover eight seconds.
  static constexpr std::int64_t step_ms = 250;
  std::array<Sample, 32> samples_{};
  std::size_t count_ = 0;  // ever taken; the newest is at (count_ - 1) % size
  Sample latest_;
};

}  // namespace client
