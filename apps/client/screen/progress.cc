// Formatting and measuring. Covered by tests/client/screen/progress_test.cc.
#include "apps/client/screen/progress.h"

#include <algorithm>
#include <cstdio>

namespace client {

namespace {

// The columns that a UTF-8 text takes, approximately: its characters.
std::size_t columns_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
  }));
}

// Cuts between two characters.
std::string shortened(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  std::size_t end = 0;
  std::size_t seen = 0;
  for (; end < text.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xc0) != 0x80;
    if (begins && ++seen > columns - 1) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string bar(std::uint64_t done, std::uint64_t total, std::size_t columns) {
  const double share = static_cast<double>(done) / static_cast<double>(total);
  const auto full =
      std::min(columns, static_cast<std::size_t>(share * static_cast<double>(columns)));
  return "[" + std::string(full, '=') + std::string(columns - full, ' ') + "]";
}

std::optional<std::uint64_t> seconds_left(const Progress& progress) {
  if (!progress.total || progress.rate == 0) return {};
  const std::uint64_t left = *progress.total - std::min(progress.done, *progress.total);
  return (left + progress.rate - 1) / progress.rate;
}

}  // namespace

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 6> units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1000) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // From 999.95 on the text would have five digits.
  for (; value >= 999.95 && unit + 1 < units.size(); ++unit) value /= 1024;
  std::array<char, 32> text;
  const int count = std::snprintf(text.data(), text.size(), "%.1f %s", value, units[unit]);
  return std::string(text.data(), static_cast<std::size_t>(count));
}

std::string format_duration(std::optional<std::uint64_t> seconds) {
  if (!seconds || *seconds >= 100 * 3600) return "--:--";
  const auto hours = static_cast<unsigned>(*seconds / 3600);
  const auto minutes = static_cast<unsigned>(*seconds / 60 % 60);
  const auto rest = static_cast<unsigned>(*seconds % 60);
  std::array<char, 32> text;
  const int count =
      hours > 0 ? std::snprintf(text.data(), text.size(), "%u:%02u:%02u", hours, minutes, rest)
                : std::snprintf(text.data(), text.size(), "%u:%02u", minutes, rest);
  return std::string(text.data(), static_cast<std::size_t>(count));
}

std::string format_progress(const Progress& progress, std::size_t columns) {
  std::string facts;
  std::string gauge;
  if (progress.total) {
    const std::uint64_t done = std::min(progress.done, *progress.total);
    const double share =
        *progress.total == 0 ? 1 : static_cast<double>(done) / static_cast<double>(*progress.total);
    std::array<char, 16> text;
    std::snprintf(text.data(), text.size(), " %3d %%", static_cast<int>(share * 100));
    facts = text.data();
    if (*progress.total > 0) gauge = bar(done, *progress.total, 20);
  }
  facts += "  " + format_bytes(progress.done) + "  " + format_bytes(progress.rate) + "/s";
  if (progress.total) facts += "  " + format_duration(seconds_left(progress)) + " left";

  // Where the line is too short, the bar is left out first, then the name.
  constexpr std::size_t shortest_name = 8;
  if (facts.size() >= columns) return facts.substr(0, columns);
  std::size_t space = columns - facts.size();
  if (space < gauge.size() + 1 + shortest_name) gauge.clear();
  if (!gauge.empty()) gauge.insert(0, " ");
  space -= gauge.size();
  if (space < shortest_name) return facts;
  return shortened(progress.name, space) + gauge + facts;
}

void Meter::start(std::int64_t now_ms) {
  samples_[0] = {.time_ms = now_ms, .done = 0};
  latest_ = samples_[0];
  count_ = 1;
}

void Meter::note(std::uint64_t done, std::int64_t now_ms) {
  latest_ = {.time_ms = now_ms, .done = done};
  if (now_ms - samples_[(count_ - 1) % samples_.size()].time_ms < step_ms) return;
  samples_[count_++ % samples_.size()] = latest_;
}

std::uint64_t Meter::bytes_per_second() const {
  const Sample& oldest = samples_[count_ <= samples_.size() ? 0 : count_ % samples_.size()];
  const std::int64_t elapsed_ms = latest_.time_ms - oldest.time_ms;
  if (elapsed_ms <= 0) return 0;
  return (latest_.done - oldest.done) * 1000 / static_cast<std::uint64_t>(elapsed_ms);
}

}  // namespace client
