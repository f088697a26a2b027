// Formats in Apache's letters: the lines to the byte, and the texts that are refused.
#include "apps/server/log/log_format.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "parser/parse.h"
#include "tests/server/log/records.h"

namespace server {
namespace {

using lab::usual;

LogFormat format_of(std::string_view text) {
  LogFormat format;
  EXPECT_EQ(read_log_format(text, format), "") << text;
  return format;
}

// The line of `record` without its line feed.
std::string line(const LogRecord& record, std::string_view text) {
  std::string written = lab::line(record, format_of(text));
  EXPECT_TRUE(written.ends_with('\n'));
  written.pop_back();
  return written;
}

TEST(LogFormats, have_names) {
  EXPECT_EQ(format_of("combined"), LogFormat::combined);
  EXPECT_EQ(format_of("json"), LogFormat::json);
  EXPECT_EQ(line(usual, "common"),
            "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b HTTP/1.1\" 200 567");
}

TEST(LogFormats, write_combined_as_the_format_of_that_name) {
  const std::string_view letters = "%h %l %u %t \"%r\" %>s %B \"%{Referer}i\" \"%{User-Agent}i\"";
  EXPECT_EQ(line(usual, letters) + "\n", lab::line(usual, LogFormat::combined));
  const LogRecord refused{.remote = "unix", .refused_line = "GET /\x01", .status = 400};
  EXPECT_EQ(line(refused, letters) + "\n", lab::line(refused, LogFormat::combined));
}

TEST(LogFormats, have_a_letter_for_each_part_of_a_record) {
  static constexpr std::array<std::string_view, 1> fields = {"text/html"};
  LogRecord record = usual;
  record.peer = "10.0.0.1";
  record.duration_us = 12'345'678;
  record.sent_bytes = 890;
  record.fields = fields;
  const struct {
    const char* format;
    const char* expected;
  } rows[] = {
      {"%h|%a|%{c}a", "192.0.2.1|192.0.2.1|10.0.0.1"},
      {"%l%u", "--"},
      {"%t", "[06/Nov/1994:08:49:37 +0000]"},
      {"%{%Y-%m-%d}t|%{%H:%M:%S}t|%{sec}t", "1994-11-06|08:49:37|784111777"},
      {"%{it is %A}t", "it is Sunday"},
      {"%r|%m|%U|%q|%H", "GET /a?b HTTP/1.1|GET|/a|?b|HTTP/1.1"},
      {"%s|%>s", "200|200"},
      {"%b|%B|%O", "567|567|890"},
      {"%D|%T|%{us}T|%{ms}T|%{s}T", "12345678|12|12345678|12345|12"},
      {"%{Referer}i|%{user-agent}i", "http://b/|curl/8"},
      {"%{Accept}i", "text/html"},
      {"%X", "+"},
      {"%%|%s", "%|200"},
      {R"(\"%s\"\\\t|)", "\"200\"\\\t|"},
      {"%s\t%b", "200\t567"},
  };
  for (const auto& row : rows) EXPECT_EQ(line(record, row.format), row.expected) << row.format;
}

TEST(LogFormats, write_a_dash_where_there_is_nothing) {
  const LogRecord empty{.remote = "unix", .status = 400, .aborted = true};
  EXPECT_EQ(line(empty, "%m %U[%q] %H %r %b %B %{Referer}i %{Accept}i %{c}a %X"),
            "- -[] - - - 0 - - - X");
  LogRecord last = usual;
  last.closes = true;
  EXPECT_EQ(line(last, "%X"), "-");
}

TEST(LogFormats, escape_all_that_a_client_sends) {
  std::string odd;
  for (int byte = 0; byte < 256; ++byte) odd += static_cast<char>(byte);
  const std::array<std::string_view, 1> fields = {odd};
  LogRecord record{.method = odd, .target = odd, .referer = odd, .user_agent = odd};
  record.fields = fields;
  const std::string text =
      line(record, "%r %m %U %q %{Referer}i %{User-Agent}i %{Accept}i %{Accept}i %{Accept}i");
  EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; }));
  EXPECT_NE(text.find("\\x00"), std::string::npos);
  EXPECT_EQ(text.find(" \""), std::string::npos);  // each quote has a backslash in front
}

