// Dates: the three formats, the calendar, and there and back again.
#include "parser/date.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace http1 {
namespace {

constexpr std::int64_t example = 784111777;  // RFC 9110 5.6.7
constexpr std::int64_t year_2026 = 1767225600;

std::string written(std::int64_t unix_seconds) {
  std::array<char, date_size> room;
  write_date(unix_seconds, room);
  return {room.data(), room.size()};
}

TEST(Dates, are_read_in_three_formats) {
  EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT", year_2026), example);
  EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT", year_2026), example);
  EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994", year_2026), example);
  EXPECT_EQ(parse_date("Wed Nov 16 08:49:37 1994", year_2026), example + 10 * 86400);
}

TEST(Dates, are_refused_row_by_row) {
  for (const char* text : {"",
                           "Sun",
                           "0",
                           "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 06 Nov 1994 08:49:37 GMT ",
                           " Sun, 06 Nov 1994 08:49:37 GMT",
                           "sun, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 06 nov 1994 08:49:37 GMT",
                           "Sun, 6 Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 94 08:49:37 GMT",
                           "Mon, 06 Nov 1994 08:49:37 GMT",  // it was a Sunday
                           "Sun, 06 Nov 1994 24:00:00 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT",
                           "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Sun, 06 Nov 1994 08:49:60 GMT",  // only a day ends with a leap second
                           "Thu, 31 Nov 1994 08:49:37 GMT",
                           "Wed, 30 Feb 1994 08:49:37 GMT",
                           "Tue, 00 Nov 1994 08:49:37 GMT",
                           "Wed, 29 Feb 2023 00:00:00 GMT",
                           "Sun Nov 06 08:49:37 1994 GMT",
                           "Sun Nov 6 08:49:37 1994",
                           "Sunday, 06-Nov-1994 08:49:37 GMT",
                           "Sun, 06-Nov-94 08:49:37 GMT",
                           "Someday, 06-Nov-94 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMTX",
                           "Sun, 06 Nov 1994 8:49:37 GMT",
                           "Sun, 0x Nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08-49-37 GMT"}) {
    EXPECT_FALSE(parse_date(text, year_2026)) << text;
  }
}

TEST(Dates, know_leap_days_and_leap_seconds) {
  EXPECT_EQ(parse_date("Thu, 29 Feb 2024 00:00:00 GMT", year_2026), 1709164800);
  EXPECT_EQ(parse_date("Tue, 29 Feb 2000 00:00:00 GMT", year_2026), 951782400);
  EXPECT_FALSE(parse_date("Thu, 29 Feb 1900 00:00:00 GMT", year_2026));
  EXPECT_EQ(parse_date("Sat, 31 Dec 2016 23:59:60 GMT", year_2026),
            parse_date("Sun, 01 Jan 2017 00:00:00 GMT", year_2026));
  EXPECT_EQ(parse_date("Fri, 31 Dec 9999 23:59:60 GMT", year_2026),  // the last that can be written
            parse_date("Fri, 31 Dec 9999 23:59:59 GMT", year_2026));
}

// RFC 9110 5.6.7: more than 50 years ahead means the past.
TEST(Dates, of_two_digit_years_lie_within_fifty_years_ahead) {
  // Now is Thursday, 01 Jan 2026 00:00:00.
  EXPECT_EQ(parse_date("Thursday, 01-Jan-26 00:00:00 GMT", year_2026), year_2026);
  EXPECT_EQ(written(*parse_date("Wednesday, 01-Jan-76 00:00:00 GMT", year_2026)),
            "Wed, 01 Jan 2076 00:00:00 GMT");
  EXPECT_EQ(written(*parse_date("Thursday, 01-Jan-76 00:00:01 GMT", year_2026)),
            "Thu, 01 Jan 1976 00:00:01 GMT");
  EXPECT_EQ(written(*parse_date("Friday, 31-Dec-99 23:59:59 GMT", year_2026)),
            "Fri, 31 Dec 1999 23:59:59 GMT");
  // In 2099 the year 05 is soon.
  EXPECT_EQ(written(*parse_date("Thursday, 01-Jan-05 00:00:00 GMT", 4070908800)),
            "Thu, 01 Jan 2105 00:00:00 GMT");
}

TEST(Dates, are_written_as_IMF_fixdates) {
  EXPECT_EQ(written(example), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(written(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(written(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(written(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(written(4107542400), "Mon, 01 Mar 2100 00:00:00 GMT");
}

TEST(Dates, beyond_what_can_be_written_are_clamped) {
  EXPECT_EQ(written(INT64_MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(written(INT64_MIN), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(Dates, written_are_read_as_the_same) {
  for (std::int64_t day = -719528; day < 2932897; day += 13) {
    const std::int64_t unix_seconds = day * 86400 + (day * 7919 % 86400 + 86400) % 86400;
    ASSERT_EQ(parse_date(written(unix_seconds), 0), unix_seconds) << written(unix_seconds);
  }
}

}  // namespace
}  // namespace http1
