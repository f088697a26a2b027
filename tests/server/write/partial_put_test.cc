// PUT with Content-Range on the simulated engine: the whole part is written into the file, or
// nothing.
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/writer.h"

namespace server {
namespace {

using lab::head_of;
using lab::pattern;
using lab::put;
using lab::put_chunked;
using lab::without_last;

class Partial : public lab::WritingAnywhere {
 protected:
  Partial() { world.root.put("file", "0123456789"); }
};
WHEREVER_FILES_LIE(Partial);

std::string part(std::string_view range) {
  return "Content-Range: bytes " + std::string(range) + "\r\n";
}

struct Row {
  const char* range;
  const char* body;
  const char* status;
  const char* content;  // of the file afterwards
};

const std::vector<Row> rows = {
    {"10-12/13", "abc", "204", "0123456789abc"},
    {"10-12/*", "abc", "204", "0123456789abc"},
    {"10-12/99", "abc", "204", "0123456789abc"},
    {"9-11/12", "abc", "204", "012345678abc"},
    {"3-5/10", "abc", "204", "012abc6789"},
    {"3-5/*", "abc", "204", "012abc6789"},
    {"0-2/10", "abc", "204", "abc3456789"},
    {"0-9/*", "abcdefghij", "204", "abcdefghij"},
    {"0-2/3", "abc", "204", "abc"},  // the whole file: not a part
    {"0-2/3", "ab", "400", "0123456789"},
    {"0-2/3", "abcd", "400", "0123456789"},
    {"11-13/14", "abc", "409", "0123456789"},
    {"1000000000000-1000000000002/*", "abc", "409", "0123456789"},
    {"3-5/9", "abc", "409", "0123456789"},
    {"3-5/10", "ab", "400", "0123456789"},
    {"3-5/10", "abcd", "400", "0123456789"},
    {"*/10", "abc", "400", "0123456789"},
    {"5-3/10", "abc", "400", "0123456789"},
    {"3-5", "abc", "400", "0123456789"},
};

std::string chunks_of(std::string_view body) {
  return std::to_string(body.size()) + "\r\n" + std::string(body) + "\r\n0\r\n\r\n";
}

TEST_P(Partial, writes_the_named_bytes_or_nothing) {
  for (const Row& row : rows) {
    for (const bool chunked : {false, true}) {
      if (chunked && std::string_view(row.body).size() > 9) continue;  // one digit of size
      SCOPED_TRACE(std::string(row.range) + (chunked ? " in chunks" : ""));
      world.root.put("file", "0123456789");
      EXPECT_EQ(status(chunked ? put_chunked("/file", part(row.range)) + chunks_of(row.body)
                               : put("/file", row.body, part(row.range))),
                row.status);
      EXPECT_EQ(world.root.get("file"), row.content);
    }
  }
}

// lftp 4.9.2 (put -c) sends Range; ignoring it would replace the whole file by its end.
TEST_P(Partial, may_be_named_by_range_as_lftp_does) {
  EXPECT_EQ(status(put("/file", "abc", "Range: bytes=10-12/13\r\n")), "204");
  EXPECT_EQ(world.root.get("file"), "0123456789abc");
  EXPECT_EQ(status(put("/file", "def", "Range: bytes=13-15\r\n")), "400");
  EXPECT_EQ(status(put("/file", "def", "Range: bytes=14-16/17\r\n")), "409");
  EXPECT_EQ(world.root.get("file"), "0123456789abc");
}

TEST_P(Partial, creates_a_file_from_its_beginning_only) {
  EXPECT_EQ(status(put("/new", "abc", part("1-3/4"))), "409");
  EXPECT_FALSE(world.root.has("new"));
  // RFC 9110 section 9.3.4: no validators, because the file is not exactly the body of this
  // request.
  EXPECT_EQ(world.ask(put("/new", "abc", part("0-2/6"))),
            "HTTP/1.1 201 Created\r\nDate: NOW\r\nContent-Length: 0\r\nLocation: /new\r\n\r\n");
  EXPECT_EQ(world.ask(put("/new", "def", part("3-5/6"))),
            "HTTP/1.1 204 No Content\r\nDate: NOW\r\n\r\n");
  EXPECT_EQ(world.root.get("new"), "abcdef");
}

TEST_P(Partial, keeps_the_rest_of_a_file_larger_than_a_block) {
  const std::string before = pattern(3 * BlockPool::large_bytes + 17);
  const std::string middle(BlockPool::large_bytes + 5, '-');
  for (const std::size_t at :
       {std::size_t{0}, std::size_t{1}, BlockPool::large_bytes, before.size() - 7, before.size()}) {
    world.root.put("file", before);
    const std::string range = std::to_string(at) + "-" + std::to_string(at + middle.size() - 1);
    EXPECT_EQ(status(put("/file", middle, part(range + "/*"))), "204") << at;
    std::string expected = before;
    expected.resize(std::max(expected.size(), at + middle.size()));
    expected.replace(at, middle.size(), middle);
    EXPECT_TRUE(world.root.get("file") == expected) << at;
  }
}

TEST_P(Partial, copies_before_it_asks_for_the_body) {
  const int socket = world.connect();
  const std::string bytes = put("/file", "abc", "Expect: 100-continue\r\n" + part("10-12/13"));
  EXPECT_EQ(world.say(socket, without_last(3, bytes)), "HTTP/1.1 100 Continue\r\n\r\n");
  const std::string answer = world.say(socket, "abc");
  EXPECT_EQ(answer, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nDate: NOW\r\n\r\n");
  const int refused = world.connect();
  const std::string gap = put("/file", "abc", "Expect: 100-continue\r\n" + part("99-101/*"));
  EXPECT_TRUE(world.say(refused, without_last(3, gap)).starts_with("HTTP/1.1 409 "));
}

TEST_P(Partial, sends_the_responses_before_it_first) {
  const std::string get = head_of("GET", "/file");
  const std::string answer = world.ask(get + put("/file", "abc", part("10-12/*")) + get);
  EXPECT_NE(answer.find("\r\n\r\n0123456789HTTP/1.1 204 "), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\n0123456789abc"));
}

TEST_P(Partial, obeys_conditions) {
  const std::string match = "If-Match: " + tag_of_file("file") + "\r\n";
  EXPECT_EQ(status(put("/file", "abc", part("10-12/13") + match)), "204");
  EXPECT_EQ(status(put("/file", "def", part("13-15/16") + match)), "412");
  EXPECT_EQ(status(put("/file", "def", part("13-15/16") + "If-None-Match: *\r\n")), "412");
  EXPECT_EQ(status(put("/file", "def", part("14-16/17") + match)), "409");  // RFC 9110 13.2.1
  EXPECT_EQ(world.root.get("file"), "0123456789abc");
}

// The version that the part was copied into is no longer current: publishing would undo another
// write.
TEST_P(Partial, does_not_undo_a_write_that_came_in_between) {
  for (const char* other : {"whole", "part", "delete"}) {
    world.root.put("file", "0123456789");
    const int socket = world.connect();
    world.say(socket, without_last(1, put("/file", "abc", part("10-12/13"))));
    const std::string kind = other;
    EXPECT_EQ(status(kind == "whole"  ? put("/file", "9876543210")
                     : kind == "part" ? put("/file", "x", part("0-0/*"))
                                      : head_of("DELETE", "/file")),
              "204");
    EXPECT_TRUE(world.say(socket, "c").starts_with("HTTP/1.1 409 ")) << other;
    EXPECT_EQ(world.root.get("file"), kind == "whole"  ? "9876543210"
                                      : kind == "part" ? "x123456789"
                                                       : "");
  }
}

TEST_P(Partial, publishes_nothing_of_an_incomplete_part) {
  EXPECT_EQ(status(without_last(1, put("/file", "abc", part("10-12/13")))), "400");
  EXPECT_EQ(status(put_chunked("/file", part("10-12/13")) + "2\r\nab\r\n0\r\n\r\n"), "400");
  EXPECT_EQ(status(put_chunked("/file", part("10-12/13")) + "4\r\n"), "400");
  EXPECT_EQ(world.root.get("file"), "0123456789");
}

TEST_P(Partial, counts_the_whole_file_against_the_limit) {
  world.site.max_body = 12;
  EXPECT_EQ(status(put("/file", "ab", part("10-11/*"))), "204");
  EXPECT_EQ(status(put("/file", "a", part("12-12/*"))), "413");
  world.site.max_body = 0;
  world.engine.set_free_bytes(12);
  EXPECT_EQ(status(put("/file", "a", part("12-12/*"))), "507");
  EXPECT_EQ(status(put("/file", "a", part("11-11/*"))), "204");
}

}  // namespace
}  // namespace server
