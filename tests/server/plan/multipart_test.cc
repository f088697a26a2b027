// multipart/byteranges, to the byte.
#include "apps/server/plan/multipart.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

using http1::ByteRange;

constexpr std::string_view boundary = "0123456789abcdef0123456789abcdef";
constexpr std::string_view file = "0123456789";

// The whole content for ranges of `file`.
std::string written(const Parts& parts) {
  std::string all;
  for (std::size_t i = 0; i <= parts.ranges.size(); ++i) {
    std::string buffer(most_part_head_bytes, '?');
    buffer.resize(write_part_head(parts, i, buffer));
    all += buffer;
    if (i == parts.ranges.size()) break;
    all += file.substr(parts.ranges[i].first, parts.ranges[i].size());
  }
  return all;
}

// RFC 9110 15.3.7.2, RFC 2046 5.1.1
TEST(Parts, have_their_type_and_their_range) {
  const std::vector<ByteRange> ranges = {{7, 9}, {0, 1}};
  Parts parts{ranges, file.size(), "text/plain; charset=utf-8", boundary};
  EXPECT_EQ(written(parts),
            "\r\n"
            "--0123456789abcdef0123456789abcdef\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Range: bytes 7-9/10\r\n"
            "\r\n"
            "789\r\n"
            "--0123456789abcdef0123456789abcdef\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Range: bytes 0-1/10\r\n"
            "\r\n"
            "01\r\n"
            "--0123456789abcdef0123456789abcdef--\r\n");
  EXPECT_EQ(length_of(parts), written(parts).size());
  parts.content_type = {};
  EXPECT_TRUE(
      written(parts).starts_with("\r\n--0123456789abcdef0123456789abcdef\r\nContent-Range: "));
  EXPECT_EQ(length_of(parts), written(parts).size());
}

TEST(Parts, are_measured_whatever_their_size) {
  const std::vector<ByteRange> ranges = {{0, 0}, {1'000'000, 9'223'372'036'854'775'805}};
  const Parts parts{ranges, 9'223'372'036'854'775'807, std::string_view(), boundary};
  const std::uint64_t content = ranges[0].size() + ranges[1].size();
  std::size_t heads = 0;
  for (std::size_t i = 0; i <= 2; ++i) heads += write_part_head(parts, i, {});
  EXPECT_EQ(length_of(parts), content + heads);
}

TEST(Parts, that_do_not_fit_are_not_written) {
  const std::vector<ByteRange> ranges = {{0, 1}};
  const std::string type(longest_type, 't');
  const Parts parts{ranges, UINT64_MAX, type, boundary};
  std::string buffer(most_part_head_bytes, '?');
  const std::size_t size = write_part_head(parts, 0, {});
  EXPECT_LE(size, most_part_head_bytes);
  EXPECT_EQ(write_part_head(parts, 0, std::span(buffer).first(size - 1)), size);
  EXPECT_EQ(buffer, std::string(most_part_head_bytes, '?'));
}

}  // namespace
}  // namespace server
