// Dates by arithmetic: days are counted in years that begin in March, so that the leap day is the
// last of its year and one formula fits all months.
// Covered by tests/parser/date_test.cc.
#include "parser/date.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "parser/scan.h"

namespace http1 {
namespace {

constexpr std::int64_t seconds_a_day = 86400;
constexpr std::string_view month_names = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view day_names = "SunMonTueWedThuFriSat";
constexpr std::array<std::string_view, 7> long_day_names = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

struct Date {
  int year;
  int month;  // 1 to 12
  int day;    // 1 to 31
  int hour;
  int minute;
  int second;    // 60 in a leap second
  int week_day;  // 0 is Sunday
};

// Days since 1970-01-01 in the Gregorian calendar; year >= 0.
constexpr std::int64_t days_of(int year, int month, int day) noexcept {
  const std::int64_t shifted = month > 2 ? year : year - 1;
  const std::int64_t month_from_march = (month + 9) % 12;
  const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
  // January of year 0 belongs to year -1: one era of 400 years is added so that divisions are of
  // positive numbers, and its 146097 days are taken off again.
  const std::int64_t positive = shifted + 400;
  const std::int64_t leap_days = positive / 4 - positive / 100 + positive / 400;
  return positive * 365 + leap_days + day_of_year - 146097 - 719468;
}
static_assert(days_of(1970, 1, 1) == 0 && days_of(2000, 3, 1) == 11017);

constexpr std::int64_t first_second = days_of(0, 1, 1) * seconds_a_day;
constexpr std::int64_t last_second = days_of(10000, 1, 1) * seconds_a_day - 1;

constexpr int week_day_of(std::int64_t days) noexcept {
  return static_cast<int>(((days + 4) % 7 + 7) % 7);  // 1970-01-01 was a Thursday
}

constexpr int days_in_month(int year, int month) noexcept {
  const std::int64_t next = month == 12 ? days_of(year + 1, 1, 1) : days_of(year, month + 1, 1);
  return static_cast<int>(next - days_of(year, month, 1));
}

Date date_of(std::int64_t unix_seconds) noexcept {
  std::int64_t days = unix_seconds / seconds_a_day;
  std::int64_t rest = unix_seconds % seconds_a_day;
  if (rest < 0) {
    rest += seconds_a_day;
    --days;
  }
  // Days since 1 March of year -400, which is positive for all years that can be written.
  const std::int64_t since = days + 719468 + 146097;
  const std::int64_t era = since / 146097;
  const std::int64_t day_of_era = since % 146097;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const auto month =
      static_cast<int>(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
  const auto year = static_cast<int>(year_of_era + (era - 1) * 400) + (month <= 2 ? 1 : 0);
  const auto day = static_cast<int>(day_of_year - (153 * month_from_march + 2) / 5 + 1);
  const auto second = static_cast<int>(rest);
  return {year, month, day, second / 3600, second / 60 % 60, second % 60, week_day_of(days)};
}

std::optional<std::int64_t> seconds_of(const Date& date) noexcept {
  if (date.month < 1 || date.day < 1 || date.day > days_in_month(date.year, date.month)) {
    return std::nullopt;
  }
  const bool may_leap = date.hour == 23 && date.minute == 59;  // 23:59:60, RFC 9110 5.6.7
  const int last = may_leap ? 60 : 59;
  if (date.hour > 23 || date.minute > 59 || date.second > last) return std::nullopt;
  const std::int64_t days = days_of(date.year, date.month, date.day);
  if (week_day_of(days) != date.week_day) return std::nullopt;
  const std::int64_t second = date.hour * 3600 + date.minute * 60 + date.second;
  return std::min(days * seconds_a_day + second, last_second);
}

// Reads a date from left to right; after the first mismatch it reads nothing.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : rest_(text) {}

  void literal(std::string_view text) noexcept {
    ok_ = ok_ && rest_.starts_with(text);
    drop(text.size());
  }
  int digits(std::size_t count) noexcept {
    int number = 0;
    for (std::size_t at = 0; at < count; ++at) {
      const char byte = at < rest_.size() ? rest_[at] : '\0';
      ok_ = ok_ && scan::is(scan::digit_bit, byte);
      number = number * 10 + (byte - '0');
    }
    drop(count);
    return ok_ ? number : 0;
  }
  // The place, from 0, of the next three letters in a list of such names.
  int name(std::string_view names) noexcept {
    const std::string_view wanted = rest_.substr(0, 3);
    std::size_t at = 0;
    while (at < names.size() && names.substr(at, 3) != wanted) at += 3;
    ok_ = ok_ && at < names.size();
    drop(3);
    return static_cast<int>(at / 3);
  }
  int long_day_name() noexcept {
    for (std::size_t at = 0; at < long_day_names.size(); ++at) {
      if (!rest_.starts_with(long_day_names[at])) continue;
      drop(long_day_names[at].size());
      return static_cast<int>(at);
    }
    ok_ = false;
    return 0;
  }
  // 2DIGIT / ( SP 1DIGIT ), as asctime writes a day
  int padded_day() noexcept {
    if (!rest_.starts_with(' ')) return digits(2);
    drop(1);
    return digits(1);
  }
  // HH ":" MM ":" SS
  void time(Date& date) noexcept {
    date.hour = digits(2);
    literal(":");
    date.minute = digits(2);
    literal(":");
    date.second = digits(2);
  }
  bool ok() const noexcept { return ok_ && rest_.empty(); }

 private:
  void drop(std::size_t size) noexcept { rest_.remove_prefix(std::min(size, rest_.size())); }

  std::string_view rest_;
  bool ok_ = true;
};

// Sun, 06 Nov 1994 08:49:37 GMT
bool read_imf_fixdate(std::string_view text, Date& date) noexcept {
  Reader reader(text);
  date.week_day = reader.name(day_names);
  reader.literal(", ");
  date.day = reader.digits(2);
  reader.literal(" ");
  date.month = reader.name(month_names) + 1;
  reader.literal(" ");
  date.year = reader.digits(4);
  reader.literal(" ");
  reader.time(date);
  reader.literal(" GMT");
  return reader.ok();
}

// Sunday, 06-Nov-94 08:49:37 GMT
bool read_rfc850_date(std::string_view text, Date& date) noexcept {
  Reader reader(text);
  date.week_day = reader.long_day_name();
  reader.literal(", ");
  date.day = reader.digits(2);
  reader.literal("-");
  date.month = reader.name(month_names) + 1;
  reader.literal("-");
  date.year = reader.digits(2);
  reader.literal(" ");
  reader.time(date);
  reader.literal(" GMT");
  return reader.ok();
}

// Sun Nov  6 08:49:37 1994
bool read_asctime_date(std::string_view text, Date& date) noexcept {
  Reader reader(text);
  date.week_day = reader.name(day_names);
  reader.literal(" ");
  date.month = reader.name(month_names) + 1;
  reader.literal(" ");
  date.day = reader.padded_day();
  reader.literal(" ");
  reader.time(date);
  reader.literal(" ");
  date.year = reader.digits(4);
  return reader.ok();
}

// The position of a date within its year, for comparisons.
int order_of(const Date& date) noexcept {
  const int day = date.month * 32 + date.day;
  return ((day * 24 + date.hour) * 60 + date.minute) * 61 + date.second;
}

// RFC 9110 5.6.7: a two-digit year that appears to be more than 50 years in the future is the most
// recent year in the past with those digits.
std::optional<std::int64_t> resolve_two_digit_year(Date date, std::int64_t now) noexcept {
  const Date today = date_of(std::clamp(now, first_second, last_second));
  const auto is_too_far = [&today](const Date& candidate) {
    const int ahead = candidate.year - today.year;
    return ahead > 50 || (ahead == 50 && order_of(candidate) > order_of(today));
  };
  date.year += today.year / 100 * 100 + 100;
  while (is_too_far(date)) date.year -= 100;
  return date.year < 0 ? std::nullopt : seconds_of(date);
}

void put_digits(char* to, int number, int count) noexcept {
  for (int at = count - 1; at >= 0; --at) {
    to[at] = static_cast<char>('0' + number % 10);
    number /= 10;
  }
}

void put_name(char* to, std::string_view names, int place) noexcept {
  std::memcpy(to, names.data() + static_cast<std::size_t>(place) * 3, 3);
}

}  // namespace

std::optional<std::int64_t> parse_date(std::string_view text, std::int64_t now) noexcept {
  Date date{};
  if (read_imf_fixdate(text, date)) return seconds_of(date);
  if (read_asctime_date(text, date)) return seconds_of(date);
  if (read_rfc850_date(text, date)) return resolve_two_digit_year(date, now);
  return std::nullopt;
}

void write_date(std::int64_t unix_seconds, std::span<char, date_size> room) noexcept {
  const Date date = date_of(std::clamp(unix_seconds, first_second, last_second));
  constexpr std::string_view pattern = "Sun, 06 Nov 1994 08:49:37 GMT";
  static_assert(pattern.size() == date_size);
  char* const to = room.data();
  std::memcpy(to, pattern.data(), date_size);
  put_name(to, day_names, date.week_day);
  put_digits(to + 5, date.day, 2);
  put_name(to + 8, month_names, date.month - 1);
  put_digits(to + 12, date.year, 4);
  put_digits(to + 17, date.hour, 2);
  put_digits(to + 20, date.minute, 2);
  put_digits(to + 23, date.second, 2);
}

}  // namespace http1
