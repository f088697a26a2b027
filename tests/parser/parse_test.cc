// What the case files cannot say: finality, pipelining, exhaustive short heads, no allocation.
#include "parser/parse.h"

#include <string>

#include <gtest/gtest.h>

#include "parser/chunked.h"
#include "parser/target.h"
#include "tests/parser/allocations.h"

namespace http1 {
namespace {

TEST(Parse, repeats_itself_after_done) {
  const std::string_view bytes = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b";
  RequestHead head;
  EXPECT_EQ(parse_request(bytes, head), Progress::done);
  EXPECT_EQ(parse_request(bytes, head), Progress::done);
  EXPECT_EQ(head.size(), 27U);
}

TEST(Parse, repeats_itself_after_a_failure) {
  RequestHead head;
  EXPECT_EQ(parse_request("GET\n", head), Progress::failed);
  EXPECT_EQ(parse_request("GET\n / HTTP/1.1\r\nHost: a\r\n\r\n", head), Progress::failed);
  EXPECT_EQ(head.failure().error, Error::bad_method_byte);
  EXPECT_EQ(head.failure().offset, 3U);
}

TEST(Parse, wants_more_of_nothing) {
  RequestHead request;
  EXPECT_EQ(parse_request({}, request), Progress::more);
  ResponseHead response;
  EXPECT_EQ(parse_response({}, response, Method::get), Progress::more);
  EXPECT_EQ(request.failure().error, Error::none);
}

TEST(Parse, reads_pipelined_requests_one_after_the_other) {
  std::string_view bytes =
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\nPUT /b HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
      "DELETE /c HTTP/1.1\r\nHost: x\r\n\r\n";
  std::string seen;
  RequestHead head;
  while (!bytes.empty()) {
    ASSERT_EQ(parse_request(bytes, head), Progress::done);
    seen += std::string(head.method_text()) + std::string(head.path()) + " ";
    bytes.remove_prefix(head.size() + head.body().length);
    head.reset();
  }
  EXPECT_EQ(seen, "GET/a PUT/b DELETE/c ");
}

TEST(Parse, takes_a_head_of_the_hard_maximum) {
  Limits limits;
  limits.head_bytes = 1'000'000;
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nA: ";
  bytes += std::string(max_head_bytes - bytes.size() - 4, 'x') + "\r\n\r\n";
  RequestHead head;
  EXPECT_EQ(parse_request(bytes, head, limits), Progress::done);
  EXPECT_EQ(head.size(), max_head_bytes);

  bytes.insert(bytes.size() - 4, "x");
  head.reset();
  EXPECT_EQ(parse_request(bytes, head, limits), Progress::failed);
  EXPECT_EQ(head.failure().error, Error::head_too_large);
  EXPECT_EQ(head.failure().offset, max_head_bytes);
}

TEST(Parse, the_absolute_form_without_a_path_is_the_root) {
  const std::string bytes = "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n";
  RequestHead head;
  EXPECT_EQ(parse_request(bytes, head), Progress::done);
  EXPECT_EQ(head.path(), "/");
}

// All texts over the bytes that delimit, up to a length, behind a prefix: whatever the parser
// accepts has only well-formed lines, and it decides alike byte by byte.
class Exhaustive : public testing::TestWithParam<std::string_view> {
 protected:
  static constexpr std::string_view alphabet{"Aa0 \t\r\n:/\0\xff", 11};
  static constexpr std::size_t longest = 5;

  void grow(std::string& bytes, std::size_t left) {
    RequestHead whole;
    const Progress progress = parse_request(bytes, whole);
    check(bytes, whole, progress);
    if (progress != Progress::more || left == 0) return;
    for (const char byte : alphabet) {
      bytes += byte;
      grow(bytes, left - 1);
      bytes.pop_back();
    }
  }

  static void check(const std::string& bytes, const RequestHead& whole, Progress progress) {
    RequestHead head;
    Progress last = Progress::more;
    for (std::size_t size = 1; size <= bytes.size(); ++size) {
      last = parse_request(std::string_view(bytes).substr(0, size), head);
    }
    ASSERT_EQ(last, progress) << bytes;
    ASSERT_EQ(head.failure().error, whole.failure().error) << bytes;
    ASSERT_EQ(head.failure().offset, whole.failure().offset) << bytes;
    if (progress == Progress::failed) {
      ASSERT_EQ(head.failure().offset + 1, bytes.size()) << bytes;
    }
    if (progress != Progress::done) return;
    for (std::size_t at = 0; at < whole.size(); ++at) {
      const bool whole_line_end = (bytes[at] != '\n' || bytes[at - 1] == '\r') &&
                                  (bytes[at] != '\r' || bytes[at + 1] == '\n');
      ASSERT_TRUE(whole_line_end) << bytes;
      ASSERT_NE(bytes[at], '\0') << bytes;
    }
  }
};

TEST_P(Exhaustive, every_short_text_is_decided_alike_and_well_formed) {
  std::string bytes(GetParam());
  grow(bytes, longest);
}

INSTANTIATE_TEST_SUITE_P(
    Behind, Exhaustive,
    testing::Values("", "GET", "GET ", "GET /", "GET / HTTP/1.", "GET / HTTP/1.0",
                    "GET / HTTP/1.0\r\n", "GET / HTTP/1.0\r\nA",
                    "GET / HTTP/1.0\r\nA:", "GET / HTTP/1.0\r\nHost:",
                    "GET / HTTP/1.0\r\nContent-Length:", "GET / HTTP/1.0\r\nHost: a\r\n"));

TEST(Parse, allocates_nothing) {
  std::string body = "3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\n";
  char room[64];
  const std::size_t before = allocations();
  RequestHead request;
  ResponseHead response;
  ChunkedDecoder decoder;
  const bool done =
      parse_request("GET /%41 HTTP/1.1\r\nHost: a\r\nExpect: x, y\r\n\r\n", request) ==
          Progress::done &&
      parse_response("HTTP/1.1 200 OK\r\n\r\n", response, Method::get) == Progress::done &&
      decoder.decode(body.data(), body.size()).progress == Progress::done &&
      decode_path(request.path(), room).ok();
  EXPECT_EQ(allocations(), before);
  EXPECT_TRUE(done);
}

}  // namespace
}  // namespace http1
