// What is wanted, what is answered, and the bytes of the answer: tables.
#include "apps/server/plan.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/clock.h"
#include "tests/server/world.h"

namespace server {
namespace {

using lab::head_of;
using lab::old_facts;
using lab::Request;

constexpr std::int64_t now = 1'800'000'000;
constexpr std::string_view text_type = "text/plain; charset=utf-8";
constexpr std::string_view boundary = "0123456789abcdef0123456789abcdef";
std::array<http1::ByteRange, most_ranges> range_room;

// --- decide ---

struct Wish {
  const char* method;
  const char* target;
  Action action;
  const char* path = "";  // of what is not refused
  int status = 0;         // of what is
  const char* fields = "";
  bool names_directory = false;
  bool is_hidden = false;
};

constexpr Action refuse = Action::refuse;

const std::vector<Wish> wishes_of_readers = {
    {"GET", "/", Action::read, ".", 0, "", true},
    {"GET", "/.", Action::read, ".", 0, "", true},
    {"GET", "/a", Action::read, "a"},
    {"HEAD", "/a/", Action::read, "a", 0, "", true},
    {"GET", "/a/b?c=d/e", Action::read, "a/b"},
    {"GET", "//a//b", Action::read, "a/b"},
    {"GET", "/./a", Action::read, "a"},
    {"GET", "/nowhere/../a", Action::read, "a"},
    {"GET", "/a/..", Action::read, ".", 0, "", true},
    {"GET", "/a%2bb%20c", Action::read, "a+b c"},
    {"GET", "/a+b", Action::read, "a+b"},
    {"GET", "/%61", Action::read, "a"},
    {"GET", "http://other/a", Action::read, "a"},
    {"GET", "http://other", Action::read, ".", 0, "", true},
    {"GET", "/..", refuse, "", 400},
    {"GET", "/a/../../b", refuse, "", 400},
    {"GET", "/%2e%2e/b", refuse, "", 400},
    {"GET", "/a%00", refuse, "", 400},
    {"GET", "/a%2fb", refuse, "", 400},
    {"GET", "/a%0ab", refuse, "", 400},
    {"GET", "/.a", Action::read, ".a", 0, "", false, true},
    {"GET", "/a/.b/c", Action::read, "a/.b/c", 0, "", false, true},
    {"GET", "/...", Action::read, "...", 0, "", false, true},
    {"GET", "/a.b", Action::read, "a.b"},
    {"GET", "/a", refuse, "", 417, "Expect: x\r\n"},
    {"GET", "/a", Action::read, "a", 0, "Expect: 100-Continue\r\n"},
    {"OPTIONS", "*", Action::options},
    {"OPTIONS", "/a", Action::options, "a"},
    {"OPTIONS", "/..", refuse, "", 400},
    {"PUT", "/a", refuse, "", 405},
    {"DELETE", "/a", refuse, "", 405},
    {"POST", "/a", refuse, "", 405},
    {"PATCH", "/a", refuse, "", 405},
    {"TRACE", "/a", refuse, "", 405},
    {"CONNECT", "a:1", refuse, "", 405},
    {"BREW", "/a", refuse, "", 501},
    {"get", "/a", refuse, "", 501},
    {"BREW", "/..", refuse, "", 501},
};

const std::vector<Wish> wishes_of_writers = {
    {"GET", "/a", Action::read, "a"},
    {"PUT", "/a/b", Action::write, "a/b"},
    {"PUT", "/a", Action::write, "a", 0, "Content-Length: 100\r\n"},
    {"PUT", "/a", refuse, "", 413, "Content-Length: 101\r\n"},
    {"PUT", "/a", Action::write, "a", 0, "Transfer-Encoding: chunked\r\n"},
    {"PUT", "/", refuse, "", 409},
    {"PUT", "/a/", refuse, "", 409},
    {"PUT", "/a/.", refuse, "", 409},
    {"PUT", "/.a", refuse, "", 403},
    {"PUT", "/a/.b/c", refuse, "", 403},
    {"PUT", "/.quoit-0.tmp", refuse, "", 403},
    {"PUT", "/..", refuse, "", 400},
    {"PUT", "/a", refuse, "", 400, "Content-Range: bytes 0-0/1\r\n"},
    {"PUT", "/a", refuse, "", 400, "Content-Range: bytes */9\r\nContent-Length: 9\r\n"},
    {"PUT", "/a", Action::write, "a", 0, "Content-Range: bytes 1-9/10\r\nContent-Length: 9\r\n"},
    {"PUT", "/a", refuse, "", 413, "Content-Range: bytes 92-100/*\r\nContent-Length: 9\r\n"},
    {"PUT", "/a", Action::write, "a", 0, "X-OC-MTime: 1\r\n"},
    {"PUT", "/a", refuse, "", 400, "X-OC-MTime: soon\r\n"},
    {"PUT", "/a", refuse, "", 417, "Expect: x\r\n"},
    {"DELETE", "/a", Action::remove, "a"},
    {"DELETE", "/a/", Action::remove, "a", 0, "", true},
    {"DELETE", "/", Action::remove, ".", 0, "", true},
    {"DELETE", "/.a", refuse, "", 403},
    {"POST", "/a", refuse, "", 405},
};

void expect_wishes(const std::vector<Wish>& wishes, const Site& site) {
  for (const Wish& wish : wishes) {
    SCOPED_TRACE(std::string(wish.method) + " " + wish.target + " " + wish.fields);
    const Request request(wish.method == std::string_view("CONNECT")
                              ? "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"
                              : head_of(wish.method, wish.target, wish.fields));
    std::array<char, path_room_bytes> room;
    room.fill('x');
    const Intent intent = decide(request.head, site, room);
    EXPECT_EQ(intent.action, wish.action);
    EXPECT_EQ(intent.status, wish.status);
    if (wish.action == refuse) continue;
    EXPECT_EQ(intent.path, wish.path);
    EXPECT_TRUE(intent.path.empty() || intent.path.data()[intent.path.size()] == '\0');
    EXPECT_EQ(intent.names_directory, wish.names_directory);
    EXPECT_EQ(intent.is_hidden, wish.is_hidden);
  }
}

TEST(Intents, of_those_who_may_only_read) { expect_wishes(wishes_of_readers, {}); }

TEST(Intents, of_those_who_may_write) {
  Site site;
  site.writable = true;
  site.max_body = 100;
  expect_wishes(wishes_of_writers, site);
}

TEST(Intents, of_paths_longer_than_the_system_takes) {
  const Request longest(head_of("GET", "/" + std::string(path_room_bytes - 2, 'a')));
  const Request longer(head_of("GET", "/" + std::string(path_room_bytes - 1, 'a')));
  std::array<char, path_room_bytes> room;
  EXPECT_EQ(decide(longest.head, {}, room).path.size(), path_room_bytes - 2);
  EXPECT_EQ(decide(longer.head, {}, room).action, refuse);
  EXPECT_EQ(decide(longer.head, {}, room).status, 414);
}

TEST(Hidden, are_names_that_begin_with_a_dot_and_temporaries_always) {
  struct Row {
    const char* path;
    bool by_default;
    bool with_dot_files;
  };
  for (const Row row :
       {Row{".", false, false}, Row{"a", false, false}, Row{".a", true, false},
        Row{"a/.b", true, false}, Row{".a/b", true, false}, Row{"a./b", false, false},
        Row{".quoit-1.tmp", true, true}, Row{"a/.quoit-1.tmp", true, true},
        Row{".quoi", true, false}, Row{"..a", true, false}}) {
    EXPECT_EQ(is_hidden(row.path, false), row.by_default) << row.path;
    EXPECT_EQ(is_hidden(row.path, true), row.with_dot_files) << row.path;
  }
}

// --- plan_file ---

struct RangeRow {
  const char* fields;
  int status;
  std::uint64_t offset = 0;
  std::uint64_t length = 100;
};

TEST(Files, are_answered_whole_in_part_or_not_at_all) {
  const FileFacts facts{.size = 100, .mtime_ns = old_facts.mtime_ns};
  for (const RangeRow& row : {
           RangeRow{"", 200},
           RangeRow{"Range: bytes=0-9\r\n", 206, 0, 10},
           RangeRow{"Range: bytes=90-\r\n", 206, 90, 10},
           RangeRow{"Range: bytes=-10\r\n", 206, 90, 10},
           RangeRow{"Range: bytes=-1000\r\n", 206, 0, 100},
           RangeRow{"Range: bytes=99-99999999999999999999999\r\n", 206, 99, 1},
           RangeRow{"Range: bytes=0-9,5-19\r\n", 206, 0, 20},
           RangeRow{"Range: bytes=10-19,0-9\r\n", 206, 0, 20},
           RangeRow{"Range: bytes=0-9,200-\r\n", 206, 0, 10},
           RangeRow{"Range: bytes=100-\r\n", 416, 0, 0},
           RangeRow{"Range: bytes=100-,200-\r\n", 416, 0, 0},
           RangeRow{"Range: bytes=9-0\r\n", 200},
           RangeRow{"Range: bytes=-0\r\n", 416, 0, 0},
           RangeRow{"Range: lines=0-9\r\n", 200},
           RangeRow{"Range: 0-9\r\n", 200},
           RangeRow{"Range: bytes=0-9\r\nRange: bytes=0-9\r\n", 200},
           RangeRow{"Range: bytes=0-9\r\nIf-Range: \"x\"\r\n", 200},
           RangeRow{"Range: bytes=0-9\r\nIf-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n", 206, 0, 10},
           RangeRow{"Range: bytes=0-9\r\nIf-None-Match: *\r\n", 304, 0, 100},
           RangeRow{"Range: bytes=0-9\r\nIf-Match: \"x\"\r\n", 412, 0, 0},
       }) {
    const Request request(head_of("GET", "/", row.fields));
    const Plan plan = plan_file(request.head, facts, text_type, now, range_room);
    EXPECT_EQ(plan.status, row.status) << row.fields;
    EXPECT_EQ(plan.offset, row.offset) << row.fields;
    EXPECT_EQ(plan.length, row.length) << row.fields;
    const bool sent = row.status == 200 || row.status == 206;
    EXPECT_EQ(plan.content, sent ? Content::file : Content::none) << row.fields;
  }
}

TEST(Files, have_no_parts_for_HEAD_and_none_when_they_are_empty) {
  const Request head(head_of("HEAD", "/", "Range: bytes=0-1\r\n"));
  EXPECT_EQ(plan_file(head.head, old_facts, text_type, now, range_room).status, 200);
  const Request get(head_of("GET", "/", "Range: bytes=0-\r\n"));
  EXPECT_EQ(plan_file(get.head, {}, text_type, now, range_room).status, 416);
}

// RFC 9110 14.2, 15.3.7.2
TEST(Files, of_several_ranges_are_answered_in_parts) {
  using Ranges = std::vector<http1::ByteRange>;
  struct Row {
    const char* ranges;
    Ranges expected;
  };
  for (const Row& row : {
           Row{"0-9,20-29", {{0, 9}, {20, 29}}},
           Row{"20-29,0-9", {{20, 29}, {0, 9}}},
           Row{"-1,0-0", {{99, 99}, {0, 0}}},
           Row{"50-59,0-9,60-69,5-14", {{50, 69}, {0, 14}}},
           Row{"0-9,200-,20-29", {{0, 9}, {20, 29}}},
           Row{"90-,0-0", {{90, 99}, {0, 0}}},
       }) {
    const std::string field = "Range: bytes=" + std::string(row.ranges) + "\r\n";
    const Request request(head_of("GET", "/", field));
    const Plan plan = plan_file(request.head, {.size = 100}, text_type, now, range_room);
    EXPECT_EQ(plan.status, 206) << row.ranges;
    EXPECT_EQ(plan.content, Content::parts) << row.ranges;
    EXPECT_FALSE(plan.is_partial) << row.ranges;
    EXPECT_EQ(Ranges(plan.ranges.begin(), plan.ranges.end()), row.expected) << row.ranges;
    EXPECT_EQ(plan.length, length_of(parts_of(plan))) << row.ranges;
  }
}

TEST(Files, of_too_many_ranges_are_answered_whole) {
  for (const std::size_t count : {most_ranges, most_ranges + 1}) {
    std::string ranges = "Range: bytes=";
    for (std::size_t i = 0; i < count; ++i)
      ranges += std::to_string(2 * i) + "-" + std::to_string(2 * i) + ",";
    const Request request(head_of("GET", "/", ranges + "\r\n"));
    const Plan plan = plan_file(request.head, {.size = 1000}, text_type, now, range_room);
    EXPECT_EQ(plan.status, count > most_ranges ? 200 : 206);
    EXPECT_EQ(plan.content, count > most_ranges ? Content::file : Content::parts);
  }
}

// --- The bytes ---

class Heads : public ::testing::Test {
 protected:
  Heads() { clock.now(); }

