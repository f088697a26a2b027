// Fuzzes parse_date and write_date: the input is a date, and its first bytes are also a time.
//
// Oracles:
//   - the calendar of the C++ library writes the same date for the same second
//   - a parsed date, written and parsed again, is the same second, whatever the present time
//   - a date in the preferred format is written as it was parsed; every date has one spelling
//   - a prefix of a date, or a date followed by other bytes, is not a date
//   - an rfc850-date is a time at most 50 years ahead
//   - no call allocates
// Covered by the replay of corpus/date in every build.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"
#include "parser/date.h"

namespace {

using fuzz::require;

constexpr std::int64_t first_second = -62167219200;  // of the year 0000
constexpr std::int64_t last_second = 253402300799;   // of the year 9999
constexpr std::int64_t now = 1800000000;             // 2027: any fixed time will do

std::string_view written(std::int64_t second, fuzz::Block& room) {
  room = fuzz::Block(http1::date_size);
  const fuzz::NoAllocation none;
  http1::write_date(second, std::span<char, http1::date_size>(room.room()));
  return room.view();
}

std::optional<std::int64_t> read(std::string_view text) {
  const fuzz::NoAllocation none;
  return http1::parse_date(text, now);
}

// Any time can be written; outside of four-digit years the nearest one that can.
void check_second(std::int64_t second) {
  using namespace std::chrono;
  const std::int64_t clamped = std::clamp(second, first_second, last_second);
  const sys_seconds time{seconds(clamped)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  constexpr std::array<const char*, 7> names = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::array<char, 64> expected{};
  const int size = std::snprintf(
      expected.data(), expected.size(), "%s, %02u %s %04d %02d:%02d:%02d GMT",
      names[weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
      months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
      static_cast<int>(clock.seconds().count()));
  fuzz::Block room;
  const std::string_view text = written(second, room);
  require(text == std::string_view(expected.data(), static_cast<std::size_t>(size)),
          "the C++ library writes the same date");
  require(http1::parse_date(text, now) == clamped, "a written date parses as the same second");
  require(http1::parse_date(text, -now) == clamped, "the present time does not change it");
}

void check_text(std::string_view text) {
  const std::optional<std::int64_t> second = read(text);
  if (!second) return;
  require(*second >= first_second && *second <= last_second, "a year has four digits");
  check_second(*second);
  fuzz::Block room;
  // A leap second is the first second of the next day, and is written as that.
  const bool is_leap_second = text.find("23:59:60") != std::string_view::npos;
  const bool is_preferred = text.size() == http1::date_size && !is_leap_second;
  require(!is_preferred || written(*second, room) == text, "a date has one spelling");
  const bool is_rfc850 = text.size() > http1::date_size;
  constexpr std::int64_t fifty_years = std::int64_t{50} * 366 * 86400;
  require(!is_rfc850 || *second <= now + fifty_years, "a two-digit year is at most 50 years ahead");
  require(!is_rfc850 || *second >= now - fifty_years, "a two-digit year is at most 50 years back");

  for (std::size_t size = 0; size < text.size(); ++size) {
    const fuzz::Block prefix(text.substr(0, size));
    require(!http1::parse_date(prefix.view(), now), "a prefix of a date is not a date");
  }
  const fuzz::Text longer = {text, " "};
  require(!http1::parse_date(longer.view(), now), "a date with more bytes is not a date");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Block input(fuzz::text_of_input(data, size));
  check_text(input.view());
  std::int64_t second = 0;
  if (size != 0) std::memcpy(&second, data, std::min(size, sizeof second));
  check_second(second);
  check_second(second % last_second);
  return 0;
}
