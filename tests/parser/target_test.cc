// Paths that are safe, authorities that are valid, URLs in their parts.
#include "parser/target.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace http1 {
namespace {

// Decodes from and into blocks of exactly the right size.
std::string decode(std::string_view raw, std::size_t room_size) {
  const std::unique_ptr<char[]> room(new char[room_size]);
  const std::unique_ptr<char[]> copy(new char[raw.size()]);
  raw.copy(copy.get(), raw.size());
  const DecodedPath decoded =
      decode_path({copy.get(), raw.size()}, std::span<char>(room.get(), room_size));
  if (!decoded.ok()) {
    return std::string(name_of(decoded.failure.error)) + " at " +
           std::to_string(decoded.failure.offset);
  }
  return std::string(decoded.path) + (decoded.has_trailing_slash ? " directory" : "");
}

struct PathRow {
  const char* raw;
  const char* expected;
};

// RFC 3986 2.1 (escapes), 5.2.4 (dot segments, on the decoded text).
constexpr PathRow path_rows[] = {
    {"/", "/ directory"},
    {"/a", "/a"},
    {"/a/", "/a directory"},
    {"/a/b.txt", "/a/b.txt"},
    {"/a//b", "/a/b"},
    {"//", "/ directory"},
    {"///a///", "/a directory"},
    {"/./a", "/a"},
    {"/a/.", "/a directory"},
    {"/a/./b", "/a/b"},
    {"/a/../b", "/b"},
    {"/nowhere/../a", "/a"},
    {"/a/b/..", "/a directory"},
    {"/a/b/../..", "/ directory"},
    {"/a//../b", "/b"},
    {"/a/b/c/./../../g", "/a/g"},
    {"/.a", "/.a"},
    {"/..a", "/..a"},
    {"/a..", "/a.."},
    {"/...", "/..."},
    {"/%2e", "/ directory"},
    {"/a/%2e%2E/b", "/b"},
    {"/a/.%2e/b", "/b"},
    {"/a/%2e./b", "/b"},
    {"/%41%62%63", "/Abc"},
    {"/a%20b", "/a b"},
    {"/a+b%2bc", "/a+b+c"},
    {"/caf%C3%a9", "/caf\xc3\xa9"},
    {"/%25", "/%"},
    {"/%2525", "/%25"},
    {"/a%3Fb%23c", "/a?b#c"},
    {"/a%5cb", "/a\\b"},
    {"/%ff%80", "/\xff\x80"},
    {"/a:b@c;d=e,f", "/a:b@c;d=e,f"},
    {"", "path_not_absolute at 0"},
    {"a", "path_not_absolute at 0"},
    {"*", "path_not_absolute at 0"},
    {"/..", "path_above_root at 3"},
    {"/../a", "path_above_root at 3"},
    {"/a/../../b", "path_above_root at 8"},
    {"/%2e%2e/etc/passwd", "path_above_root at 7"},
    {"/./..", "path_above_root at 5"},
    {"/%", "bad_target_escape at 1"},
    {"/%4", "bad_target_escape at 1"},
    {"/%4g", "bad_target_escape at 1"},
    {"/a%zz", "bad_target_escape at 2"},
    {"/%u0041", "bad_target_escape at 1"},
    {"/%00", "path_encoded_control at 1"},
    {"/a%0a", "path_encoded_control at 2"},
    {"/a%1F", "path_encoded_control at 2"},
    {"/a%7f", "path_encoded_control at 2"},
    {"/a\tb", "bad_target_byte at 2"},
    {"/\x7f", "bad_target_byte at 1"},
    {"/a%2Fb", "path_encoded_slash at 2"},
    {"/a/..%2f..%2fetc", "path_encoded_slash at 5"},
};

TEST(DecodePath, resolves_and_refuses_row_by_row) {
  for (const PathRow& row : path_rows) {
    EXPECT_EQ(decode(row.raw, std::string_view(row.raw).size()), row.expected) << row.raw;
  }
}

TEST(DecodePath, tells_when_the_room_is_too_small) {
  EXPECT_EQ(decode("/abc", 4), "/abc");
  EXPECT_EQ(decode("/abc", 3), "path_too_long at 3");
  EXPECT_EQ(decode("/a/../b", 5), "/b");
  EXPECT_EQ(decode("/", 0), "/ directory");
}

// Whatever comes out is canonical: decoding its encoding changes nothing.
TEST(DecodePath, every_short_path_comes_out_clean) {
  constexpr std::string_view parts[] = {"/", ".", "a", "%2e", "%41", "..", "%"};
  std::vector<std::string> paths = {"/"};
  for (int round = 0; round < 5; ++round) {
    std::vector<std::string> longer;
    for (const std::string& path : paths) {
      for (const std::string_view part : parts) longer.push_back(path + std::string(part));
    }
    paths = longer;
    for (const std::string& path : paths) {
      char room[64];
      const DecodedPath decoded = decode_path(path, room);
      if (!decoded.ok()) continue;
      const std::string out(decoded.path);
      ASSERT_TRUE(out.starts_with('/')) << path;
      ASSERT_TRUE(out == "/" || !out.ends_with('/')) << path;
      ASSERT_EQ((out + "/").find("/../"), std::string::npos) << path;
      ASSERT_EQ((out + "/").find("/./"), std::string::npos) << path;
      ASSERT_EQ(out.find("//"), std::string::npos) << path;
      char encoded_room[192];
      char again[64];
      ASSERT_EQ(decode_path(encode_path(out, encoded_room), again).path, out) << path;
    }
  }
}

TEST(EncodePath, keeps_what_is_safe_and_escapes_the_rest) {
  char room[256];
  EXPECT_EQ(encode_path("/a-b._~/!$()*+,;=@9", room), "/a-b._~/!$()*+,;=@9");
  EXPECT_EQ(encode_path("/a b\"<>&'?#%:[]|", room), "/a%20b%22%3C%3E%26%27%3F%23%25%3A%5B%5D%7C");
  EXPECT_EQ(encode_path("/\xc3\xa9\n", room), "/%C3%A9%0A");
}

TEST(EncodePath, gives_nothing_when_the_room_is_too_small) {
  char room[4];
  EXPECT_EQ(encode_path("/ ", room), "/%20");
  EXPECT_EQ(encode_path("/a ", room).data(), nullptr);
  EXPECT_NE(encode_path("", room).data(), nullptr);
}

struct AuthorityRow {
  const char* text;
  const char* host;  // null if refused
  const char* port;
};

constexpr AuthorityRow authority_rows[] = {
    {"example.org", "example.org", ""},
    {"a:80", "a", "80"},
    {"a:", "a", ""},
    {"a:0", "a", "0"},
    {"a:00080", "a", "00080"},
    {"1.2.3.4:5", "1.2.3.4", "5"},
    {"a_b-c~d", "a_b-c~d", ""},
    {"[::]", "::", ""},
    {"[::1]:80", "::1", "80"},
    {"[1:2:3:4:5:6:7:8]", "1:2:3:4:5:6:7:8", ""},
    {"[1::8]", "1::8", ""},
    {"[1:2:3:4:5:6:7::]", "1:2:3:4:5:6:7::", ""},
    {"[::ffff:1.2.3.4]", "::ffff:1.2.3.4", ""},
    {"[1:2:3:4:5:6:1.2.3.4]", "1:2:3:4:5:6:1.2.3.4", ""},
    {"", nullptr, ""},
    {":80", nullptr, ""},
    {"a:b", nullptr, ""},
    {"a:65536", nullptr, ""},
    {"a:99999999999999999999", nullptr, ""},
    {"a:-1", nullptr, ""},
    {"a:1:2", nullptr, ""},
    {"a b", nullptr, ""},
    {"a/b", nullptr, ""},
    {"u@a", nullptr, ""},
    {"a,b", nullptr, ""},
    {"a%41", nullptr, ""},
    {"\xc3\xa9", nullptr, ""},
    {"::1", nullptr, ""},
    {"[", nullptr, ""},
    {"[]", nullptr, ""},
    {"[:]", nullptr, ""},
    {"[:::]", nullptr, ""},
    {"[1:2:3:4:5:6:7]", nullptr, ""},
    {"[1:2:3:4:5:6:7:8::]", nullptr, ""},
    {"[1::2::3]", nullptr, ""},
    {"[12345::]", nullptr, ""},
    {"[g::]", nullptr, ""},
    {"[1.2.3.4::]", nullptr, ""},
    {"[::1.2.3]", nullptr, ""},
    {"[::1.2.3.256]", nullptr, ""},
    {"[::1.2.3.04]", nullptr, ""},
    {"[::1%25eth0]", nullptr, ""},
    {"[v1.a]", nullptr, ""},
    {"[::1]a", nullptr, ""},
    {"a[::1]", nullptr, ""},
};

TEST(Authority, is_split_and_checked_row_by_row) {
  for (const AuthorityRow& row : authority_rows) {
    Authority authority;
    const bool valid = parse_authority(row.text, authority);
    EXPECT_EQ(valid, row.host != nullptr) << row.text;
    if (!valid || row.host == nullptr) continue;
    EXPECT_EQ(authority.host, row.host);
    EXPECT_EQ(authority.port, row.port);
    EXPECT_EQ(authority.is_ipv6, row.text[0] == '[');
  }
}

TEST(Url, is_split_into_its_parts) {
  Url url;
  EXPECT_EQ(parse_url("https://u:p@Example.org:8443/a/b?c=d#e", url), Error::none);
  EXPECT_EQ(url.scheme, Scheme::https);
  EXPECT_EQ(url.userinfo, "u:p");
  EXPECT_EQ(url.authority, "Example.org:8443");
  EXPECT_EQ(url.host, "Example.org");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.path, "/a/b");
  EXPECT_EQ(url.query, "c=d");
  EXPECT_TRUE(url.has_query);
}

