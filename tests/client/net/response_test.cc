// Heads of responses, judged by tables.
#include "apps/client/net/response.h"

#include <vector>

#include <gtest/gtest.h>

#include "parser/parse.h"

namespace client {
namespace {

// A parsed head, with the text that its views are of.
struct Head {
  explicit Head(std::string_view wire, http1::Method method = http1::Method::get) : text(wire) {
    EXPECT_EQ(http1::parse_response(text, head, method), http1::Progress::done) << wire;
  }
  std::string text;
  http1::ResponseHead head;
};

Url peer() {
  Url url;
  EXPECT_FALSE(parse_url("http://peer/a", url));
  return url;
}

TEST(Response, HasAStandardReasonPhraseWhereTheServerGaveNone) {
  EXPECT_EQ(status_text(Head("HTTP/1.1 201 Made\r\n\r\n").head), "201 Made");
  EXPECT_EQ(status_text(Head("HTTP/1.1 201 \r\n\r\n").head), "201 Created");
}

TEST(Response, RedirectsWithALocation) {
  EXPECT_TRUE(redirects(Head("HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n").head));
  EXPECT_FALSE(redirects(Head("HTTP/1.1 302 Found\r\n\r\n").head));
  EXPECT_FALSE(redirects(Head("HTTP/1.1 300 Choices\r\nLocation: /b\r\n\r\n").head));
}

TEST(Response, IsUnrequestedWhereNoFieldAskedForItsStatus) {
  struct Row {
    http1::Method method;
    std::vector<HeaderLine> headers;
    const char* status_line;
    bool is_unrequested;
  };
  const auto get = http1::Method::get;
  const auto put = http1::Method::put;
  const std::vector<Row> rows = {
      {get, {}, "HTTP/1.1 200 OK", false},
      {get, {}, "HTTP/1.1 206 Partial Content", true},
      {get, {}, "HTTP/1.1 226 IM Used", true},
      {get, {}, "HTTP/1.1 304 Not Modified", true},
      {get, {{"range", "bytes=0-1"}}, "HTTP/1.1 206 Partial Content", false},
      {get, {{"Range", ""}}, "HTTP/1.1 206 Partial Content", true},
      {get, {{"A-IM", "vcdiff"}}, "HTTP/1.1 226 IM Used", false},
      {get, {{"If-None-Match", "\"x\""}}, "HTTP/1.1 304 Not Modified", false},
      {get, {{"If-Modified-Since", "now"}}, "HTTP/1.1 304 Not Modified", false},
      {get, {{"If-Match", "*"}}, "HTTP/1.1 304 Not Modified", true},
      {put, {}, "HTTP/1.1 201 Created", false},
      {put, {{"Range", "bytes=0-1"}}, "HTTP/1.1 206 Partial Content", true},
      {put, {{"If-None-Match", "*"}}, "HTTP/1.1 304 Not Modified", true},
  };
  for (const Row& row : rows) {
    const Head head(std::string(row.status_line) + "\r\n\r\n", row.method);
    const Settings settings{.headers = row.headers};
    const ExitReason reason = unrequested(head.head, row.method, settings, peer());
    EXPECT_EQ(code_of(reason), row.is_unrequested ? ExitCode::weird_reply : ExitCode::ok)
        << row.status_line;
  }
}

TEST(Response, SaysWhatItRefusedAndWhatToDo) {
  EXPECT_EQ(refused(Head("HTTP/1.1 404 Not Found\r\n\r\n").head, peer()).text,
            "http://peer/a: the server responded 404 Not Found; check the path");
  EXPECT_EQ(refused(Head("HTTP/1.1 307 Moved\r\nLocation: /b\r\n\r\n").head, peer()).text,
            "http://peer/a: the server responded 307 Moved; give this URL instead: /b");
}

TEST(Response, NamesACodingThatWasNotRequested) {
  const Head gzip("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
  EXPECT_EQ(unrequested_coding(gzip.head, {}), "gzip");
  EXPECT_EQ(unrequested_coding(gzip.head, {.headers = {{"Accept-Encoding", "gzip"}}}), "");
  EXPECT_EQ(unrequested_coding(gzip.head, {.headers = {{"Accept-Encoding", ""}}}), "gzip");
  const Head identity("HTTP/1.1 200 OK\r\nContent-Encoding: Identity\r\n\r\n");
  EXPECT_EQ(unrequested_coding(identity.head, {}), "");
  EXPECT_EQ(unrequested_coding(Head("HTTP/1.1 200 OK\r\n\r\n").head, {}), "");
}

TEST(Advice, SaysWhatToDoNext) {
  EXPECT_EQ(advice_on(404), "; check the path");
  EXPECT_NE(advice_on(405).find("--writable"), std::string_view::npos);
  EXPECT_NE(advice_on(500), "");
  EXPECT_EQ(advice_on(418), "");
}

}  // namespace
}  // namespace client
