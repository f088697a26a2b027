// Bodies framed by length and by chunks, split at every byte.
#include "apps/server/connection/body_reader.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

using http1::Body;
using http1::BodyKind;
using http1::Progress;

struct Row {
  const char* name;
  Body body;
  std::string bytes;  // as received, with bytes of the next request
  std::string content;
  std::size_t used;  // of `bytes`
};

std::vector<Row> rows() {
  return {
      {"length", {BodyKind::length, 5}, "helloGET /", "hello", 5},
      {"chunks", {BodyKind::chunked, 0}, "3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\n\r\nGET /", "hello", 24},
      {"no chunks", {BodyKind::chunked, 0}, "0\r\n\r\nGET /", "", 5},
      {"trailers", {BodyKind::chunked, 0}, "1\r\nx\r\n0\r\nDigest: y\r\n\r\nG", "x", 22},
  };
}

// Decodes the bytes of a row in pieces with these ends. The next request begins behind the bytes
// that were used.
void feed(const Row& row, const std::vector<std::size_t>& ends) {
  BodyReader reader(row.body, {});
  std::string content;
  std::size_t used = 0;
  Progress progress = Progress::more;
  for (std::size_t begin = 0; const std::size_t end : ends) {
    if (progress != Progress::more) break;
    std::string piece = row.bytes.substr(begin, end - begin);
    const auto result = reader.decode(piece.data(), piece.size());
    content.append(piece, 0, result.data);
    used += result.used;
    progress = result.progress;
    EXPECT_TRUE(progress != Progress::more || result.used == piece.size());
    begin = end;
  }
  EXPECT_EQ(progress, Progress::done);
  EXPECT_EQ(content, row.content);
  EXPECT_EQ(used, row.used);
  EXPECT_EQ(reader.delivered(), row.content.size());
  EXPECT_EQ(reader.wanted(1000), 0U);
}

TEST(Bodies, are_decoded_alike_at_every_split) {
  for (const Row& row : rows()) {
    SCOPED_TRACE(row.name);
    for (std::size_t first = 1; first < row.bytes.size(); ++first) {
      for (std::size_t second = first + 1; second <= row.bytes.size(); ++second) {
        feed(row, {first, second, row.bytes.size()});
        if (::testing::Test::HasFailure()) return;
      }
    }
    std::vector<std::size_t> all;
    for (std::size_t end = 1; end <= row.bytes.size(); ++end) all.push_back(end);
    feed(row, all);
  }
}

TEST(Bodies, of_a_length_want_no_bytes_behind_it) {
  BodyReader reader({BodyKind::length, 10}, {});
  EXPECT_EQ(reader.wanted(4), 4U);
  EXPECT_EQ(reader.wanted(100), 10U);
  EXPECT_EQ(reader.announced(), 10U);
  std::string bytes = "0123";
  EXPECT_EQ(reader.decode(bytes.data(), bytes.size()).data, 4U);
  EXPECT_EQ(bytes, "0123");
  EXPECT_EQ(reader.wanted(100), 6U);
  EXPECT_EQ(reader.delivered(), 4U);
  EXPECT_EQ(reader.announced(), 10U);
}

TEST(Bodies, in_chunks_want_at_most_the_bytes_that_an_input_can_keep) {
  BodyReader reader({BodyKind::chunked, 0}, {});
  EXPECT_EQ(reader.wanted(4), 4U);
  EXPECT_EQ(reader.wanted(1'000'000), most_tail_bytes);
}

TEST(Bodies, in_chunks_announce_the_chunk_that_has_begun) {
  BodyReader reader({BodyKind::chunked, 0}, {});
  std::string bytes = "2\r\nab\r\n10\r\nc";
  EXPECT_EQ(reader.decode(bytes.data(), bytes.size()).data, 3U);
  EXPECT_EQ(reader.delivered(), 3U);
  EXPECT_EQ(reader.announced(), 18U);
}

TEST(Bodies, of_the_largest_length_do_not_wrap) {
  BodyReader reader({BodyKind::length, INT64_MAX}, {});
  EXPECT_EQ(reader.wanted(SIZE_MAX), static_cast<std::size_t>(INT64_MAX));
  std::string bytes = "x";
  EXPECT_EQ(reader.decode(bytes.data(), 1).progress, Progress::more);
  EXPECT_EQ(reader.delivered(), 1U);
}

TEST(Bodies, in_malformed_chunks_fail_with_an_error) {
  BodyReader reader({BodyKind::chunked, 0}, {});
  std::string bytes = "1\r\nab";
  const auto result = reader.decode(bytes.data(), bytes.size());
  EXPECT_EQ(result.progress, Progress::failed);
  EXPECT_EQ(result.failure.error, http1::Error::chunk_end_missing);
}

TEST(Bodies, without_received_bytes_are_not_complete) {
  BodyReader reader({BodyKind::length, 1}, {});
  char none = 0;
  EXPECT_EQ(reader.decode(&none, 0).progress, Progress::more);
}

}  // namespace
}  // namespace server
