// Archives through the whole connection, on the simulated engine with real files.
#include "apps/server/archive/answer_archive.h"

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "apps/server/archive/archives.h"
#include "tests/server/archive/archive_lab.h"
#include "tests/server/world.h"

namespace server {
namespace {

using lab::head_of;
using lab::unpack;
using Files = std::map<std::string, std::string>;

// The content of a chunked response; `is_whole` is set to whether its last chunk is there.
std::string dechunked(std::string_view response, bool& is_whole) {
  std::string all;
  is_whole = false;
  response.remove_prefix(response.find("\r\n\r\n") + 4);
  while (!response.empty()) {
    const std::size_t size = std::strtoul(std::string(response.substr(0, 16)).c_str(), nullptr, 16);
    response.remove_prefix(response.find("\r\n") + 2);
    is_whole = size == 0 && response == "\r\n";
    if (size == 0) break;
    all += response.substr(0, size);
    response.remove_prefix(std::min(response.size(), size + 2));
  }
  return all;
}

class ArchivesOfDirectories : public lab::InWorld {
 protected:
  std::string ask(std::string_view target, std::string_view method = "GET") {
    return world.ask(head_of(method, target));
  }
  Files files(std::string_view target) {
    bool is_whole = false;
    const std::string content = dechunked(ask(target), is_whole);
    EXPECT_TRUE(is_whole);
    return unpack(content);
  }
};

TEST_F(ArchivesOfDirectories, are_sent_in_chunks_with_a_name) {
  world.root.put("photos/a", "hello");
  for (const std::string format : {"tar", "zip"}) {
    const std::string answer = ask("/photos/?" + format);
    const std::string head = answer.substr(0, answer.find("\r\n\r\n") + 4);
    EXPECT_EQ(head,
              "HTTP/1.1 200 OK\r\nDate: NOW\r\nTransfer-Encoding: chunked\r\n"
              "Content-Type: application/" +
                  std::string(format == "tar" ? "x-tar" : "zip") +
                  "\r\nContent-Disposition: attachment; filename=\"photos." + format +
                  "\"\r\nAccept-Ranges: none\r\nX-Content-Type-Options: nosniff\r\n\r\n");
    EXPECT_EQ(files("/photos/?" + format), (Files{{"photos/", ""}, {"photos/a", "hello"}}));
    EXPECT_EQ(files("/photos/?" + format + "="), files("/photos/?" + format));
    EXPECT_EQ(ask("/photos/?" + format, "HEAD"), head);
  }
  EXPECT_EQ(files("/?tar"), (Files{{"photos/", ""}, {"photos/a", "hello"}}));
}

TEST_F(ArchivesOfDirectories, win_over_an_index_file) {
  world.root.put("d/index.html", "<p>");
  EXPECT_EQ(files("/d/?tar"), (Files{{"d/", ""}, {"d/index.html", "<p>"}}));
  EXPECT_TRUE(ask("/d/").ends_with("<p>"));
  EXPECT_TRUE(ask("/d/?tgz").ends_with("<p>"));
  EXPECT_TRUE(ask("/d/index.html?tar").ends_with("<p>"));
}

TEST_F(ArchivesOfDirectories, are_refused_where_there_is_no_directory_or_no_listing) {
  world.root.put("d/a", "x");
  world.root.put(".hidden/a", "x");
  EXPECT_TRUE(ask("/none/?tar").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(ask("/d/a/?tar").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(ask("/.hidden/?tar").starts_with("HTTP/1.1 404 "));
  const std::string redirect = ask("/d?zip");
  EXPECT_TRUE(redirect.starts_with("HTTP/1.1 301 "));
  EXPECT_NE(redirect.find("\r\nLocation: d/?zip\r\n"), std::string::npos);
  world.site.archives = false;
  EXPECT_TRUE(ask("/d/?tar").starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(ask("/d/").starts_with("HTTP/1.1 200 "));
  world.site.archives = true;
  world.site.listing = false;
  EXPECT_TRUE(ask("/d/?tar").starts_with("HTTP/1.1 403 "));
}

// An end of the connection is the end of the content for a client that knows no chunks.
TEST_F(ArchivesOfDirectories, end_with_the_connection_for_HTTP_1_0) {
  world.root.put("d/a", "hello");
  const std::string answer =
      world.ask("GET /d/?tar HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(answer.find("chunked"), std::string::npos);
  EXPECT_EQ(answer.find("Content-Length"), std::string::npos);
  EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_EQ(unpack(std::string_view(answer).substr(answer.find("\r\n\r\n") + 4)),
            (Files{{"d/", ""}, {"d/a", "hello"}}));
}

TEST_F(ArchivesOfDirectories, keep_the_connection_for_the_next_request) {
  world.root.put("d/a", lab::pattern(1'000'000));
  world.root.put("file", "next");
  const std::string answer =
      world.ask(head_of("GET", "/file") + head_of("GET", "/d/?zip") + head_of("GET", "/file"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\nnext"));
  EXPECT_NE(answer.find("0\r\n\r\nHTTP/1.1 200 OK\r\n"), std::string::npos);
}

TEST_F(ArchivesOfDirectories, hold_nothing_when_the_client_disconnects) {
  Archives archives;
  world.root.put("d/a", lab::pattern(3'000'000));
  const int socket = world.connect();
  world.engine.peer_takes(socket, 100'000);
  world.say(socket, head_of("GET", "/d/?tar"));
  EXPECT_FALSE(world.engine.closed(socket));
  world.engine.peer_resets(socket);
  world.settle();
  EXPECT_TRUE(world.engine.closed(socket));
}

TEST_F(ArchivesOfDirectories, break_off_where_a_file_becomes_shorter) {
  world.root.put("d/a", lab::pattern(3'000'000));
  const int socket = world.connect();
  world.engine.peer_takes(socket, 100'000);
  world.say(socket, head_of("GET", "/d/?tar"));
  std::filesystem::resize_file(world.root / "d/a", 10);
  world.engine.peer_takes(socket, 10'000'000);
  world.settle();
  EXPECT_TRUE(world.engine.closed(socket));
  bool is_whole = true;
  dechunked(world.heard(socket), is_whole);
  EXPECT_FALSE(is_whole);
}

}  // namespace
}  // namespace server
