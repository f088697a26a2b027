// Covered by tests/client/command/listing_text_test.cc.
#include "apps/client/command/listing_text.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>

namespace client {

namespace {

std::string size_text(const RemoteEntry& entry) {
  return entry.size ? std::to_string(*entry.size) : "-";
}

// The size, right-aligned, and the time, in columns that the name follows.
std::string details_of(const RemoteEntry& entry, std::size_t size_columns) {
  constexpr std::size_t time_columns = 20;
  const std::string size = size_text(entry);
  std::string time = entry.modified ? format_rfc3339(*entry.modified) : "-";
  time.resize(std::max(time.size(), time_columns), ' ');
  return std::string(size_columns - size.size(), ' ') + size + "  " + time + "  ";
}

}  // namespace

std::string format_rfc3339(std::int64_t unix_seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds{unix_seconds}};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::array<char, 64> text;
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text.data();
}

std::string listing_text(const RemoteListing& listing, Details details) {
  std::size_t size_columns = 0;
  for (const RemoteEntry& entry : listing.entries) {
    size_columns = std::max(size_columns, size_text(entry).size());
  }
  std::string text;
  for (const RemoteEntry& entry : listing.entries) {
    if (details == Details::shown) text += details_of(entry, size_columns);
    text += entry.name;
    text += entry.is_directory ? "/\n" : "\n";
  }
  return text;
}

}  // namespace client
