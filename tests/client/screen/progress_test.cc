// The progress line, number by number.
#include "apps/client/screen/progress.h"

#include <limits>

#include <gtest/gtest.h>

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

TEST(Progress, ShowsRateShareAndTimeLeft) {
  EXPECT_EQ(
      format_progress({.name = "a.iso", .done = 25 * mib, .total = 100 * mib, .rate = mib}, 79),
      "a.iso [=====               ]  25 %  25.0 MiB  1.0 MiB/s  1:15 left");
  EXPECT_EQ(format_progress({.name = "a.iso", .done = mib, .total = std::nullopt, .rate = mib}, 79),
            "a.iso  1.0 MiB  1.0 MiB/s");
  EXPECT_EQ(format_progress({.name = "a", .done = mib, .total = mib, .rate = 0}, 79),
            "a [====================] 100 %  1.0 MiB  0 B/s  --:-- left");
}

TEST(Progress, NeverFillsMoreThanTheLine) {
  const Progress progress{
      .name = "k\xc3\xa4se-k\xc3\xa4se-k\xc3\xa4se-k\xc3\xa4se-k\xc3\xa4se-k\xc3\xa4se.txt",
      .done = 999 * mib,
      .total = 100'000 * mib,
      .rate = 999 * mib};
  for (std::size_t columns = 0; columns < 120; ++columns) {
    const std::string line = format_progress(progress, columns);
    std::size_t seen = 0;
    for (const char byte : line) seen += (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
    EXPECT_LE(seen, columns) << line;
  }
  EXPECT_NE(format_progress(progress, 60).find("k\xc3\xa4s\xe2\x80\xa6"), std::string::npos)
      << format_progress(progress, 60);
}

TEST(Progress, CopesWithImpossibleNumbers) {
  // More than was announced, or nothing announced: no division by zero, no bar beyond its end.
  EXPECT_EQ(format_progress({.name = "a", .done = 5, .total = 2, .rate = 1}, 79),
            "a [====================] 100 %  5 B  1 B/s  0:00 left");
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
