// The bytes of heads.
#include "apps/server/plan/head.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/connection/clock.h"
#include "tests/server/world.h"

namespace server {
namespace {

using lab::head_of;
using lab::old_facts;
using lab::Request;

constexpr std::int64_t now = 1'800'000'000;
constexpr std::string_view text_type = "text/plain; charset=utf-8";
constexpr std::string_view boundary = "0123456789abcdef0123456789abcdef";
std::array<http1::ByteRange, most_ranges> range_buffer;

class Heads : public ::testing::Test {
 protected:
  Heads() { clock.now(); }

  // The head that a plan becomes, with NOW for the date.
  std::string written(const Plan& plan) {
    const std::size_t size = write_head(plan, time(), buffer);
    return lab::without_dates({buffer.data(), size});
  }
  HeadTime time() const { return {.seconds = clock.seconds(), .date = clock.date()}; }
  std::string facts_lines() const {
    return "ETag: " + std::string(lab::old_tag) +
           "\r\nLast-Modified: " + std::string(lab::old_date) + "\r\n";
  }

  Clock clock;
  std::array<char, 12 * 1024> buffer;
  std::array<char, 16 * 1024> text;
};

TEST_F(Heads, of_files) {
  const std::string type = "Content-Type: text/plain; charset=utf-8\r\n";
  const auto of = [&](std::string_view fields) {
    const Request request(head_of("GET", "/", fields));
    Plan plan = plan_file(request.head, old_facts, text_type, clock.seconds(), range_buffer);
    plan.boundary = boundary;
    return written(plan);
  };
  EXPECT_EQ(of(""), "HTTP/1.1 200 OK\r\nDate: NOW\r\nContent-Length: 6\r\n" + type + facts_lines() +
                        "Accept-Ranges: bytes\r\n\r\n");
  EXPECT_EQ(of("Range: bytes=2-\r\n"),
            "HTTP/1.1 206 Partial Content\r\nDate: NOW\r\nContent-Length: 4\r\n" + type +
                facts_lines() + "Accept-Ranges: bytes\r\nContent-Range: bytes 2-5/6\r\n\r\n");
  // RFC 9110 15.3.7.2: no Content-Range but in the parts.
  EXPECT_EQ(of("Range: bytes=0-0,2-\r\n"),
            "HTTP/1.1 206 Partial Content\r\nDate: NOW\r\nContent-Length: 263\r\n"
            "Content-Type: multipart/byteranges; boundary=" +
                std::string(boundary) + "\r\n" + facts_lines() + "Accept-Ranges: bytes\r\n\r\n");
  EXPECT_EQ(of("Range: bytes=6-\r\n"),
            "HTTP/1.1 416 Range Not Satisfiable\r\nDate: NOW\r\nContent-Length: 0\r\n" +
                facts_lines() + "Accept-Ranges: bytes\r\nContent-Range: bytes */6\r\n\r\n");
  EXPECT_EQ(of("If-None-Match: *\r\n"), "HTTP/1.1 304 Not Modified\r\nDate: NOW\r\n" +
                                            facts_lines() + "Accept-Ranges: bytes\r\n\r\n");
  EXPECT_EQ(of("If-Match: \"x\"\r\n"),
            "HTTP/1.1 412 Precondition Failed\r\nDate: NOW\r\nContent-Length: 0\r\n" +
                facts_lines() + "\r\n");
}

TEST_F(Heads, of_HEAD_are_those_of_GET) {
  const Request get(head_of("GET", "/"));
  const Request head(head_of("HEAD", "/"));
  EXPECT_EQ(written(plan_file(head.head, old_facts, text_type, now, range_buffer)),
            written(plan_file(get.head, old_facts, text_type, now, range_buffer)));
  EXPECT_TRUE(plan_file(head.head, old_facts, text_type, now, range_buffer).head_only);
  EXPECT_EQ(written(plan_text(head.head, 404, {}, text)),
            written(plan_text(get.head, 404, {}, text)));
}

TEST_F(Heads, of_empty_files_have_their_type) {
  const Request get(head_of("GET", "/"));
  const std::string head = written(plan_file(get.head, {.size = 0}, text_type, now, range_buffer));
  EXPECT_NE(head.find("Content-Length: 0\r\nContent-Type: text/plain; charset=utf-8\r\n"),
            std::string::npos);
}

TEST_F(Heads, of_pages_have_no_validators) {
  const Request get(head_of("GET", "/", "Range: bytes=0-1\r\nIf-None-Match: *\r\n"));
  EXPECT_EQ(written(plan_page(get.head, 404, old_facts, "text/html")),
            "HTTP/1.1 404 Not Found\r\nDate: NOW\r\nContent-Length: 6\r\n"
            "Content-Type: text/html\r\n\r\n");
}

TEST_F(Heads, of_texts) {
  const Request get(head_of("GET", "/"));
  const Plan plan = plan_text(get.head, 503, {}, text);
  EXPECT_EQ(plan.text, "503 Service Unavailable: the server is busy; try again soon\n");
  EXPECT_EQ(written(plan),
            "HTTP/1.1 503 Service Unavailable\r\nDate: NOW\r\nContent-Length: 60\r\n"
            "Content-Type: text/plain; charset=utf-8\r\nVary: Accept\r\nRetry-After: 1\r\n\r\n");
  EXPECT_EQ(plan_text(get.head, 418, "short and stout", text).text,
            "418 Unknown: short and stout\n");
  EXPECT_EQ(plan_text(get.head, 505, {}, text).text, "505 HTTP Version Not Supported\n");
}

// A browser that shows an answer to a person prefers HTML; a program does not mention it.
TEST_F(Heads, of_errors_are_pages_for_browsers) {
  const auto is_page = [this](std::string_view accept) {
    const Request get(head_of("GET", "/a/b", accept));
    const Plan plan = plan_text(get.head, 404, {}, text);
    EXPECT_EQ(plan.length, plan.text.size());
    EXPECT_EQ(plan.is_page, plan.text.starts_with("<!doctype html>"));
    const std::string head = written(plan);
    EXPECT_NE(head.find("\r\nVary: Accept\r\n"), std::string::npos);
    EXPECT_EQ(plan.is_page, head.find("\r\nContent-Security-Policy: ") != std::string::npos);
    EXPECT_EQ(plan.is_page,
              head.find("\r\nX-Content-Type-Options: nosniff\r\n") != std::string::npos);
    EXPECT_EQ(plan.is_page, head.find("\r\nContent-Type: text/html; ") != std::string::npos);
    return plan.is_page;
  };
  EXPECT_TRUE(
      is_page("Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"));
  EXPECT_TRUE(is_page("Accept: text/html\r\n"));
  EXPECT_TRUE(is_page("Accept: text/plain;q=0.5, text/html;q=0.6\r\n"));
  EXPECT_FALSE(is_page(""));
  EXPECT_FALSE(is_page("Accept: */*\r\n"));
  EXPECT_FALSE(is_page("Accept: text/html, text/plain\r\n"));
  EXPECT_FALSE(is_page("Accept: text/html;q=0\r\n"));
  EXPECT_FALSE(is_page("Accept: application/json\r\n"));
}

// Both policies would apply, and that of the operator would forbid the page its style.
TEST_F(Heads, of_pages_have_one_policy) {
  ExtraFields extra;
  ASSERT_EQ(add_header("Content-Security-Policy: default-src 'self'", extra), "");
  ASSERT_EQ(add_header("x-content-type-options: nosniff", extra), "");
  ASSERT_EQ(add_header("X-Other: 1", extra), "");
  const Request get(head_of("GET", "/", "Accept: text/html\r\n"));
  Plan page = plan_text(get.head, 404, {}, text);
  Plan file = plan_file(get.head, old_facts, text_type, now, range_buffer);
  page.extra_fields = file.extra_fields = &extra;
  EXPECT_EQ(written(page).find("default-src 'self'"), std::string::npos);
  EXPECT_EQ(written(page).find("x-content-type-options"), std::string::npos);
  EXPECT_NE(written(page).find("\r\nX-Other: 1\r\n"), std::string::npos);
  EXPECT_NE(written(file).find("\r\nContent-Security-Policy: default-src 'self'\r\n"),
            std::string::npos);
  EXPECT_EQ(written(file).find("default-src 'none'"), std::string::npos);
}

TEST_F(Heads, of_the_script_of_pages_may_be_cached_for_ever) {
  const Request get(head_of("GET", "/.quoit-x.js"));
  const std::string head = written(plan_script(get.head));
  EXPECT_NE(head.find("\r\nCache-Control: public, max-age=31536000, immutable\r\n"),
            std::string::npos);
  EXPECT_NE(head.find("\r\nContent-Type: text/javascript; charset=utf-8\r\n"), std::string::npos);
}

TEST_F(Heads, of_writes) {
  const Request put(head_of("PUT", "/a%20b?c"));
  EXPECT_EQ(written(plan_stored(put.head, true, old_facts)),
            "HTTP/1.1 201 Created\r\nDate: NOW\r\nContent-Length: 0\r\n" + facts_lines() +
                "Location: /a%20b\r\n\r\n");
  EXPECT_EQ(written(plan_stored(put.head, false, old_facts)),
            "HTTP/1.1 204 No Content\r\nDate: NOW\r\n" + facts_lines() + "\r\n");
  EXPECT_EQ(written(plan_deleted(put.head)), "HTTP/1.1 204 No Content\r\nDate: NOW\r\n\r\n");
}

TEST_F(Heads, of_options_name_what_is_allowed) {
  const Request options("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(written(plan_options(options.head, Allowed::reading)),
            "HTTP/1.1 204 No Content\r\nDate: NOW\r\nAllow: GET, HEAD, OPTIONS\r\n\r\n");
  EXPECT_EQ(written(plan_options(options.head, Allowed::files)),
            "HTTP/1.1 204 No Content\r\nDate: NOW\r\n"
            "Allow: GET, HEAD, OPTIONS, PUT, DELETE, MKCOL, MOVE\r\n\r\n");
}

TEST_F(Heads, say_whether_the_connection_goes_on) {
  const auto connection = [&](std::string_view bytes) {
    const Request request(bytes);
    const std::string head = written(plan_deleted(request.head));
    return head.substr(head.find("NOW\r\n") + 5);
  };
  EXPECT_EQ(connection("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "\r\n");
  EXPECT_EQ(connection("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
            "Connection: close\r\n\r\n");
  EXPECT_EQ(connection("GET / HTTP/1.0\r\n\r\n"), "Connection: close\r\n\r\n");
  EXPECT_EQ(connection("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            "Connection: keep-alive\r\n\r\n");
}

// RFC 9110 8.8.2.1
TEST_F(Heads, never_say_Last_Modified_in_the_future) {
  const Request get(head_of("GET", "/"));
  const FileFacts future{.size = 1, .mtime_ns = (clock.seconds() + 1'000'000) * 1'000'000'000};
  const std::string head =
      written(plan_file(get.head, future, text_type, clock.seconds(), range_buffer));
  EXPECT_NE(head.find("Last-Modified: " + std::string(clock.date()) + "\r\n"), std::string::npos);
}

TEST_F(Heads, that_do_not_fit_are_not_written) {
  const Request get(head_of("GET", "/"));
  const Plan plan = plan_file(get.head, old_facts, text_type, now, range_buffer);
  const std::size_t whole = write_head(plan, time(), buffer);
  for (std::size_t size = 0; size < whole; ++size) {
    EXPECT_EQ(write_head(plan, time(), std::span(buffer).first(size)), 0U) << size;
  }
  EXPECT_EQ(write_head(plan, time(), std::span(buffer).first(whole)), whole);
}

TEST_F(Heads, lead_to_the_slash_by_a_relative_name) {
  const auto location = [&](std::string_view target, std::string_view path) {
    const Request request(head_of("GET", target));
    const Plan plan = plan_slash(request.head, path, text);
    EXPECT_EQ(plan.status, 301);
    const std::string head = written(plan);
    const std::size_t at = head.find("Location: ") + 10;
    return head.substr(at, head.find("\r\n", at) - at);
  };
  EXPECT_EQ(location("/a", "a"), "a/");
  EXPECT_EQ(location("/a/b", "a/b"), "b/");
  EXPECT_EQ(location("/a?", "a"), "a/?");
  EXPECT_EQ(location("/a?b=c&d=%20/e", "a"), "a/?b=c&d=%20/e");
  EXPECT_EQ(location("/a:b", "a:b"), "a%3Ab/");  // else a scheme, RFC 3986 4.2
  EXPECT_EQ(location("/100%25", "100%"), "100%25/");
  EXPECT_EQ(location("/a%3fb", "a?b"), "a%3Fb/");
  EXPECT_EQ(location("/%c3%a9", "\xc3\xa9"), "%C3%A9/");
  EXPECT_EQ(location("//a", "a"), "a/");
}

TEST_F(Heads, fit_whatever_the_target_is) {
  std::string longest(8192, 'q');
  longest.replace(0, 3, "/a?");
  const Request request(head_of("GET", longest));
  EXPECT_NE(written(plan_slash(request.head, "a", text)), "");
  const std::string name(255, '\x80');
  EXPECT_NE(written(plan_slash(request.head, name, text)), "");
  const Request put(head_of("PUT", std::string(8192, '/')));
  EXPECT_NE(written(plan_stored(put.head, true, old_facts)), "");
}

}  // namespace
}  // namespace server
