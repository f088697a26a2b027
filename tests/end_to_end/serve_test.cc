// GET, HEAD and OPTIONS as a client sees them: contents, fields, conditions, ranges, names.
#include <algorithm>
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/exact_time.h"
#include "tests/support/site.h"

namespace {

using test_support::Ending;
using test_support::get;
using test_support::noise;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Site;

constexpr RawClient::To to_head = RawClient::To::head;

// The time in an HTTP date, or -1.
time_t time_of(const std::string& date) {
  tm fields{};
  const char* end = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &fields);
  return end && !*end ? ::timegm(&fields) : -1;
}

void set_time(const std::string& path, time_t seconds, long nanoseconds = 0) {
  const std::array<timespec, 2> times{{{seconds, nanoseconds}, {seconds, nanoseconds}}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0), 0);
}

TEST(Serve, FilesOfEverySizeArriveByteForByte) {
  Site site;
  // Around the sizes of a page, a small and a large block.
  for (const int number : {0, 1, 4095, 4096, 16384, 262143, 262144, 262145, 1 << 20}) {
    const auto size = static_cast<std::size_t>(number);
    const std::string bytes = noise(size);
    site.root.write("file", bytes);
    const Response response = site.ask(get("/file"));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.field("Content-Length"), std::to_string(size));
    EXPECT_TRUE(response.body == bytes) << size;
  }
}

