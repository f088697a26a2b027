// Formatting and measuring. Covered by tests/client/screen/progress_test.cc.
#include "apps/client/screen/progress.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "apps/client/screen/columns.h"

namespace client {

namespace {

// A name that is cut shorter tells files apart no more.
constexpr std::size_t shortest_name = 8;
// " [", "]" and ten steps; a bar of more than 60 steps shows nothing more.
constexpr std::size_t shortest_bar = 13;
constexpr std::size_t longest_bar = 63;

// The facts behind the name and the bar, in this order.
enum class Fact : std::size_t { share, done, rate, left, file, all };
using Facts = std::array<std::string, 6>;

// The facts that are left out where the line is too short, the first first.
constexpr std::array dispensable = {Fact::all, Fact::done, Fact::file, Fact::left, Fact::rate};

std::uint64_t rate_of(std::uint64_t bytes, std::uint64_t ms) { return bytes * 1000 / ms; }

std::string percent_of(std::uint64_t done, std::uint64_t total) {
  const double share =
      total == 0 ? 1 : static_cast<double>(std::min(done, total)) / static_cast<double>(total);
  std::array<char, 16> text;
  std::snprintf(text.data(), text.size(), " %3d %%", static_cast<int>(share * 100));
  return text.data();
}

std::string bar_of(std::uint64_t done, std::uint64_t total, std::size_t columns) {
  const std::size_t steps = columns - 3;
  const double share = static_cast<double>(std::min(done, total)) / static_cast<double>(total);
  const auto full = std::min(steps, static_cast<std::size_t>(share * static_cast<double>(steps)));
  return " [" + std::string(full, '=') + std::string(steps - full, ' ') + "]";
}

std::optional<std::uint64_t> seconds_left(const Progress& progress) {
  if (!progress.total || progress.rate == 0) return {};
  const std::uint64_t left = *progress.total - std::min(progress.done, *progress.total);
  return (left + progress.rate - 1) / progress.rate;
}

Facts facts_of(const Progress& progress) {
  Facts facts;
  const auto set = [&facts](Fact fact, std::string text) {
    facts[static_cast<std::size_t>(fact)] = std::move(text);
  };
  if (progress.total) set(Fact::share, percent_of(progress.done, *progress.total));
  set(Fact::done, "  " + format_bytes(progress.done));
  if (progress.still_ms >= stall_ms) {
    const auto seconds = static_cast<std::uint64_t>(progress.still_ms / 1000);
    set(Fact::rate, "  stalled " + format_duration(seconds));
  } else {
    set(Fact::rate, "  " + format_bytes(progress.rate) + "/s");
    if (progress.total) set(Fact::left, "  " + format_duration(seconds_left(progress)) + " left");
  }
  if (progress.files > 1) {
    set(Fact::file, "  " + std::to_string(progress.file) + " of " + std::to_string(progress.files));
    set(Fact::all, "  " + format_bytes(progress.all_done) + " in all");
  }
  return facts;
}

// The columns of the facts, which are ASCII.
std::size_t size_of(const Facts& facts) {
  std::size_t size = 0;
  for (const std::string& fact : facts) size += fact.size();
  return size;
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

std::string format_seconds(std::int64_t ms) {
  std::array<char, 32> text;
  const int count = std::snprintf(text.data(), text.size(), "%g s", static_cast<double>(ms) / 1000);
  return std::string(text.data(), static_cast<std::size_t>(count));
}

std::string format_pace(std::uint64_t bytes, std::int64_t elapsed_ms) {
  const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed_ms, 1));
  return " in " + format_duration(ms / 1000) + ", " + format_bytes(rate_of(bytes, ms)) + "/s";
}

std::string format_progress(const Progress& progress, std::size_t columns, Bar bar) {
  Facts facts = facts_of(progress);
  const std::size_t name_columns = columns_of(progress.name);
  const std::size_t least_name = std::min(name_columns, shortest_name);
  for (const Fact fact : dispensable) {
    if (size_of(facts) + least_name <= columns) break;
    if (fact == Fact::done && !progress.total) continue;
    facts[static_cast<std::size_t>(fact)].clear();
  }
  std::size_t space = columns - std::min(columns, size_of(facts));
  std::string gauge;
  if (bar == Bar::shown && progress.total.value_or(0) > 0 && space >= least_name + shortest_bar) {
    const std::size_t name_space = std::min(name_columns, space - shortest_bar);
    gauge = bar_of(progress.done, *progress.total, std::min(space - name_space, longest_bar));
    space -= gauge.size();
  }
  std::string line = space >= least_name ? shortened(progress.name, space) : std::string();
  line += gauge;
  for (const std::string& fact : facts) line += fact;
  return columns_of(line) <= columns ? line : std::string();
}

void Meter::start(std::int64_t now_ms, std::uint64_t done) {
  samples_[0] = {.time_ms = now_ms, .done = done};
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
  return rate_of(latest_.done - oldest.done, static_cast<std::uint64_t>(elapsed_ms));
}

}  // namespace client
