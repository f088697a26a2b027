// What is written is read as the same; what would not be is not written.
#include "parser/write.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "parser/parse.h"

namespace http1 {
namespace {

TEST(HeadWriter, writes_a_response_that_is_read_as_the_same) {
  std::array<char, 512> room;
  HeadWriter writer(room);
  writer.status_line(206);
  writer.date("Date", 784111777);
  writer.field("Content-Length", 10);
  writer.content_range(0, 9, 20);
  writer.field("X-Text", "a b\tc \xe9");
  writer.end();
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(writer.written(),
            "HTTP/1.1 206 Partial Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Length: 10\r\nContent-Range: bytes 0-9/20\r\nX-Text: a b\tc \xe9\r\n\r\n");
  ResponseHead head;
  EXPECT_EQ(parse_response(writer.written(), head, Method::get), Progress::done);
  EXPECT_EQ(head.body().length, 10U);
}

TEST(HeadWriter, writes_a_request_that_is_read_as_the_same) {
  std::array<char, 512> room;
  HeadWriter writer(room);
  writer.request_line("PUT", "/a?b=[c]|d");
  writer.field("Host", "a");
  writer.field("Content-Length", UINT64_C(9223372036854775807));
  writer.end();
  RequestHead head;
  EXPECT_EQ(parse_request(writer.written(), head), Progress::done);
  EXPECT_EQ(head.method(), Method::put);
  EXPECT_EQ(head.query(), "b=[c]|d");
}

TEST(HeadWriter, writes_the_unsatisfied_range_and_older_versions) {
  std::array<char, 128> room;
  HeadWriter writer(room);
  writer.status_line(416, "No", Version::http_1_0);
  writer.content_range_unsatisfied(0);
  writer.field("Empty", "");
  writer.end();
  EXPECT_EQ(writer.written(), "HTTP/1.0 416 No\r\nContent-Range: bytes */0\r\nEmpty: \r\n\r\n");
}

template <class Write>
bool refuses(Write&& write) {
  std::array<char, 256> room;
  HeadWriter writer(room);
  writer.status_line(200);
  write(writer);
  writer.field("After", "x");
  return !writer.ok() && writer.written().empty();
}

TEST(HeadWriter, refuses_what_the_parser_would) {
  for (const char* value : {"a\r\nb: c", "a\rb", "a\nb", "a\x01", "a\x7f"}) {
    EXPECT_TRUE(refuses([&](HeadWriter& w) { w.field("A", value); })) << value;
    EXPECT_TRUE(refuses([&](HeadWriter& w) { w.status_line(200, value); })) << value;
    EXPECT_TRUE(refuses([&](HeadWriter& w) { w.request_line("GET", value); })) << value;
  }
  EXPECT_TRUE(refuses([](HeadWriter& w) { w.field("A", std::string_view("\0", 1)); }));
  for (const char* name : {"", "a b", "a:", "a\r\n", "\xe9"}) {
    EXPECT_TRUE(refuses([&](HeadWriter& w) { w.field(name, "x"); })) << name;
    EXPECT_TRUE(refuses([&](HeadWriter& w) { w.field(name, 1); })) << name;
    EXPECT_TRUE(refuses([&](HeadWriter& w) { w.request_line(name, "/"); })) << name;
  }
  EXPECT_TRUE(refuses([](HeadWriter& w) { w.request_line("GET", ""); }));
  EXPECT_TRUE(refuses([](HeadWriter& w) { w.request_line("GET", "/a b"); }));
  EXPECT_TRUE(refuses([](HeadWriter& w) { w.request_line("GET", "/#a"); }));
  EXPECT_TRUE(refuses([](HeadWriter& w) { w.status_line(99); }));
  EXPECT_TRUE(refuses([](HeadWriter& w) { w.status_line(1000); }));
  EXPECT_TRUE(refuses([](HeadWriter& w) { w.content_range(2, 1, 3); }));
  EXPECT_TRUE(refuses([](HeadWriter& w) { w.content_range(0, 3, 3); }));
}

TEST(HeadWriter, writes_nothing_when_the_room_is_too_small) {
  constexpr std::string_view expected = "HTTP/1.1 200 OK\r\nA: b\r\n\r\n";
  for (std::size_t size = 0; size <= expected.size(); ++size) {
    std::string room(size, '\0');
    HeadWriter writer(room);
    writer.status_line(200);
    writer.field("A", "b");
    writer.end();
    EXPECT_EQ(writer.ok(), size == expected.size());
    EXPECT_EQ(writer.written(), size == expected.size() ? expected : "");
  }
}

TEST(Reasons, are_those_of_the_registry) {
  EXPECT_EQ(reason_of(200), "OK");
  EXPECT_EQ(reason_of(100), "Continue");
  EXPECT_EQ(reason_of(511), "Network Authentication Required");
  EXPECT_EQ(reason_of(413), "Content Too Large");
  EXPECT_EQ(reason_of(299), "Unknown");
  EXPECT_EQ(reason_of(999), "Unknown");
}

}  // namespace
}  // namespace http1