TEST(Url, has_defaults_for_port_and_path) {
  Url url;
  EXPECT_EQ(parse_url("HTTP://a", url), Error::none);
  EXPECT_EQ(url.port, 80);
  EXPECT_EQ(url.path, "/");
  EXPECT_FALSE(url.has_query);
  EXPECT_EQ(parse_url("https://a:?b", url), Error::none);
  EXPECT_EQ(url.port, 443);
  EXPECT_EQ(url.query, "b");
  EXPECT_EQ(parse_url("http://[::1]:81/", url), Error::none);
  EXPECT_EQ(url.host, "::1");
  EXPECT_TRUE(url.is_ipv6);
}

TEST(Url, is_refused_row_by_row) {
  Url url;
  EXPECT_EQ(parse_url("", url), Error::url_scheme_unsupported);
  EXPECT_EQ(parse_url("a/b", url), Error::url_scheme_unsupported);
  EXPECT_EQ(parse_url("ftp://a/", url), Error::url_scheme_unsupported);
  EXPECT_EQ(parse_url("http:/a", url), Error::url_scheme_unsupported);
  EXPECT_EQ(parse_url("http://", url), Error::url_host_invalid);
  EXPECT_EQ(parse_url("http:///a", url), Error::url_host_invalid);
  EXPECT_EQ(parse_url("http://a:0/", url), Error::url_host_invalid);
  EXPECT_EQ(parse_url("http://a:65536/", url), Error::url_host_invalid);
  EXPECT_EQ(parse_url("http://a b/", url), Error::url_host_invalid);
  EXPECT_EQ(parse_url("http://a/b c", url), Error::bad_target_byte);
  EXPECT_EQ(parse_url("http://a/\r\nX: y", url), Error::bad_target_byte);
  EXPECT_EQ(parse_url("http://a/%4", url), Error::bad_target_byte);
  EXPECT_EQ(parse_url("http://a/?b c", url), Error::bad_target_byte);
}

}  // namespace
}  // namespace http1
