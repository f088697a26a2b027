// Both heads as text, with credentials masked.
#include "apps/server/log/head_log.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

using lab::head_of;
using lab::Request;

std::string format(const http1::RequestHead& request, std::string_view response,
                   std::string_view refused = "") {
  std::string out = "before\n";
  format_heads("192.0.2.1", request, refused, response, out);
  return out;
}

TEST(HeadLog, shows_both_heads_line_by_line) {
  const Request request(head_of("GET", "/a?b", "Empty:\r\nX:  y z \r\n"));
  EXPECT_EQ(format(request.head, "HTTP/1.1 200 OK\r\nDate: now\r\n\r\n"),
            "before\n* 192.0.2.1\n> GET /a?b HTTP/1.1\n> Host: a\n> Empty: \n> X: y z\n"
            "< HTTP/1.1 200 OK\n< Date: now\n< \n");
}

TEST(HeadLog, masks_credentials_whatever_their_case) {
  const Request request(head_of("GET", "/",
                                "authorization: Basic c2VjcmV0\r\nPROXY-AUTHORIZATION: secret\r\n"
                                "Cookie: id=secret\r\nCookie: more=secret\r\nCookie2: x\r\n"));
  const std::string text = format(request.head, "");
  EXPECT_EQ(text.find("secret"), std::string::npos);
  EXPECT_EQ(text.find("c2VjcmV0"), std::string::npos);
  EXPECT_NE(text.find("> authorization: (masked)\n"), std::string::npos);
  EXPECT_NE(text.find("> Cookie2: x\n"), std::string::npos);
}

TEST(HeadLog, shows_no_byte_that_a_terminal_could_interpret) {
  const Request request(head_of("GET", "/", "X: a\tb\x9b\xff\r\n"));
  EXPECT_EQ(format(request.head, "HTTP/1.1 200 O\x1bK\r\n"),
            "before\n* 192.0.2.1\n> GET / HTTP/1.1\n> Host: a\n> X: a?b??\n< HTTP/1.1 200 O?K\n");
}

TEST(HeadLog, shows_only_the_request_line_of_a_head_that_could_not_be_parsed) {
  http1::RequestHead head;
  const std::string bytes = "GET / HTTP/1.1\r\nCookie: secret\r\nbad line\r\n\r\n";
  EXPECT_EQ(http1::parse_request(bytes, head), http1::Progress::failed);
  EXPECT_EQ(format(head, "HTTP/1.1 400 Bad Request\r\n\r\n"),
            "before\n* 192.0.2.1\n> (not a valid request head)\n"
            "< HTTP/1.1 400 Bad Request\n< \n");
  EXPECT_EQ(format(head, "HTTP/1.1 400 Bad Request\r\n\r\n", "GET /\x1b HTTP/1.1"),
            "before\n* 192.0.2.1\n> (not a valid request head) GET /? HTTP/1.1\n"
            "< HTTP/1.1 400 Bad Request\n< \n");
}

}  // namespace
}  // namespace server