  // The head that a plan becomes, with NOW for the date.
  std::string written(const Plan& plan) {
    const std::size_t size = write_head(plan, clock, room);
    return lab::without_dates({room.data(), size});
  }
  std::string facts_lines() const {
    return "ETag: " + std::string(lab::old_tag) +
           "\r\nLast-Modified: " + std::string(lab::old_date) + "\r\n";
  }

  Clock clock;
  std::array<char, 12 * 1024> room;
  std::array<char, 16 * 1024> text;
};

TEST_F(Heads, of_files) {
  const std::string type = "Content-Type: text/plain; charset=utf-8\r\n";
  const auto of = [&](std::string_view fields) {
    const Request request(head_of("GET", "/", fields));
    Plan plan = plan_file(request.head, old_facts, text_type, clock.seconds(), range_room);
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
  EXPECT_EQ(written(plan_file(head.head, old_facts, text_type, now, range_room)),
            written(plan_file(get.head, old_facts, text_type, now, range_room)));
  EXPECT_TRUE(plan_file(head.head, old_facts, text_type, now, range_room).head_only);
  EXPECT_EQ(written(plan_text(head.head, 404, {}, text)),
            written(plan_text(get.head, 404, {}, text)));
}

TEST_F(Heads, of_empty_files_have_their_type) {
  const Request get(head_of("GET", "/"));
  const std::string head = written(plan_file(get.head, {.size = 0}, text_type, now, range_room));
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
            "Content-Type: text/plain; charset=utf-8\r\nRetry-After: 1\r\n\r\n");
  EXPECT_EQ(plan_text(get.head, 418, "short and stout", text).text,
            "418 Unknown: short and stout\n");
  EXPECT_EQ(plan_text(get.head, 505, {}, text).text, "505 HTTP Version Not Supported\n");
  std::array<char, 8> little;
  EXPECT_EQ(plan_text(get.head, 404, {}, little).text, "404 Not ");
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
  EXPECT_EQ(written(plan_options(options.head, false)),
            "HTTP/1.1 204 No Content\r\nDate: NOW\r\nAllow: GET, HEAD, OPTIONS\r\n\r\n");
  EXPECT_EQ(written(plan_options(options.head, true)),
            "HTTP/1.1 204 No Content\r\nDate: NOW\r\n"
            "Allow: GET, HEAD, OPTIONS, PUT, DELETE\r\n\r\n");
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
      written(plan_file(get.head, future, text_type, clock.seconds(), range_room));
  EXPECT_NE(head.find("Last-Modified: " + std::string(clock.date()) + "\r\n"), std::string::npos);
}

TEST_F(Heads, that_do_not_fit_are_not_written) {
  const Request get(head_of("GET", "/"));
  const Plan plan = plan_file(get.head, old_facts, text_type, now, range_room);
  const std::size_t whole = write_head(plan, clock, room);
  for (std::size_t size = 0; size < whole; ++size) {
    EXPECT_EQ(write_head(plan, clock, std::span(room).first(size)), 0U) << size;
  }
  EXPECT_EQ(write_head(plan, clock, std::span(room).first(whole)), whole);
}

// --- plan_slash ---

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

TEST(Explanations, are_there_for_every_status_that_is_answered_without_one) {
  for (const int status : {400, 403, 404, 405, 408, 409, 412, 413, 416, 417, 500, 501, 503, 507}) {
    EXPECT_NE(explain(status), "") << status;
  }
  EXPECT_EQ(explain(200), "");
}

}  // namespace
}  // namespace server
