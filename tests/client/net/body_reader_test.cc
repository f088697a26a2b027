// Bodies cut out of a connection, at every split.
#include "apps/client/net/body_reader.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace client {
namespace {

struct Row {
  const char* what;
  http1::Body body;
  std::string wire;     // bytes of the connection
  std::string content;  // the body
  std::size_t used;     // bytes of the wire that belong to it
  bool done;            // without the connection's end
  bool may_end;
};

const std::vector<Row>& rows() {
  using http1::BodyKind;
  static const std::vector<Row> all = {
      {"none", {BodyKind::none, 0}, "next", "", 0, true, true},
      {"length", {BodyKind::length, 5}, "hello", "hello", 5, true, true},
      {"length, then the next message", {BodyKind::length, 5}, "hellonext", "hello", 5, true, true},
      {"length, cut", {BodyKind::length, 9}, "hello", "hello", 5, false, false},
      {"until close", {BodyKind::until_close, 0}, "hello", "hello", 5, false, true},
      {"until close, empty", {BodyKind::until_close, 0}, "", "", 0, false, true},
      {"chunks",
       {BodyKind::chunked, 0},
       "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\nnext",
       "hello!",
       21,
       true,
       true},
      {"chunks, no last one", {BodyKind::chunked, 0}, "5\r\nhello\r\n", "hello", 10, false, false},
      {"chunks, cut in the end",
       {BodyKind::chunked, 0},
       "5\r\nhello\r\n0\r\n\r",
       "hello",
       14,
       false,
       false},
  };
  return all;
}

TEST(BodyReader, FindsTheBodyAtEverySplit) {
  for (const Row& row : rows()) {
    for (std::size_t step = 1; step <= row.wire.size() + 1; ++step) {
      BodyReader reader(row.body);
      std::string wire = row.wire;
      std::string content;
      std::size_t used = 0;
      while (used < wire.size() && !reader.done()) {
        const std::span<char> rest = std::span(wire).subspan(used);
        const BodyReader::Piece piece = reader.take(rest.first(std::min(step, rest.size())));
        ASSERT_EQ(piece.failure.error, http1::Error::none) << row.what;
        content.append(piece.data.data(), piece.data.size());
        used += piece.used;
      }
      EXPECT_EQ(content, row.content) << row.what << ", " << step << " at a time";
      EXPECT_EQ(used, row.used) << row.what;
      EXPECT_EQ(reader.done(), row.done) << row.what;
      EXPECT_EQ(reader.may_end(), row.may_end) << row.what;
    }
  }
}

TEST(BodyReader, KnowsTheSizeWhereTheHeadHasIt) {
  EXPECT_EQ(BodyReader({http1::BodyKind::length, 7}).total(), 7U);
  EXPECT_EQ(BodyReader({http1::BodyKind::none, 0}).total(), 0U);
  EXPECT_EQ(BodyReader({http1::BodyKind::chunked, 0}).total(), std::nullopt);
  EXPECT_EQ(BodyReader({http1::BodyKind::until_close, 0}).total(), std::nullopt);
}

TEST(BodyReader, CountsBytesThatCameAnotherWay) {
  BodyReader body({http1::BodyKind::length, 9});
  std::string bytes = "hello";
  EXPECT_EQ(body.take(bytes).used, 5U);
  EXPECT_EQ(body.length_left(), 4U);
  body.pass(4);
  EXPECT_TRUE(body.done());
  EXPECT_EQ(BodyReader({http1::BodyKind::until_close, 0}).length_left(), 0U);
}

TEST(BodyReader, RefusesMalformedChunks) {
  BodyReader reader({http1::BodyKind::chunked, 0});
  std::string wire = "five\r\nhello";
  EXPECT_EQ(reader.take(wire).failure.error, http1::Error::bad_chunk_size);
  EXPECT_FALSE(reader.may_end());
}

}  // namespace
}  // namespace client
