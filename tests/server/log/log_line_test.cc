// The lines of the access log to the byte, and that no request can break or forge one.
#include "apps/server/log/log_line.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/server/log/records.h"

namespace server {
namespace {

using lab::line;
using lab::usual;

TEST(Lines, are_those_of_Apache) {
  EXPECT_EQ(line(usual, LogFormat::combined),
            "192.0.2.1 - - [06/Nov/1994:08:49:37 +0000] \"GET /a?b HTTP/1.1\" 200 567 "
            "\"http://b/\" \"curl/8\"\n");
  EXPECT_EQ(line({.remote = "unix", .status = 400}, LogFormat::combined),
            "unix - - [01/Jan/1970:00:00:00 +0000] \"-\" 400 0 \"-\" \"-\"\n");
}

TEST(Lines, are_JSON) {
  EXPECT_EQ(line(usual, LogFormat::json),
            "{\"time\":\"1994-11-06T08:49:37Z\",\"remote\":\"192.0.2.1\",\"method\":\"GET\","
            "\"target\":\"/a?b\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"bytes\":567,"
            "\"duration_us\":1234,\"referer\":\"http://b/\",\"user_agent\":\"curl/8\","
            "\"aborted\":false}\n");
  EXPECT_EQ(line({.remote = "unix", .status = 400, .aborted = true}, LogFormat::json),
            "{\"time\":\"1970-01-01T00:00:00Z\",\"remote\":\"unix\",\"method\":\"\","
            "\"target\":\"\",\"protocol\":\"\",\"status\":400,\"bytes\":0,\"duration_us\":0,"
            "\"referer\":\"\",\"user_agent\":\"\",\"aborted\":true}\n");
}

TEST(Lines, show_the_request_line_of_a_refused_head) {
  const LogRecord record{.remote = "unix", .refused_line = "GET /\x1b\" HTTP/1.1", .status = 400};
  EXPECT_EQ(
      line(record, LogFormat::combined),
      "unix - - [01/Jan/1970:00:00:00 +0000] \"GET /\\x1b\\\" HTTP/1.1\" 400 0 \"-\" \"-\"\n");
  EXPECT_EQ(line(record, LogFormat::json),
            "{\"time\":\"1970-01-01T00:00:00Z\",\"remote\":\"unix\",\"method\":\"\","
            "\"target\":\"\",\"protocol\":\"\",\"request_line\":\"GET /\\u001b\\\" HTTP/1.1\","
            "\"status\":400,\"bytes\":0,\"duration_us\":0,"
            "\"referer\":\"\",\"user_agent\":\"\",\"aborted\":false}\n");
}

TEST(Lines, cut_the_request_line_of_a_refused_head) {
  EXPECT_EQ(refused_line(""), "");
  EXPECT_EQ(refused_line("\r\n\r\n"), "");
  EXPECT_EQ(refused_line("GET"), "GET");
  EXPECT_EQ(refused_line("\r\nGET /%zz HTTP/1.1\r\nCookie: secret\r\n\r\n"), "GET /%zz HTTP/1.1");
  EXPECT_EQ(refused_line("GET /\nHost: a"), "GET /");
  EXPECT_EQ(refused_line(std::string(199, 'a') + "bc"), std::string(199, 'a') + "b");
  const std::string binary(most_refused_bytes, '\xff');
  for (const LogFormat format : {LogFormat::combined, LogFormat::json}) {
    const std::string written = line({.refused_line = binary, .status = 400}, format);
    EXPECT_EQ(std::count(written.begin(), written.end(), '\\'), most_refused_bytes);
  }
}

// A JSON string at the front of `text`, decoded by RFC 8259; false if it is none. Takes it off.
bool take_json_string(std::string_view& text, std::string& value) {
  if (!text.starts_with('"')) return false;
  for (text.remove_prefix(1); !text.empty(); text.remove_prefix(1)) {
    const char byte = text.front();
    if (byte == '"') {
      text.remove_prefix(1);
      return true;
    }
    if (static_cast<unsigned char>(byte) < 0x20 || static_cast<unsigned char>(byte) > 0x7e) {
      return false;
    }
    if (byte != '\\') {
      value += byte;
      continue;
    }
    text.remove_prefix(1);
    if (text.starts_with('"') || text.starts_with('\\')) {
      value += text.front();
    } else if (text.starts_with("u00") && text.size() >= 5) {
      value += static_cast<char>(std::stoi(std::string(text.substr(3, 2)), nullptr, 16));
      text.remove_prefix(4);
    } else {
      return false;
    }
  }
  return false;
}

// Every byte in every text: the line is one line and printable, and JSON has all the bytes.
TEST(Lines, cannot_be_broken_or_forged) {
  std::string odd;
  for (int byte = 0; byte < 256; ++byte) odd += static_cast<char>(byte);
  odd += "\" 200 1\\\"\r\n";
  LogRecord record = usual;
  record.method = record.target = record.referer = record.user_agent = odd;
  for (const LogFormat format : {LogFormat::combined, LogFormat::json}) {
    const std::string text = line(record, format);
    EXPECT_EQ(text.find('\n'), text.size() - 1);
    for (const char byte : text.substr(0, text.size() - 1)) {
      EXPECT_TRUE(byte >= 0x20 && byte < 0x7f) << static_cast<int>(byte);
    }
  }
  const std::string json = line(record, LogFormat::json);
  for (const std::string_view name : {"method", "target", "referer", "user_agent"}) {
    const std::size_t at = json.find("\"" + std::string(name) + "\":");
    ASSERT_NE(at, std::string::npos);
    std::string_view rest = std::string_view(json).substr(at + name.size() + 3);
    std::string value;
    ASSERT_TRUE(take_json_string(rest, value)) << name;
    EXPECT_EQ(value, odd) << name;
    EXPECT_TRUE(rest.starts_with(",\"")) << name;
  }
  record = usual;
  record.target = "/\"\\\x01\xff";
  EXPECT_NE(line(record, LogFormat::combined).find("GET /\\\"\\\\\\x01\\xff HTTP"),
            std::string::npos);
}

TEST(Lines, of_JSON_have_well_formed_UTF8_as_it_is_and_escape_other_bytes) {
  const struct {
    std::string_view text;
    std::string_view written;
  } rows[] = {
      {"caf\u00e9 \u20ac \U0001f600 \U0010ffff", "caf\u00e9 \u20ac \U0001f600 \U0010ffff"},
      {"\u00a0\u00ff\u07ff\u0800\xed\x9f\xbf\ue000", "\u00a0\u00ff\u07ff\u0800\xed\x9f\xbf\ue000"},
      {"caf\xe9", "caf\\u00e9"},                                     // ISO 8859-1
      {"\xc3", "\\u00c3"},                                           // cut off
      {"\xc3(\xa9", "\\u00c3(\\u00a9"},                              // interrupted
      {"\xc0\xaf", "\\u00c0\\u00af"},                                // overlong
      {"\xed\xa0\x80", "\\u00ed\\u00a0\\u0080"},                     // a surrogate
      {"\xf4\x90\x80\x80", "\\u00f4\\u0090\\u0080\\u0080"},          // above U+10FFFF
      {"\xe2\x82\u00e9", "\\u00e2\\u0082\u00e9"},                    // cut off before another
      {"\u0080\u0085\u009b\u009f", "\\u0080\\u0085\\u009b\\u009f"},  // control characters
      {"\u2027\u2028\u2029\u202a", "\u2027\\u2028\\u2029\u202a"},    // ends of lines
  };
  for (const auto& [text, written] : rows) {
    const LogRecord record{.remote = "unix", .referer = text, .user_agent = text};
    const std::string json = line(record, LogFormat::json);
    const std::string field = "\"user_agent\":\"" + std::string(written) + "\",";
    EXPECT_NE(json.find(field), std::string::npos) << json;
    const std::string combined = line(record, LogFormat::combined);
    for (const char byte : combined) EXPECT_TRUE(byte == '\n' || (byte >= 0x20 && byte < 0x7f));
  }
}

}  // namespace
}  // namespace server
