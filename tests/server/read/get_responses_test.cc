// Responses of GET through a whole connection: ranges, index files, pages for 404, hidden files,
// and precompressed siblings. On the simulated engine with real files.
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "apps/server/read/get.h"
#include "tests/server/connection_fixture.h"

namespace server {
namespace {

using lab::head_of;
using lab::hello;
using lab::not_found;

class GetResponses : public lab::ConnectionTest {};

TEST_F(GetResponses, responds_to_ranges_and_conditions) {
  const auto ask = [&](std::string_view fields) {
    return world.ask(head_of("GET", "/hello.txt", fields));
  };
  const std::string part = ask("Range: bytes=1-3\r\n");
  EXPECT_TRUE(part.starts_with("HTTP/1.1 206 Partial Content\r\n")) << part;
  EXPECT_NE(part.find("Content-Range: bytes 1-3/6\r\n"), std::string::npos) << part;
  EXPECT_TRUE(part.ends_with("\r\n\r\nell")) << part;
  EXPECT_TRUE(ask("Range: bytes=6-\r\n").starts_with("HTTP/1.1 416 "));
  EXPECT_TRUE(ask("If-None-Match: *\r\n").starts_with("HTTP/1.1 304 "));
  EXPECT_TRUE(ask("If-Match: \"x\"\r\n").starts_with("HTTP/1.1 412 "));
}

TEST_F(GetResponses, shows_the_index_of_a_directory_and_redirects_to_its_slash) {
  world.root.put("folder/index.html", "<p>");
  const std::string index = world.ask(head_of("GET", "/folder/"));
  EXPECT_TRUE(index.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(index.find("Content-Type: text/html; charset=utf-8\r\n"), std::string::npos);
  EXPECT_TRUE(index.ends_with("\r\n\r\n<p>"));
  EXPECT_EQ(world.ask(head_of("GET", "/folder?a=b")),
            "HTTP/1.1 301 Moved Permanently\r\nDate: NOW\r\nContent-Length: 0\r\n"
            "Location: folder/?a=b\r\n\r\n");
  world.site.listing = false;
  EXPECT_EQ(world.ask(head_of("GET", "/")), not_found);
  EXPECT_EQ(world.ask(head_of("GET", "/hello.txt/")), not_found);
  EXPECT_EQ(world.ask(head_of("GET", "/hello.txt/x")), not_found);
}

TEST_F(GetResponses, shows_a_page_in_place_of_a_file_that_does_not_exist) {
  world.root.put("404.html", "gone");
  const std::string page = world.ask(head_of("GET", "/none"));
  EXPECT_TRUE(page.starts_with("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_TRUE(page.ends_with("\r\n\r\ngone"));
  world.site.not_found = "hello.txt";
  EXPECT_TRUE(world.ask(head_of("GET", "/none")).ends_with("\r\n\r\nhello\n"));
  world.site.fallback = "404.html";
  EXPECT_TRUE(world.ask(head_of("GET", "/none")).starts_with("HTTP/1.1 200 OK\r\n"));
  world.site.fallback = "nowhere";
  EXPECT_TRUE(world.ask(head_of("GET", "/none")).starts_with("HTTP/1.1 404 Not Found\r\n"));
}

TEST_F(GetResponses, serves_no_hidden_file_no_file_outside_the_root_and_no_FIFO) {
  world.root.put(".secret", "x");
  world.root.put(".quoit-0123456789abcdef.tmp", "x");
  std::filesystem::create_symlink("/etc/hostname", world.root / "leak");
  std::filesystem::create_symlink("hello.txt", world.root / "link.txt");
  ASSERT_EQ(::mkfifo((world.root / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(world.ask(head_of("GET", "/.secret")), not_found);
  EXPECT_TRUE(world.ask(head_of("GET", "/leak")).starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(world.ask(head_of("GET", "/pipe")).starts_with("HTTP/1.1 403 "));
  EXPECT_EQ(world.ask(head_of("GET", "/link.txt")), hello);
  world.site.dot_files = true;
  EXPECT_TRUE(world.ask(head_of("GET", "/.secret")).starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(world.ask(head_of("GET", "/.quoit-0123456789abcdef.tmp")), not_found);
  std::filesystem::remove(world.root / ".quoit-0123456789abcdef.tmp");
}

// A modification time that nanoseconds since 1970 cannot hold.
TEST_F(GetResponses, serves_files_of_any_age) {
  for (const std::int64_t seconds : {-2'000'000'000LL, 13'569'465'600LL}) {
    world.root.put("aged", "x", seconds);
    const std::string response = world.ask(head_of("GET", "/aged"));
    EXPECT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\n")) << response;
    EXPECT_NE(response.find("\r\nLast-Modified: "), std::string::npos) << response;
  }
}

class PrecompressedSiblings : public lab::ConnectionTest {
 protected:
  PrecompressedSiblings() {
    world.site.precompressed = true;
    world.root.put("a.css", "plain", 1000);
    world.root.put("a.css.gz", "gzipped", 1000);
    world.root.put("a.css.br", "brotli", 1000);
  }
  std::string ask(std::string_view fields, std::string_view target = "/a.css") {
    return world.ask(head_of("GET", target, fields));
  }
};

TEST_F(PrecompressedSiblings, replace_a_file_if_the_client_accepts_their_coding) {
  EXPECT_EQ(ask("Accept-Encoding: gzip\r\n"),
            "HTTP/1.1 200 OK\r\nDate: NOW\r\nContent-Length: 7\r\n"
            "Content-Type: text/css; charset=utf-8\r\nETag: \"e8d4a51000-7-gzip\"\r\n"
            "Last-Modified: Thu, 01 Jan 1970 00:16:40 GMT\r\nAccept-Ranges: bytes\r\n"
            "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n\r\ngzipped");
  EXPECT_TRUE(ask("Accept-Encoding: gzip, br\r\n").ends_with("\r\n\r\nbrotli"));
  EXPECT_TRUE(ask("Accept-Encoding: zstd;q=1, gzip;q=0.5\r\n").ends_with("\r\n\r\ngzipped"));
  for (const char* plain : {"", "Accept-Encoding: gzip;q=0\r\n", "Accept-Encoding: zstd\r\n"}) {
    const std::string response = ask(plain);
    EXPECT_TRUE(response.ends_with("Vary: Accept-Encoding\r\n\r\nplain")) << response;
    EXPECT_EQ(response.find("Content-Encoding"), std::string::npos);
  }
  // A request for the name of the sibling gets it as an ordinary file.
  EXPECT_EQ(ask("Accept-Encoding: gzip\r\n", "/a.css.gz").find("Content-Encoding"),
            std::string::npos);
}

TEST_F(PrecompressedSiblings, have_their_own_tag_length_and_ranges) {
  const std::string gzip = "Accept-Encoding: gzip\r\n";
  EXPECT_TRUE(ask(gzip + "If-None-Match: \"e8d4a51000-7-gzip\"\r\n")
                  .starts_with("HTTP/1.1 304 Not Modified\r\n"));
  EXPECT_NE(ask(gzip + "If-None-Match: *\r\n").find("Vary: Accept-Encoding"), std::string::npos);
  EXPECT_TRUE(ask("If-None-Match: \"e8d4a51000-7-gzip\"\r\n").starts_with("HTTP/1.1 200 "));
  const std::string same = "If-Range: \"e8d4a51000-7-gzip\"\r\n";
  const std::string part = ask(gzip + same + "Range: bytes=1-2\r\n");
  EXPECT_NE(part.find("Content-Range: bytes 1-2/7\r\n"), std::string::npos) << part;
  EXPECT_NE(part.find("Content-Encoding: gzip\r\n"), std::string::npos) << part;
  EXPECT_TRUE(part.ends_with("\r\n\r\nzi")) << part;
  EXPECT_TRUE(ask(gzip + "Range: bytes=1-2\r\nIf-Range: \"e8d4a51000-7\"\r\n")
                  .ends_with("\r\n\r\ngzipped"));
  // Clients disagree whether the coding applies to the parts or to the multipart.
  EXPECT_TRUE(ask(gzip + same + "Range: bytes=0-0,3-3\r\n").ends_with("\r\n\r\ngzipped"));
}

TEST_F(PrecompressedSiblings, are_not_used_if_they_are_older_no_files_or_not_configured) {
  const std::string gzip = "Accept-Encoding: gzip\r\n";
  world.root.put("a.css", "newer", 1001);
  EXPECT_TRUE(ask(gzip).ends_with("\r\n\r\nnewer"));
  world.root.put("b.css", "plain");
  std::filesystem::create_directory(world.root / "b.css.gz");
  EXPECT_TRUE(ask(gzip, "/b.css").ends_with("\r\n\r\nplain"));
  world.root.put("c.css", "plain");
  std::filesystem::create_symlink("/etc/hostname", world.root / "c.css.gz");
  EXPECT_TRUE(ask(gzip, "/c.css").ends_with("\r\n\r\nplain"));
  world.site.precompressed = false;
  world.root.put("a.css.gz", "gzipped", 2000);
  const std::string response = ask(gzip);
  EXPECT_TRUE(response.ends_with("\r\n\r\nnewer"));
  EXPECT_EQ(response.find("Vary"), std::string::npos);
}

TEST_F(PrecompressedSiblings, replace_an_index_file) {
  world.root.put("folder/index.html", "plain");
  world.root.put("folder/index.html.zst", "zstandard");
  const std::string response = ask("Accept-Encoding: zstd\r\n", "/folder/");
  EXPECT_NE(response.find("Content-Type: text/html; charset=utf-8\r\n"), std::string::npos);
  EXPECT_NE(response.find("Content-Encoding: zstd\r\n"), std::string::npos);
  EXPECT_TRUE(response.ends_with("\r\n\r\nzstandard"));
}

}  // namespace
}  // namespace server
