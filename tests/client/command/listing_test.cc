// Listings of quoitd and of other servers.
#include "apps/client/command/listing.h"

#include <gtest/gtest.h>

#include "apps/client/command/json_reader.h"

namespace client {
namespace {

constexpr std::int64_t day_in_1994 = 784111777;

// "name", "name/" for a directory, with " size" and " @time" where they are known; "!" for a
// refused one.
std::string text_of(const RemoteListing& listing) {
  std::string text;
  for (const RemoteEntry& entry : listing.entries) {
    text += entry.name + (entry.is_directory ? "/" : "");
    if (entry.size) text += " " + std::to_string(*entry.size);
    if (entry.modified) text += " @" + std::to_string(*entry.modified);
    text += "\n";
  }
  for (const std::string& name : listing.refused) text += "!" + name + "\n";
  return text;
}

std::string json(std::string_view text) {
  const std::optional<RemoteListing> listing = read_json_listing(text, day_in_1994);
  return listing ? text_of(*listing) : "no listing";
}

std::string html(std::string_view page) {
  Url base;
  EXPECT_FALSE(parse_url("http://h:81/d%20d/", base));
  return text_of(read_html_listing(page, base));
}

TEST(RemoteListing, IsReadFromTheJsonOfQuoitd) {
  EXPECT_EQ(json("[\n"
                 "{\"name\":\"z\",\"href\":\"z/\",\"type\":\"directory\","
                 "\"mtime\":\"1994-11-06T08:49:37Z\"},\n"
                 "{\"name\":\"b\\\"\\\\\",\"href\":\"b%22%5C\",\"type\":\"file\","
                 "\"mtime\":\"1994-11-06T08:49:37Z\",\"size\":1},\n"
                 "{\"name\":\"\\ufffd\",\"href\":\"%E4\",\"type\":\"file\",\"size\":1536}\n"
                 "]\n"),
            "b\"\\ 1 @784111777\nz/ @784111777\n!%E4\n");
  EXPECT_EQ(json("[\n]\n"), "");
}

TEST(RemoteListing, IsReadFromTheJsonOfOtherServers) {
  EXPECT_EQ(json("[ { \"name\":\"a b\", \"type\":\"file\", \"mtime\":\"Sun, 06 Nov 1994 08:49:37 "
                 "GMT\", \"size\":7 }, { \"name\":\"d\", \"type\":\"directory\" } ]"),
            "a b 7 @784111777\nd/\n");
  EXPECT_EQ(json("[{\"name\":\"d/\",\"size\":4096,\"url\":\"./d/\",\"mod_time\":"
                 "\"1994-11-06T09:49:37.25+01:00\",\"mode\":2147484141,\"is_dir\":true,"
                 "\"is_symlink\":false},{\"name\":\"%41\",\"size\":1,\"url\":\"./%2541\"}]"),
            "%41 1\nd/ @784111777\n");
}

TEST(RemoteListing, IsNoneWhereTheTextIsNoJsonArrayOfObjects) {
  for (const char* text :
       {"", "[", "[{]", "{}", "[1]", "[\"a\"]", "[{}]x", "[{},]", "[{\"a\":}]", "[{\"a\":01}]",
        "[{\"a\":1.}]", "[{\"a\":\"\\x\"}]", "[{\"a\":\"\n\"}]", "[{\"a\":\"\xff\"}]",
        "[{\"a\":\"\\ud800\"}]", "[{\"a\":\"\\udc00\"}]", "[{\"a\":tru}]", "[{a:1}]", "<html>"}) {
    EXPECT_EQ(json(text), "no listing") << text;
  }
  EXPECT_EQ(json("[{\"a\":" + std::string(100, '[') + std::string(100, ']') + "}]"), "no listing")
      << "too deep";
  EXPECT_EQ(json("[{\"name\":\"\\ud83d\\ude00\\u00e9\",\"x\":[{\"y\":[1,-2.5e+3,null]}]}]"),
            "\U0001F600\u00e9\n");
}

TEST(RemoteListing, RefusesNamesThatLeaveTheDirectory) {
  EXPECT_EQ(json("[{\"name\":\"..\"},{\"name\":\".\"},{\"name\":\"\"},{\"name\":\"a/b\"},"
                 "{\"name\":\"a\\u0000\"},{\"name\":\"a\\n\"},{\"name\":\"/\"},"
                 "{\"href\":\"/etc\"},{\"href\":\"%2e%2e/\"},{\"href\":\"a%2fb\"},"
                 "{\"href\":\"http://h/a\"},{\"href\":\"a?b\"},{\"href\":\"a%00\"},"
                 "{\"name\":\"ok\"}]"),
            "ok\n!..\n!.\n!\n!a/b\n!a" + std::string(1, '\0') +
                "\n!a\n\n!/\n!/etc\n!%2e%2e/\n!a%2fb\n!http://h/a\n!a?b\n!a%00\n");
  EXPECT_EQ(json("[{\"name\":\"" + std::string(256, 'a') + "\"}]").front(), '!');
}

TEST(RemoteListing, ConsistsOfTheLinksBelowThePage) {
  EXPECT_EQ(html("<html><a href=\"b.txt\">b</a><A\nclass='x' HREF='c%20d/'>c</A><a href=e>"
                 "<a href=\"?C=N;O=D\"><a href=\"../\"><a href=\"/\"><a href=\"/d%20d/f\">"
                 "<a href=\"http://h:81/d%20d/g&amp;h\"><a href=\"http://other/d%20d/i\">"
                 "<a href=\"j/k\"><a href=\"#l\"><a href=\"\"><a href=\"mailto:m\"><a name=n>"
                 "<abbr href=\"o\"><a href = \"p\" download><a title=\"a > b\" href=\"q\">"
                 "<a href=\"./r\"><a href=\"b.txt\"><a href=\"s?t\"><a href=\"u"),
            "b.txt\nc d/\ne\nf\ng&h\np\nq\nr\nu\n");
}

TEST(RemoteListing, RefusesLinksThatLeaveTheDirectory) {
  EXPECT_EQ(html("<a href=\"%2e%2e%2f\"><a href=\"a%2Fb\"><a href=\"..%2f..%2fx\">"
                 "<a href=\"a%00b\"><a href=\"%ff\"><a href=\"ok\">"),
            "ok\n!%2e%2e%2f\n!a%2Fb\n!..%2f..%2fx\n!a%00b\n!%ff\n");
}

// A server that decodes twice, or a file system with other rules, would be led elsewhere.
TEST(RemoteListing, RefusesEncodedSlashes) {
  EXPECT_EQ(html("<a href=\"a%2F\"><a href=\"%2Fa\"><a href=\"a%2F/\"><a href=\"..%2F\">"
                 "<a href=\"%2f\"><a href=\"a%252F\"><a href=\"b/\">"),
            "a%2F\nb/\n!a%2F\n!%2Fa\n!a%2F/\n!..%2F\n!%2f\n");
  EXPECT_EQ(json("[{\"href\":\"a%2f\"},{\"href\":\"a%2F/\"},{\"href\":\"..%2f\"},"
                 "{\"href\":\"%2F\"},{\"url\":\"./a%2Fb\"},{\"name\":\"%2F\"}]"),
            "%2F\n!a%2f\n!a%2F/\n!..%2f\n!%2F\n!./a%2Fb\n");
}

TEST(RemoteListing, ReadsTimes) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339("1994-11-06T08:49:37Z"), 784111777);
  EXPECT_EQ(parse_rfc3339("1994-11-06 08:49:37.999z"), 784111777);
  EXPECT_EQ(parse_rfc3339("1994-11-06T10:49:37+02:00"), 784111777);
  EXPECT_EQ(parse_rfc3339("1994-11-06T03:19:37-05:30"), 784111777);
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z"), 1709164800);
  for (const char* text :
       {"", "1994-11-06", "1994-11-06T08:49:37", "1994-13-06T08:49:37Z", "2023-02-29T00:00:00Z",
        "1994-11-06T24:00:00Z", "1994-11-06T08:60:00Z", "1994-11-06T08:49:37.Z",
        "1994-11-06T08:49:37+0200", "1994-11-06T08:49:37Zx", "94-11-06T08:49:37Z"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace client
