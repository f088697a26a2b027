// Which precompressed sibling a client accepts: a table of Accept-Encoding.
#include "apps/server/plan/precompressed.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

// The names of the acceptable codings, in order, for field lines of Accept-Encoding, separated by
// '|'.
std::string chosen(std::string_view values) {
  std::string fields;
  for (std::size_t at = 0; at <= values.size();) {
    const std::size_t end = std::min(values.find('|', at), values.size());
    fields += "Accept-Encoding: " + std::string(values.substr(at, end - at)) + "\r\n";
    at = end + 1;
  }
  const lab::Request request(lab::head_of("GET", "/", fields));
  std::string names;
  const CodingChoice choice = acceptable_codings(request.head);
  for (const Coding coding : choice.wanted()) {
    if (!names.empty()) names += ' ';
    names += name_of(coding);
  }
  return names;
}

TEST(Codings, are_none_where_a_client_resumes_without_a_validator) {
  const auto count = [](std::string_view fields) {
    const lab::Request request(lab::head_of("GET", "/", std::string(fields)));
    return acceptable_codings(request.head).count;
  };
  EXPECT_EQ(count("Accept-Encoding: gzip\r\nRange: bytes=10-\r\n"), 0U);
  EXPECT_EQ(count("Accept-Encoding: gzip\r\nRange: bytes=10-\r\nIf-Range: \"a\"\r\n"), 1U);
}

// RFC 9110 12.5.3
TEST(Codings, are_those_that_the_client_accepts_by_falling_weight) {
  struct Row {
    const char* values;
    const char* names;
  };
  for (const Row& row : {
           Row{"", ""},
           Row{"gzip", "gzip"},
           Row{"GZip", "gzip"},
           Row{"x-gzip", "gzip"},
           Row{"gzip, deflate, br, zstd", "br zstd gzip"},
           Row{"gzip;q=1, br;q=0.5", "gzip br"},
           Row{"br;q=0.5, zstd;q=0.7, gzip;q=0.6", "zstd gzip br"},
           Row{"gzip;q=0.001", "gzip"},
           Row{"gzip;q=0", ""},
           Row{"gzip;q=0, *", "br zstd"},
           Row{"*", "br zstd gzip"},
           Row{"*;q=0", ""},
           Row{"*;q=0, gzip", "gzip"},
           Row{"br, *;q=0", "br"},
           Row{"*;q=0.2, gzip;q=0.1", "br zstd gzip"},
           Row{"identity", ""},
           Row{"identity, gzip;q=0.5", ""},
           Row{"identity;q=0.5, gzip;q=0.5", "gzip"},
           Row{"identity;q=0.5, gzip", "gzip"},
           Row{"identity;q=0", ""},
           Row{"identity;q=0, *;q=0.1", "br zstd gzip"},
           Row{"deflate, compress", ""},
           Row{"gzip;q=2, br", "br"},
           Row{"gzip;q=x", ""},
           Row{"gzip|br", "br gzip"},
           Row{"gzip;q=0|gzip", ""},
           Row{"gzip;q=0.5|*;q=0.7", "br zstd gzip"},
           Row{",, gzip ,", "gzip"},
       }) {
    EXPECT_EQ(chosen(row.values), row.names) << row.values;
  }
  const lab::Request request(lab::head_of("GET", "/"));
  EXPECT_EQ(acceptable_codings(request.head).count, 0U);
}

TEST(Codings, have_a_name_and_an_end_of_a_name) {
  EXPECT_EQ(name_of(Coding::zstd), "zstd");
  EXPECT_EQ(suffix_of(Coding::zstd), ".zst");
  EXPECT_EQ(name_of(Coding::identity), "");
  EXPECT_EQ(suffix_of(Coding::identity), "");
}

TEST(Siblings, that_are_older_are_not_current) {
  constexpr std::int64_t second = 1'000'000'000;
  EXPECT_TRUE(is_current(5 * second, 5 * second));
  EXPECT_TRUE(is_current(5 * second + 1, 5 * second));
  EXPECT_FALSE(is_current(5 * second - 1, 5 * second));
  // The time was copied without its nanoseconds.
  EXPECT_TRUE(is_current(5 * second, 5 * second + 999'999'999));
  EXPECT_FALSE(is_current(5 * second, 6 * second));
  EXPECT_FALSE(is_current(5 * second + 1, 5 * second + 2));
}

}  // namespace
}  // namespace server