TEST(LogFormats, say_what_has_to_be_measured) {
  EXPECT_TRUE(LogFormat(LogFormat::json).has_durations());
  EXPECT_FALSE(LogFormat(LogFormat::combined).has_durations());
  for (const char* letters : {"%D", "%T", "%{ms}T"}) {
    EXPECT_TRUE(format_of(letters).has_durations()) << letters;
  }
  EXPECT_FALSE(format_of("%h %t %b").has_durations());
  EXPECT_TRUE(format_of("%{c}a").has_peer());
  EXPECT_FALSE(format_of("%a").has_peer());
  EXPECT_TRUE(format_of("%{x-request-id}i").has_request_id());
  EXPECT_TRUE(format_of("%{x-request-id}i").fields().empty());
}

TEST(LogFormats, find_the_fields_of_a_head) {
  constexpr std::string_view received =
      "GET / HTTP/1.1\r\nHost: a\r\nX-Team: build\r\nx-team: other\r\n\r\n";
  http1::RequestHead head;
  ASSERT_EQ(http1::parse_request(received, head, {}), http1::Progress::done);
  const LogFormat format = format_of("%{host}i %{X-TEAM}i %{X-None}i");
  ASSERT_EQ(format.fields().size(), 3U);
  EXPECT_EQ(value_of(head, format.fields()[0]), "a");
  EXPECT_EQ(value_of(head, format.fields()[1]), "build");
  EXPECT_EQ(value_of(head, format.fields()[2]), "");
}

TEST(LogFormats, that_are_wrong_are_refused_with_the_position) {
  std::string many;
  for (std::size_t i = 0; i <= most_format_pieces; ++i) many += "%h";
  std::string fields;
  for (std::size_t i = 0; i <= most_format_fields; ++i) fields += "%{X-A}i";
  const struct {
    std::string format;
    const char* problem;
  } rows[] = {
      {"", "is none of the formats, and has no letter such as %h"},
      {"jsn", "is none of the formats, and has no letter such as %h"},
      {"100%%", "is none of the formats, and has no letter such as %h"},
      {"%h %z", "has at byte 4 the letter %z, which quoitd does not know"},
      {"%", "ends behind a percent sign at byte 1; write %% for one"},
      {"%h %{Referer}", "ends behind a percent sign at byte 4; write %% for one"},
      {"%h %{Referer", "has at byte 4 a brace that is not closed"},
      {"%{}i", "names at byte 1 no request field, as %{Referer}i does"},
      {"%{a b}i", "names at byte 1 no request field, as %{Referer}i does"},
      {"%{Cookie}i", "names at byte 1 a field with credentials, which no log may have"},
      {"%{authorization}i", "names at byte 1 a field with credentials, which no log may have"},
      {"%{x}o", "has at byte 1 braces before a letter that is none of i, t, a and T"},
      {"%{d}a", "has at byte 1 an address that is not %a or %{c}a"},
      {"%{m}T", "has at byte 1 a duration that is not %{us}T, %{ms}T or %{s}T"},
      {"%>b", "has at byte 1 a '>' without an s"},
      {"%h\n", "has at byte 3 a byte that is not printable ASCII"},
      {"%h\x80", "has at byte 3 a byte that is not printable ASCII"},
      {"%\n", "has at byte 1 a percent sign without a letter"},
      {"%h\\n", "has at byte 3 a backslash, which stands before \\, \" or t only"},
      {"%h\\", "has at byte 3 a backslash, which stands before \\, \" or t only"},
      {"%{%n}t",
       "has at byte 1 a time that is no format of strftime(3) for a short line, as %{%F %T}t is"},
      {many, "has at byte 129 more than 64 pieces"},
      {fields, "has at byte 113 more than 16 fields"},
      {std::string(most_format_bytes + 1, 'x'), "is longer than 1024 bytes"},
  };
  for (const auto& row : rows) {
    LogFormat format;
    EXPECT_EQ(read_log_format(row.format, format), row.problem) << row.format;
  }
  LogFormat format;
  for (const char* clock : {"%", "%Q", "%E", "%c%c%c%c%c%c", "\n"}) {
    EXPECT_NE(read_log_format("%{" + std::string(clock) + "}t", format), "") << clock;
  }
}

}  // namespace
}  // namespace server
