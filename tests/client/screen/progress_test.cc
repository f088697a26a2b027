// The progress line, number by number.
#include "apps/client/screen/progress.h"

#include <limits>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "apps/client/screen/columns.h"

namespace client {
namespace {

TEST(Progress, FormatsBytesInFourDigits) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1000), "1.0 KiB");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_bytes(1023 * 1024), "1.0 MiB");
  EXPECT_EQ(format_bytes(999 * 1024), "999.0 KiB");
  EXPECT_EQ(format_bytes(std::uint64_t{5} << 30), "5.0 GiB");
  EXPECT_EQ(format_bytes(std::numeric_limits<std::uint64_t>::max()), "16.0 EiB");
}

TEST(Progress, FormatsDurations) {
  EXPECT_EQ(format_duration(0), "0:00");
  EXPECT_EQ(format_duration(7), "0:07");
  EXPECT_EQ(format_duration(754), "12:34");
  EXPECT_EQ(format_duration(3600), "1:00:00");
  EXPECT_EQ(format_duration(12345), "3:25:45");
  EXPECT_EQ(format_duration(360000), "--:--");
  EXPECT_EQ(format_duration(std::nullopt), "--:--");
}

constexpr std::uint64_t mib = 1024 * 1024;

TEST(Progress, FormatsSecondsAndPaces) {
  EXPECT_EQ(format_seconds(60'000), "60 s");
  EXPECT_EQ(format_seconds(200), "0.2 s");
  EXPECT_EQ(format_pace(12 * mib, 12'000), " in 0:12, 1.0 MiB/s");
  EXPECT_EQ(format_pace(5, 0), " in 0:00, 4.9 KiB/s");
}

// A file on its way, as 20, 40, 80 and 200 columns show it; the last one of a terminal stays empty.
TEST(Progress, FitsItsFactsToTheColumns) {
  const Progress one{.name = "debian-13.1.0-amd64-netinst.iso",
                     .done = 250 * mib,
                     .total = 1000 * mib,
                     .rate = mib};
  EXPECT_EQ(format_progress(one, 19), "debian-13.1.\u2026  25 %");
  EXPECT_EQ(format_progress(one, 39), "debian-13\u2026  25 %  1.0 MiB/s  12:30 left");
  EXPECT_EQ(format_progress(one, 79),
            "debian-13.1.0-amd64-netin\u2026 [==        ]  25 %  250.0 MiB  1.0 MiB/s  12:30 left");
  const std::string bar = "[===============" + std::string(45, ' ') + "]";
  EXPECT_EQ(format_progress(one, 199),
            "debian-13.1.0-amd64-netinst.iso " + bar + "  25 %  250.0 MiB  1.0 MiB/s  12:30 left");
}

TEST(Progress, CountsSeveralFiles) {
  const Progress third{.name = "a.iso",
                       .done = 25 * mib,
                       .total = 100 * mib,
                       .rate = mib,
                       .file = 3,
                       .files = 20,
                       .all_done = 500 * mib};
  EXPECT_EQ(format_progress(third, 19), "a.iso  25 %");
  EXPECT_EQ(format_progress(third, 49), "a.iso  25 %  1.0 MiB/s  1:15 left  3 of 20");
  EXPECT_EQ(format_progress(third, 79, Bar::hidden),
            "a.iso  25 %  25.0 MiB  1.0 MiB/s  1:15 left  3 of 20  500.0 MiB in all");
}

TEST(Progress, ShowsTheBytesWhereTheLengthIsUnknown) {
  const Progress stream{.name = "dump.sql", .done = 12 * mib, .rate = mib};
  EXPECT_EQ(format_progress(stream, 19), "dump.sql  12.0 MiB");
  EXPECT_EQ(format_progress(stream, 79), "dump.sql  12.0 MiB  1.0 MiB/s");
}

TEST(Progress, SaysThatATransferIsStalled) {
  Progress still{.name = "a", .done = mib, .total = 4 * mib, .rate = mib, .still_ms = stall_ms - 1};
  EXPECT_EQ(format_progress(still, 39), "a  25 %  1.0 MiB  1.0 MiB/s  0:03 left");
  still.still_ms = 12'345;
  EXPECT_EQ(format_progress(still, 39), "a  25 %  1.0 MiB  stalled 0:12");
}

TEST(Progress, NeverFillsMoreThanTheLineAndCutsNoFact) {
  const std::vector<Progress> all = {
      {.name = "k\u00e4se-k\u00e4se-k\u00e4se-k\u00e4se-k\u00e4se-k\u00e4se.txt",
       .done = 999 * mib,
       .total = 100'000 * mib,
       .rate = 999 * mib},
      {.name = "\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e", .done = 5, .total = 9},
      {.name = "s",
       .done = 999 * mib,
       .rate = 3,
       .file = 10,
       .files = 1000,
       .all_done = 5000 * mib},
  };
  for (const Progress& progress : all) {
    const std::string whole = format_progress(progress, 500);
    for (std::size_t columns = 0; columns < 250; ++columns) {
      const std::string line = format_progress(progress, columns);
      EXPECT_LE(columns_of(line), columns) << line;
      // What follows the name and the bar are facts of the whole line, each as it stands there.
      std::string_view rest(line);
      const std::size_t facts = rest.find("  ");
      while (facts != std::string_view::npos && rest.size() > facts + 2) {
        const std::size_t begin = rest.rfind("  ");
        const std::string_view fact = rest.substr(begin);
        EXPECT_NE(whole.find(fact), std::string::npos) << line;
        if (begin <= facts) break;
        rest = rest.substr(0, begin);
      }
    }
  }
}

TEST(Progress, CopesWithImpossibleNumbers) {
  // More than was announced, or nothing announced: no division by zero, no bar beyond its end.
  EXPECT_EQ(format_progress({.name = "a", .done = 5, .total = 2, .rate = 1}, 79, Bar::hidden),
            "a 100 %  5 B  1 B/s  0:00 left");
  EXPECT_NE(format_progress({.name = "a", .done = 5, .total = 2, .rate = 1}, 79).find("=]"),
            std::string::npos);
  EXPECT_EQ(format_progress({.name = "a", .done = 0, .total = 0, .rate = 0}, 79),
            "a 100 %  0 B  0 B/s  --:-- left");
}

TEST(Meter, MeasuresTheLastSeconds) {
  Meter meter;
  meter.start(1000);
  EXPECT_EQ(meter.bytes_per_second(), 0U);
  meter.note(500, 1500);
  EXPECT_EQ(meter.bytes_per_second(), 1000U);
  // A minute at 1000 a second, then a minute at 2000: the old rate no longer counts.
  std::uint64_t done = 0;
  for (std::int64_t now = 2000; now <= 62'000; now += 100) meter.note(done += 100, now);
  EXPECT_EQ(meter.bytes_per_second(), 1000U);
  for (std::int64_t now = 62'100; now <= 122'000; now += 100) meter.note(done += 200, now);
  EXPECT_EQ(meter.bytes_per_second(), 2000U);
}

}  // namespace
}  // namespace client