TEST(Serve, FileOf300MebibytesArrivesByteForByte) {
  constexpr std::size_t size = std::size_t{300} << 20;
  Site site;
  site.root.write("sparse", "begin");
  const int fd = ::open(site.root.path("sparse").c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(::ftruncate(fd, size), 0);
  for (std::size_t at = 999'983; at + 8 < size; at += 999'983) {
    ASSERT_EQ(::pwrite(fd, &at, sizeof at, static_cast<off_t>(at)), 8);
  }
  RawClient client = site.connect();
  client.send(get("/sparse"));
  const std::string head = client.read_bytes(15);
  EXPECT_EQ(head, "HTTP/1.1 200 OK");
  std::string text = head;
  while (text.find("\r\n\r\n") == std::string::npos) text += client.read_bytes(1);
  EXPECT_NE(text.find("Content-Length: 314572800\r\n"), std::string::npos);
  std::vector<char> got(1 << 20);
  std::vector<char> expected(got.size());
  std::size_t at = 0;
  while (at < size) {
    const std::size_t count = client.read_some(got);
    if (count == 0) break;
    ASSERT_EQ(::pread(fd, expected.data(), count, static_cast<off_t>(at)),
              static_cast<ssize_t>(count));
    ASSERT_TRUE(
        std::equal(got.begin(), got.begin() + static_cast<std::ptrdiff_t>(count), expected.begin()))
        << "near byte " << at;
    at += count;
  }
  EXPECT_EQ(at, size);
  ::close(fd);
}

TEST(Serve, HeadAnswersTheFieldsOfGetAndNoBody) {
  Site site;
  site.root.write("a.txt", "hello");
  RawClient client = site.connect();
  const Response with_body = client.ask(get("/a.txt"));
  const Response without = client.ask(request("HEAD", "/a.txt"), to_head);
  const Response after = client.ask(get("/a.txt"));
  EXPECT_EQ(with_body.body, "hello");
  EXPECT_EQ(after.body, "hello");
  for (const char* name : {"Content-Length", "Content-Type", "ETag", "Last-Modified"}) {
    EXPECT_EQ(without.field(name), with_body.field(name)) << name;
  }
  EXPECT_EQ(client.ask(request("HEAD", "/none"), to_head).status, 404);
  EXPECT_EQ(client.ask(get("/a.txt")).body, "hello");
}

TEST(Serve, ContentTypeComesFromTheExtension) {
  Site site;
  const std::array<std::array<const char*, 2>, 10> rows{{
      {"a.html", "text/html; charset=utf-8"},
      {"A.HTML", "text/html; charset=utf-8"},
      {"a.txt", "text/plain; charset=utf-8"},
      {"a.css", "text/css; charset=utf-8"},
      {"a.mjs", "text/javascript; charset=utf-8"},
      {"a.wasm", "application/wasm"},
      {"a.png", "image/png"},
      {"a.tar.gz", "application/gzip"},
      {"README", "application/octet-stream"},
      {"a.unheard-of", "application/octet-stream"},
  }};
  for (const auto& [name, type] : rows) {
    site.root.write(name, "x");
    EXPECT_EQ(site.ask(get(std::string("/") + name)).field("Content-Type"), type) << name;
  }
}

TEST(Serve, DatesAreOfTheClockAndOfTheFile) {
  Site site;
  site.root.write("a", "x");
  set_time(site.root.path("a"), 784111777);
  const std::time_t before = test_support::exact_time();
  const Response response = site.ask(get("/a"));
  EXPECT_EQ(response.field("Last-Modified"), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_GE(time_of(response.field("Date")), before);
  EXPECT_LE(time_of(response.field("Date")), test_support::exact_time());
  // RFC 9110 8.8.2.1: a file from the future is as old as its answer.
  set_time(site.root.path("a"), before + 86400);
  const Response future = site.ask(get("/a"));
  EXPECT_EQ(future.field("Last-Modified"), future.field("Date"));
}

TEST(Serve, EntityTagIsStableAndChangesWithEveryVersion) {
  Site site;
  const auto tag = [&] { return site.ask(get("/a")).field("ETag"); };
  site.root.write("a", "one");
  set_time(site.root.path("a"), 1000, 1);
  const std::string first = tag();
  EXPECT_EQ(first.front(), '"');
  EXPECT_EQ(first.back(), '"');
  EXPECT_EQ(tag(), first);
  set_time(site.root.path("a"), 1000, 2);
  EXPECT_NE(tag(), first);
  site.root.write("a", "four");
  set_time(site.root.path("a"), 1000, 1);
  EXPECT_NE(tag(), first);
  // Not of the inode: the same version on another node of a cluster has the same tag.
  site.root.write("b", "one");
  std::filesystem::rename(site.root.path("b"), site.root.path("a"));
  set_time(site.root.path("a"), 1000, 1);
  EXPECT_EQ(tag(), first);
}

TEST(Serve, DirectoryAnswersItsIndex) {
  Site site({"--index", "main.htm", "--index", "index.html"});
  site.root.write("index.html", "root");
  site.root.write("a/index.html", "a index");
  site.root.write("a/main.htm", "a main");
  site.root.make_directory("empty");
  EXPECT_EQ(site.ask(get("/")).body, "root");
  EXPECT_EQ(site.ask(get("/a/")).body, "a main");
  EXPECT_EQ(site.ask(get("/a/")).field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(site.ask(get("/empty/")).body.find("<title>empty · quoit</title>"), std::string::npos);
}

TEST(Serve, DirectoryWithoutItsSlashIsRedirectedRelatively) {
  Site site;
  site.root.make_directory("a/b c");
  site.root.make_directory("with:colon");
  RawClient client = site.connect();
  const Response plain = client.ask(get("/a"));
  EXPECT_EQ(plain.status, 301);
  EXPECT_EQ(plain.field("Location"), "a/");
  EXPECT_EQ(client.ask(get("/a?x=1&y=%20")).field("Location"), "a/?x=1&y=%20");
  EXPECT_EQ(client.ask(get("/a/b%20c")).field("Location"), "b%20c/");
  EXPECT_EQ(client.ask(get("//a/.//b%20c")).field("Location"), "b%20c/");
  // RFC 3986 4.2: a colon in the first segment would be a scheme's.
  EXPECT_EQ(client.ask(get("/with:colon")).field("Location"), "with%3Acolon/");
  EXPECT_EQ(client.ask(request("HEAD", "/a"), to_head).field("Location"), "a/");
}

TEST(Serve, FileWithASlashBehindItIsNotFound) {
  Site site;
  site.root.write("a", "x");
  EXPECT_EQ(site.ask(get("/a/")).status, 404);
  EXPECT_EQ(site.ask(get("/a/b")).status, 404);
}

TEST(Serve, NothingFoundIsShownByTheBuiltInPage) {
  Site site;
  const Response response = site.ask(get("/none"));
  EXPECT_EQ(response.status, 404);
  EXPECT_NE(response.body.find("404"), std::string::npos);
  EXPECT_EQ(response.field("Content-Type"), "text/plain; charset=utf-8");
}

TEST(Serve, NothingFoundIsShownByThePageOfTheRoot) {
  Site site;
  site.root.write("404.html", "<p>lost");
  const Response response = site.ask(get("/none"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, "<p>lost");
  EXPECT_EQ(response.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_FALSE(response.has("ETag"));
}

TEST(Serve, NotFoundNamesAnotherPage) {
  Site site({"--not-found", "pages/gone.txt"});
  site.root.write("404.html", "<p>lost");
  site.root.write("pages/gone.txt", "gone");
  const Response response = site.ask(get("/none"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body, "gone");
}

TEST(Serve, FallbackAnswersWhereNothingIsFound) {
  Site site({"--fallback", "app.html"});
  site.root.write("app.html", "app");
  site.root.write("a", "a");
  EXPECT_EQ(site.ask(get("/a")).body, "a");
  const Response response = site.ask(get("/some/view?x"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "app");
  EXPECT_EQ(response.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(site.ask(get("/.hidden")).body, "app");
}

TEST(Serve, MethodsThatAreKnownButNotAllowedAre405WithAllow) {
  Site site;
  site.root.write("a", "x");
  RawClient client = site.connect();
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "TRACE"}) {
    const Response response = client.ask(request(method, "/a"));
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(response.field("Allow"), "GET, HEAD, OPTIONS") << method;
  }
  EXPECT_EQ(client.ask(get("/a")).body, "x");
}

TEST(Serve, MethodsThatAreUnknownAre501) {
  Site site;
  RawClient client = site.connect();
  for (const char* method : {"BREW", "get", "Get", "G"}) {
    EXPECT_EQ(client.ask(request(method, "/a")).status, 501) << method;
  }
}

TEST(Serve, ConnectIsRefusedAndTheConnectionEnds) {
  Site site;
  RawClient client = site.connect();
  client.send(request("CONNECT", "example.org:80") + get("/"));
  const Response response = client.read_response();
  EXPECT_TRUE(response.status == 405 || response.status == 501) << response.status;
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(Serve, OptionsSaysWhatIsAllowed) {
  Site site;
  for (const char* target : {"*", "/", "/none", "/a"}) {
    const Response response = site.ask(request("OPTIONS", target));
    EXPECT_EQ(response.status, 204) << target;
    EXPECT_EQ(response.field("Allow"), "GET, HEAD, OPTIONS") << target;
    EXPECT_FALSE(response.has("Content-Length")) << target;
  }
  Site writable({"--writable"});
  EXPECT_EQ(writable.ask(request("OPTIONS", "*")).field("Allow"),
            "GET, HEAD, OPTIONS, PUT, DELETE, MKCOL, MOVE, PATCH");
}

TEST(Serve, ConditionsOfAReaderAreKept) {
  Site site;
  site.root.write("a", "hello");
  set_time(site.root.path("a"), 784111777);
  RawClient client = site.connect();
  const std::string tag = client.ask(get("/a")).field("ETag");
  const std::string same = "Sun, 06 Nov 1994 08:49:37 GMT";
  const std::string older = "Sun, 06 Nov 1994 08:49:36 GMT";
  const struct {
    std::vector<std::string> fields;
    int status;
  } rows[] = {
      {{"If-None-Match: " + tag}, 304},
      {{"If-None-Match: W/" + tag}, 304},
      {{"If-None-Match: \"x\", " + tag}, 304},
      {{"If-None-Match: *"}, 304},
      {{"If-None-Match: \"x\""}, 200},
      {{"If-Modified-Since: " + same}, 304},
      {{"If-Modified-Since: " + older}, 200},
      {{"If-Modified-Since: Sunday, 06-Nov-94 08:49:37 GMT"}, 304},
      {{"If-Modified-Since: yesterday"}, 200},
      {{"If-None-Match: \"x\"", "If-Modified-Since: " + same}, 200},
      {{"If-Match: " + tag}, 200},
      {{"If-Match: *"}, 200},
      {{"If-Match: \"x\""}, 412},
      {{"If-Match: W/" + tag}, 412},
      {{"If-Unmodified-Since: " + same}, 200},
      {{"If-Unmodified-Since: " + older}, 412},
      {{"If-Match: " + tag, "If-Unmodified-Since: " + older}, 200},
      {{"If-Match: " + tag, "If-None-Match: " + tag}, 304},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(testing::PrintToString(row.fields));
    const Response response = client.ask(get("/a", row.fields));
    EXPECT_EQ(response.status, row.status);
    if (row.status == 304) {
      EXPECT_EQ(response.field("ETag"), tag);
      EXPECT_TRUE(response.has("Date"));
    }
    if (row.status == 200) {
      EXPECT_EQ(response.body, "hello");
    }
    EXPECT_EQ(client.ask(request("HEAD", "/a", row.fields), to_head).status, row.status);
  }
}

TEST(Serve, RangesAnswerWhatTheyName) {
  Site site;
  site.root.write("a", "0123456789");
  site.root.write("empty", "");
  RawClient client = site.connect();
  const std::string tag = client.ask(get("/a")).field("ETag");
  EXPECT_EQ(client.ask(get("/a")).field("Accept-Ranges"), "bytes");
  const struct {
    std::vector<std::string> fields;
    int status;
    const char* body;
    const char* content_range;
  } rows[] = {
      {{"Range: bytes=0-0"}, 206, "0", "bytes 0-0/10"},
      {{"Range: bytes=2-4"}, 206, "234", "bytes 2-4/10"},
      {{"Range: bytes=7-"}, 206, "789", "bytes 7-9/10"},
      {{"Range: bytes=-3"}, 206, "789", "bytes 7-9/10"},
      {{"Range: bytes=-99"}, 206, "0123456789", "bytes 0-9/10"},
      {{"Range: bytes=8-999999999999999999999999"}, 206, "89", "bytes 8-9/10"},
      {{"Range: bytes=2-4,5-6"}, 206, "23456", "bytes 2-6/10"},
      {{"Range: bytes=10-"}, 416, "", "bytes */10"},
      {{"Range: bytes=10-20"}, 416, "", "bytes */10"},
      {{"Range: bytes=-0"}, 416, "", "bytes */10"},
      {{"Range: bytes=4-2"}, 200, "0123456789", ""},
      {{"Range: lines=1-2"}, 200, "0123456789", ""},
      {{"Range: bytes=a-b"}, 200, "0123456789", ""},
      {{"Range: bytes=2-4", "If-Range: " + tag}, 206, "234", "bytes 2-4/10"},
      {{"Range: bytes=2-4", "If-Range: \"x\""}, 200, "0123456789", ""},
      {{"Range: bytes=2-4", "If-Range: W/" + tag}, 200, "0123456789", ""},
      {{"Range: bytes=2-4", "If-None-Match: " + tag}, 304, "", ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(testing::PrintToString(row.fields));
    const Response response = client.ask(get("/a", row.fields));
    EXPECT_EQ(response.status, row.status);
    EXPECT_EQ(response.body, row.body);
    EXPECT_EQ(response.field("Content-Range"), row.content_range);
  }
  EXPECT_EQ(client.ask(get("/empty", {"Range: bytes=0-"})).status, 416);
  const Response head = client.ask(request("HEAD", "/a", {"Range: bytes=2-4"}), to_head);
  EXPECT_EQ(head.status, 200);  // RFC 9110 14.2: a Range of another method than GET is ignored
  EXPECT_EQ(head.field("Content-Length"), "10");
}

// What a client makes of the parts: they are put where they say they belong.
TEST(Serve, ManyRangesArriveAsParts) {
  Site site;
  const std::string bytes = noise(1'000'000);
  site.root.write("a", bytes);
  for (const char* version : {"HTTP/1.1", "HTTP/1.0"}) {
    RawClient client = site.connect();
    const Response response = client.ask("GET /a " + std::string(version) +
                                         "\r\nHost: test\r\n"
                                         "Range: bytes=900000-,0-9,5-499999,500000-500001\r\n\r\n");
    EXPECT_EQ(response.status, 206);
    EXPECT_FALSE(response.has("Content-Range"));
    const std::string type = response.field("Content-Type");
    const std::string begin = "multipart/byteranges; boundary=";
    ASSERT_EQ(type.substr(0, begin.size()), begin);
    const std::string line = "\r\n--" + type.substr(begin.size());
    const std::string head = "\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes ";
    EXPECT_TRUE(response.body ==
                line + head + "900000-999999/1000000\r\n\r\n" + bytes.substr(900'000) + line +
                    head + "0-500001/1000000\r\n\r\n" + bytes.substr(0, 500'002) + line + "--\r\n");
  }
}

TEST(Serve, CompressedSiblingsAreSentToThoseWhoTakeThem) {
  for (const bool on : {true, false}) {
    Site site(on ? std::vector<std::string>{"--precompressed", "on"} : std::vector<std::string>{});
    site.root.write("a.js", "plain");
    site.root.write("a.js.gz", "gzipped");
    RawClient client = site.connect();
    const Response plain = client.ask(get("/a.js"));
    EXPECT_EQ(plain.body, "plain");
    EXPECT_EQ(plain.field("Vary"), on ? "Accept-Encoding" : "");
    const Response coded = client.ask(get("/a.js", {"Accept-Encoding: gzip, br"}));
    EXPECT_EQ(coded.body, on ? "gzipped" : "plain");
    EXPECT_EQ(coded.field("Content-Encoding"), on ? "gzip" : "");
    EXPECT_EQ(coded.field("Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(coded.field("ETag") == plain.field("ETag"), !on);
    const Response again = client.ask(
        get("/a.js", {"Accept-Encoding: gzip", "If-None-Match: " + coded.field("ETag")}));
    EXPECT_EQ(again.status, 304);
  }
}

// As a browser asks before a page of another origin may write.
TEST(Serve, PagesOfAnotherOriginMayWriteWhereTheyAreLet) {
  Site site({"--writable", "--cors", "https://app.example", "--header", "X-A: b"});
  RawClient client = site.connect();
  const std::string origin = "Origin: https://app.example";
  const Response preflight =
      client.ask(request("OPTIONS", "/a",
                         {origin, "Access-Control-Request-Method: PUT",
                          "Access-Control-Request-Headers: content-type,if-none-match"}));
  EXPECT_EQ(preflight.status, 204);
  EXPECT_EQ(preflight.field("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_NE(preflight.field("Access-Control-Allow-Methods").find("PUT"), std::string::npos);
  EXPECT_EQ(preflight.field("Access-Control-Allow-Headers"), "content-type,if-none-match");
  const Response stored = client.ask(test_support::put("/a", "hello", {origin}));
  EXPECT_EQ(stored.status, 201);
  EXPECT_EQ(stored.field("Access-Control-Allow-Origin"), "https://app.example");
  EXPECT_NE(stored.field("Access-Control-Expose-Headers").find("ETag"), std::string::npos);
  EXPECT_EQ(stored.field("X-A"), "b");
  const Response other = client.ask(get("/a", {"Origin: https://other.example"}));
  EXPECT_EQ(other.body, "hello");
  EXPECT_FALSE(other.has("Access-Control-Allow-Origin"));
  EXPECT_EQ(other.field("Vary"), "Origin");
}

TEST(Serve, RangeOfALargeFileIsExact) {
  Site site;
  const std::string bytes = noise(2'000'000);
  site.root.write("a", bytes);
  const Response response = site.ask(get("/a", {"Range: bytes=700001-1700000"}));
  EXPECT_EQ(response.status, 206);
  EXPECT_TRUE(response.body == bytes.substr(700001, 1'000'000));
}

TEST(Serve, OldClientsGetTheirAnswerAndTheEnd) {
  Site site;
  site.root.write("a", "hello");
  RawClient client = site.connect();
  client.send("GET /a HTTP/1.0\r\n\r\n");
  const Response response = client.read_response();
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.field("Connection"), "close");
  EXPECT_EQ(client.ending(), Ending::orderly);
}

TEST(Serve, OldClientsKeepTheConnectionWhereTheyAskForIt) {
  Site site;
  site.root.write("a", "hello");
  RawClient client = site.connect();
  for (int i = 0; i < 2; ++i) {
    const Response response =
        client.ask("GET /a HTTP/1.0\r\nConnection: Keep-Alive\r\nRange: bytes=1-2\r\n\r\n");
    EXPECT_EQ(response.body, "el");
    EXPECT_EQ(response.field("Connection"), "keep-alive");
  }
}

TEST(Serve, ConnectionCloseIsHonouredAndWhatFollowsIsDropped) {
  Site site;
  site.root.write("a", "hello");
  for (const char* field : {"Connection: close", "Connection: keep-alive, Close"}) {
    RawClient client = site.connect();
    client.send(get("/a", {field}) + get("/a"));
    const Response response = client.read_response();
    EXPECT_EQ(response.body, "hello");
    EXPECT_EQ(response.field("Connection"), "close");
    client.finish_sending();
    EXPECT_EQ(client.read_to_end(), "");
  }
}

TEST(Serve, ClientThatHasFinishedSendingGetsTheWholeAnswer) {
  Site site;
  const std::string bytes = noise(5'000'000);
  site.root.write("large", bytes);
  site.root.write("small", "hello");
  RawClient client = site.connect();
  client.send(get("/small") + get("/large") + get("/small"));
  client.finish_sending();
  EXPECT_EQ(client.read_response().body, "hello");
  EXPECT_TRUE(client.read_response().body == bytes);
  EXPECT_EQ(client.read_response().body, "hello");
  EXPECT_EQ(client.ending(), Ending::orderly);
}

TEST(Serve, TargetInAbsoluteFormNamesTheSameFile) {
  Site site;
  site.root.write("a", "hello");
  site.root.write("index.html", "home");
  EXPECT_EQ(site.ask(get("http://example.org/a?x=1")).body, "hello");
  EXPECT_EQ(site.ask(get("http://test")).body, "home");
  EXPECT_EQ(site.ask(get("http://user@test/a")).status, 400);
}

TEST(Serve, QueryOfAFileIsIgnored) {
  Site site;
  site.root.write("a", "hello");
  EXPECT_EQ(site.ask(get("/a?service=git-upload-pack")).body, "hello");
  EXPECT_EQ(site.ask(get("/a?")).body, "hello");
  EXPECT_EQ(site.ask(get("/a?../../b")).body, "hello");
}

TEST(Serve, DotFilesAreHiddenUnlessAllowed) {
  for (const bool allowed : {false, true}) {
    Site site(allowed ? std::vector<std::string>{"--dot-files"} : std::vector<std::string>{});
    site.root.write(".secret", "x");
    site.root.write(".git/config", "x");
    site.root.write(".quoit-0123456789abcdef.tmp", "x");
    for (const char* target : {"/.secret", "/.git/config", "/%2egit/config", "//.git//config"}) {
      EXPECT_EQ(site.ask(get(target)).status, allowed ? 200 : 404) << target;
    }
    EXPECT_EQ(site.ask(get("/.git")).status, allowed ? 301 : 404);
    EXPECT_EQ(site.ask(get("/.quoit-0123456789abcdef.tmp")).status, 404);
  }
}

TEST(Serve, WhatIsNeitherFileNorDirectoryIsForbiddenAndHindersNobody) {
  Site site({}, {.workers = 1});
  site.root.write("a", "hello");
  ASSERT_EQ(::mkfifo(site.root.path("fifo").c_str(), 0666), 0);
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  site.root.path("socket").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  RawClient client = site.connect();
  EXPECT_EQ(client.ask(get("/fifo")).status, 403);
  EXPECT_EQ(client.ask(get("/socket")).status, 403);
  EXPECT_EQ(client.ask(get("/a")).body, "hello");
  ::close(listener);
}

TEST(Serve, FileWithoutTheRightToReadIsForbidden) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  Site site;
  site.root.write("a", "x");
  ASSERT_EQ(::chmod(site.root.path("a").c_str(), 0), 0);
  EXPECT_EQ(site.ask(get("/a")).status, 403);
}

TEST(Serve, NamesOfEveryKindAreFound) {
  Site site;
  const std::string longest(255, 'n');
  const struct {
    std::string name;
    std::string target;
  } rows[] = {
      {"with space", "/with%20space"},
      {"pl+us", "/pl+us"},
      {"pl+us", "/pl%2bus"},
      {"per%cent", "/per%25cent"},
      {"%20", "/%2520"},
      {"k\xc3\xa4se", "/k%C3%A4se"},
      {"latin\xe4", "/latin%e4"},
      {"question?", "/question%3F"},
      {"hash#", "/hash%23"},
      {"back\\slash", "/back%5Cslash"},
      {"quote\"'", "/quote%22'"},
      {"colon:semi;at@", "/colon:semi;at@"},
      {"tilde~", "/%7Etilde~/../tilde~"},
      {longest, "/" + longest},
  };
  for (const auto& row : rows) {
    site.root.write(row.name, row.name);
    EXPECT_EQ(site.ask(get(row.target)).body, row.name) << row.target;
  }
  EXPECT_EQ(site.ask(get("/" + longest + "n")).status, 404);
}

TEST(Serve, PathsAreResolvedAsText) {
  Site site;
  site.root.write("a", "hello");
  site.root.write("d/b", "below");
  const std::vector<std::string> hello = {"//a",          "/./a",          "/.//./a",
                                          "/d/../a",      "/nowhere/../a", "/a/../a",
                                          "/d/b/../../a", "/%2e/a",        "/d/%2E%2e/a"};
  for (const std::string& target : hello) {
    EXPECT_EQ(site.ask(get(target)).body, "hello") << target;
  }
  EXPECT_EQ(site.ask(get("/d//b")).body, "below");
  EXPECT_EQ(site.ask(get("/d/./b")).body, "below");
  EXPECT_NE(site.ask(get("/d/..")).body.find("<title>home · quoit</title>"), std::string::npos);
}

TEST(Serve, FileThatShrinksWhileItIsSentEndsTheConnection) {
  Site site;
  site.root.write("a", std::string(64 << 20, 'x'));
  RawClient client = site.connect();
  client.send(get("/a"));
  EXPECT_EQ(client.read_bytes(15), "HTTP/1.1 200 OK");
  std::filesystem::resize_file(site.root.path("a"), 1000);
  EXPECT_LT(client.read_to_end().size(), std::size_t{64} << 20);
  EXPECT_EQ(site.ask(get("/a")).body, std::string(1000, 'x'));
}

}  // namespace
