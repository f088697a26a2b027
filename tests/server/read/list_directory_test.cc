// Directory listings through the whole connection, on the simulated engine with real files.
#include "apps/server/read/list_directory.h"

#include <filesystem>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/world.h"

namespace server {
namespace {

using lab::head_of;

class Directories : public lab::InWorld {
 protected:
  std::string ask(std::string_view target, std::string_view fields = {},
                  std::string_view method = "GET") {
    return world.ask(head_of(method, target, fields));
  }
  // The names that a listing shows, in its order.
  std::vector<std::string> names(std::string_view target) {
    const std::string page = ask(std::string(target) + "?json");
    std::vector<std::string> all;
    for (std::size_t at = 0; (at = page.find("\"href\":\"", at)) != std::string::npos;) {
      at += 8;
      all.push_back(page.substr(at, page.find('"', at) - at));
    }
    return all;
  }
  using Names = std::vector<std::string>;
};

TEST_F(Directories, without_an_index_are_listed) {
  world.root.put("folder/a", "hello\n");
  const std::string answer = ask("/folder/?json");
  const std::string body =
      "[\n{\"name\":\"a\",\"href\":\"a\",\"type\":\"file\",\"mtime\":\"1994-11-06T08:49:37Z\","
      "\"size\":6}\n]\n";
  const std::size_t tag = answer.find("ETag: ");
  EXPECT_EQ(answer.substr(0, tag),
            "HTTP/1.1 200 OK\r\nDate: NOW\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\nContent-Type: application/json\r\n");
  EXPECT_TRUE(answer.ends_with("\r\nVary: Accept\r\n\r\n" + body)) << answer;
  EXPECT_NE(ask("/folder/").find("\r\nContent-Type: text/html; charset=utf-8\r\n"),
            std::string::npos);
  const std::string head = ask("/folder/?json", "", "HEAD");
  EXPECT_EQ(head + body, answer);
  world.root.put("folder/index.html", "<p>");
  EXPECT_TRUE(ask("/folder/?json").ends_with("\r\n\r\n<p>"));
}

TEST_F(Directories, are_not_listed_where_that_is_off) {
  world.site.listing = false;
  EXPECT_TRUE(ask("/").starts_with("HTTP/1.1 404 "));
  world.root.put("404.html", "lost");
  world.site.fallback = "404.html";
  EXPECT_TRUE(ask("/").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(ask("/").ends_with("lost"));
}

// Hidden names, temporaries, pipes and links out of the root are left out; other links are shown as
// the kind of file that they lead to.
TEST_F(Directories, show_the_names_that_GET_serves) {
  world.root.put("a", "x");
  world.root.put("d/b", "x");
  world.root.put(".hidden", "x");
  world.root.put(".quoit-0123456789abcdef.tmp", "x");
  world.root.put("new\nline", "x");
  std::filesystem::create_symlink("/etc/hostname", world.root / "outside");
  std::filesystem::create_symlink("/", world.root / "root");
  std::filesystem::create_symlink("nowhere", world.root / "dangling");
  std::filesystem::create_symlink("loop", world.root / "loop");
  std::filesystem::create_symlink("../a", world.root / "d/up");
  std::filesystem::create_symlink("d", world.root / "link");
  ASSERT_EQ(::mkfifo((world.root / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(names("/"), (Names{"d/", "link/", "a"}));
  EXPECT_EQ(names("/d/"), (Names{"b", "up"}));
  EXPECT_EQ(names("/link/"), (Names{"b", "up"}));
  world.site.dot_files = true;
  EXPECT_EQ(names("/"), (Names{"d/", "link/", ".hidden", "a"}));
  std::filesystem::remove(world.root / ".quoit-0123456789abcdef.tmp");
}

// RFC 9110 section 13.1.2: If-None-Match compares weakly; section 13.1.1: If-Match never matches a
// weak tag.
TEST_F(Directories, have_a_weak_tag) {
  world.root.put("a", "x");
  const std::string answer = ask("/");
  const std::size_t at = answer.find("ETag: W/\"") + 6;
  const std::string tag = answer.substr(at, answer.find("\r\n", at) - at);
  const std::string same = ask("/", "If-None-Match: " + tag + "\r\n");
  EXPECT_EQ(same,
            "HTTP/1.1 304 Not Modified\r\nDate: NOW\r\nETag: " + tag + "\r\nVary: Accept\r\n\r\n");
  EXPECT_TRUE(ask("/", "If-Match: " + tag + "\r\n").starts_with("HTTP/1.1 412 "));
  EXPECT_TRUE(ask("/", "If-Match: *\r\n").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(ask("/?json", "If-None-Match: " + tag + "\r\n").starts_with("HTTP/1.1 200 "));
  // A listing has no modification date and no ranges.
  EXPECT_TRUE(ask("/", "If-Modified-Since: Sun, 06 Nov 2033 08:49:37 GMT\r\nRange: bytes=0-1\r\n")
                  .starts_with("HTTP/1.1 200 "));
  world.root.put("a", "xy");
  EXPECT_TRUE(ask("/", "If-None-Match: " + tag + "\r\n").starts_with("HTTP/1.1 200 "));
}

TEST_F(Directories, of_thousands_of_files_are_listed_in_time_slices) {
  Names expected;
  for (int i = 1000; i < 6000; ++i) {
    expected.push_back("file-" + std::to_string(i) + "-with-a-name-that-takes-some-space.txt");
    world.root.put(expected.back(), "");
  }
  EXPECT_EQ(names("/"), expected);
  EXPECT_GT(world.engine.started(uring::OpCode::nothing), 0U);
  const int socket = world.connect();
  const std::string request = head_of("HEAD", "/");
  const std::string answer = world.say(socket, head_of("GET", "/") + request + request);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST_F(Directories, that_many_clients_ask_for_at_once_are_listed_for_all) {
  for (int i = 0; i < 2000; ++i) world.root.put("file-" + std::to_string(i), "");
  const std::string whole = ask("/?json");
  std::vector<int> sockets;
  for (int i = 0; i < 20; ++i) {
    sockets.push_back(world.connect());
    world.engine.peer_sends(sockets.back(), head_of("GET", "/?json"));
  }
  world.settle();
  for (const int socket : sockets) EXPECT_EQ(world.heard(socket), whole);
  EXPECT_EQ(world.worker.listings, 0U);
  EXPECT_EQ(world.worker.listing_runs, 0U);
}

TEST_F(Directories, release_their_listing_when_the_client_disconnects) {
  for (int i = 0; i < 5000; ++i) world.root.put("file-" + std::to_string(i), "");
  const int socket = world.connect();
  world.engine.peer_takes(socket, 100);
  world.say(socket, head_of("GET", "/"));
  EXPECT_GT(world.worker.listing_runs, 0U);
  world.engine.peer_resets(socket);
  world.settle();
  EXPECT_TRUE(world.engine.closed(socket));
  EXPECT_EQ(world.worker.listing_runs, 0U);
}

TEST_F(Directories, lead_to_their_slash_with_the_query) {
  world.root.put("folder/a", "x");
  EXPECT_NE(ask("/folder?json").find("\r\nLocation: folder/?json\r\n"), std::string::npos);
}

}  // namespace
}  // namespace server
