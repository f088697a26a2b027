// The whole life of connections, bytes in and bytes out, on the simulated engine with real files.
// What fails is in faults_test.cc, what is random in chaos_test.cc.
#include "apps/server/connection/connection.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/connection/receive.h"
#include "apps/server/connection/respond.h"
#include "tests/server/world.h"
#include "tests/support/eventually.h"

namespace server {
namespace {

using lab::head_of;
using lab::pattern;
using lab::World;
using uring::OpCode;

class Corridor : public lab::InWorld {
 protected:
  explicit Corridor(std::uint64_t cache_bytes = lab::default_cache_bytes) : InWorld(cache_bytes) {
    world.root.put("hello.txt", "hello\n");
  }
  void make_writable() { world.site.writable = true; }
};

// One that remembers nothing.
class Forgetful : public Corridor {
 protected:
  Forgetful() : Corridor(0) {}
};

const std::string hello_head =
    "HTTP/1.1 200 OK\r\nDate: NOW\r\nContent-Length: 6\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nETag: " +
    std::string(lab::old_tag) + "\r\nLast-Modified: " + std::string(lab::old_date) +
    "\r\nAccept-Ranges: bytes\r\n\r\n";
const std::string hello = hello_head + "hello\n";
const std::string get_hello = head_of("GET", "/hello.txt");

// "HTTP/1.1 404 Not Found" with a line of text, as the server says it of nothing.
std::string refusal(std::string_view line, std::string_view text, std::string_view fields = {}) {
  return "HTTP/1.1 " + std::string(line) +
         "\r\nDate: NOW\r\nContent-Length: " + std::to_string(text.size()) +
         "\r\nContent-Type: text/plain; charset=utf-8\r\n" + std::string(fields) + "\r\n" +
         std::string(text);
}
const std::string nothing =
    refusal("404 Not Found", "404 Not Found: there is nothing of this name\n");

// --- Reading ---

TEST_F(Corridor, answers_GET_and_HEAD_to_the_byte) {
  const int socket = world.connect();
  EXPECT_EQ(world.say(socket, get_hello), hello);
  EXPECT_EQ(world.say(socket, head_of("HEAD", "/hello.txt")), hello + hello_head);
  EXPECT_EQ(world.say(socket, head_of("GET", "/none")), hello + hello_head + nothing);
  EXPECT_FALSE(world.engine.closed(socket));
}

TEST_F(Corridor, gathers_the_answers_of_pipelined_requests_in_one_send) {
  const int socket = world.connect();
  const std::string none = head_of("GET", "/none");
  EXPECT_EQ(world.say(socket, get_hello + none + get_hello), hello + nothing + hello);
  EXPECT_EQ(world.engine.started(OpCode::send), 1U);
  EXPECT_EQ(world.engine.started(OpCode::recv_stream), 1U);
  // The file is at hand; of what is not there a disk may have to be asked, as of 404.html.
  EXPECT_LE(world.engine.started(OpCode::open), 2U);
  EXPECT_EQ(world.engine.started(OpCode::read), 0U);
}

TEST_F(Corridor, awaits_nothing_but_send_and_recv_for_a_small_file) {
  const int socket = world.connect();
  world.say(socket, get_hello);
  EXPECT_EQ(world.engine.started(), 2U);
  world.say(socket, get_hello);
  EXPECT_EQ(world.engine.started(), 3U);  // send
}

TEST_F(Forgetful, awaits_an_open_and_a_read_of_a_file_that_is_not_remembered) {
  const int socket = world.connect();
  world.say(socket, get_hello);
  EXPECT_EQ(world.engine.started(), 4U);
  world.say(socket, get_hello);
  EXPECT_EQ(world.engine.started(), 7U);  // open, read, send
}

// A step that takes long is one that all others wait for.
TEST_F(Forgetful, reads_a_large_file_in_small_steps) {
  const std::string content = pattern(1 << 20);
  world.root.put("large", content);
  const std::string answer = world.ask(head_of("GET", "/large"));
  EXPECT_EQ(answer.substr(answer.find("\r\n\r\n") + 4), content);
  EXPECT_GE(world.engine.started(OpCode::read), content.size() / 32768);
  EXPECT_LE(world.engine.started(OpCode::send), 1 + content.size() / 65536);
}

// Which pages of a file the page cache has; none where nobody can say.
std::vector<unsigned char> resident_pages(const std::filesystem::path& path, std::size_t bytes) {
  const uring::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  void* const mapping = ::mmap(nullptr, bytes, PROT_READ, MAP_SHARED, file.get(), 0);
  std::vector<unsigned char> pages(bytes / 4096);
  if (mapping == MAP_FAILED || ::mincore(mapping, bytes, pages.data()) != 0) pages.clear();
  ::munmap(mapping, bytes);
  for (unsigned char& page : pages) page &= 1;
  return pages;
}

// Has the disk hold the file alone. False: it lies in memory, or on a file system that reads with a
// thread that waits.
bool make_cold(const std::filesystem::path& path, std::size_t bytes) {
  const uring::Fd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  ::fsync(file.get());
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_RANDOM);  // for the look below
  const std::vector<unsigned char> pages = resident_pages(path, bytes);
  char byte = 0;
  const iovec room{&byte, 1};
  const bool can_say = ::preadv2(file.get(), &room, 1, 0, RWF_NOWAIT) >= 0 || errno == EAGAIN;
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  return can_say && !pages.empty() && std::count(pages.begin(), pages.end(), 1) == 0;
}

// As far as a peer that takes its time will want it soon, and no further, whatever the disk is set
// to.
TEST_F(Forgetful, has_the_disk_read_a_little_ahead_of_what_is_sent) {
  constexpr std::ptrdiff_t mib = (1 << 20) / 4096;  // pages
  const std::string content = pattern(16 << 20);
  world.root.put("large", content);
  const std::filesystem::path path = world.root / "large";
  if (!make_cold(path, content.size())) GTEST_SKIP() << "no disk is read here";
  const int socket = world.connect();
  world.engine.peer_takes(socket, 1 << 20);
  world.engine.peer_sends(socket, head_of("GET", "/large"));
  world.settle();
  EXPECT_TRUE(test_support::eventually([&] {
    const std::vector<unsigned char> pages = resident_pages(path, content.size());
    return std::count(pages.begin(), pages.begin() + mib * 5 / 4, 1) == mib * 5 / 4;
  }));
  const std::vector<unsigned char> pages = resident_pages(path, content.size());
  EXPECT_EQ(std::count(pages.begin() + 2 * mib, pages.end(), 1), 0);
  world.engine.peer_takes(socket, SIZE_MAX);
  world.settle();
  EXPECT_TRUE(world.heard(socket).ends_with(content));
}

// Thousands of requests at once: answered in order, at most a block a send.
TEST_F(Corridor, bounds_the_answers_that_leave_at_once) {
  std::string requests;
  std::string answers;
  for (int i = 0; i < 5000; ++i) {
    requests += get_hello;
    answers += hello;
  }
  const int socket = world.connect();
  EXPECT_EQ(world.say(socket, requests), answers);
  EXPECT_GE(world.engine.started(OpCode::send), answers.size() / BlockPool::large_bytes);
}

TEST_F(Corridor, answers_the_same_however_a_request_is_split) {
  const std::string bytes = get_hello + head_of("HEAD", "/hello.txt", "A: b\r\n") + get_hello;
  const std::string expected = hello + hello_head + hello;
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    const int socket = world.connect();
    world.say(socket, bytes.substr(0, at));
    ASSERT_EQ(world.say(socket, bytes.substr(at)), expected) << "split at " << at;
    world.engine.peer_finishes(socket);
    world.settle();
  }
  world.engine.split_receives(1);
  EXPECT_EQ(world.ask(bytes), expected);
}

TEST_F(Corridor, sends_a_large_file_in_blocks) {
  const std::string content = pattern(3 * BlockPool::large_bytes + 17);
  world.root.put("large", content);
  const std::string answer = world.ask(head_of("GET", "/large"));
  EXPECT_EQ(answer.substr(answer.find("\r\n\r\n") + 4), content);
  EXPECT_LE(world.engine.started(OpCode::send), 4U);
}

TEST_F(Corridor, sends_a_large_file_behind_a_pipelined_small_one) {
  const std::string content = pattern(BlockPool::large_bytes + 17);
  world.root.put("large", content);
  const std::string answer = world.ask(get_hello + head_of("GET", "/large") + get_hello);
  EXPECT_TRUE(answer.starts_with(hello));
  EXPECT_TRUE(answer.ends_with(content + hello));
}

TEST_F(Corridor, answers_ranges_and_conditions) {
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

// The pieces of the answer to a request for many ranges, taken apart as a client does.
std::vector<std::string> parts_in(const std::string& answer) {
  const std::size_t at = answer.find("boundary=") + 9;
  const std::string delimiter = "\r\n--" + answer.substr(at, boundary_bytes);
  std::string body = answer.substr(answer.find("\r\n\r\n") + 4);
  std::vector<std::string> parts;
  while (body.starts_with(delimiter + "\r\n")) {
    const std::size_t end = body.find(delimiter, 1);
    parts.push_back(body.substr(delimiter.size() + 2, end - delimiter.size() - 2));
    body.erase(0, end);
  }
  EXPECT_EQ(body, delimiter + "--\r\n");
  return parts;
}

TEST_F(Corridor, answers_many_ranges_in_parts) {
  const std::string answer =
      world.ask(head_of("GET", "/hello.txt", "Range: bytes=4-,0-1\r\n") + get_hello);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 206 Partial Content\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with(hello)) << answer;
  const std::string type = "Content-Type: text/plain; charset=utf-8\r\n";
  EXPECT_EQ(parts_in(answer.substr(0, answer.size() - hello.size())),
            (std::vector<std::string>{type + "Content-Range: bytes 4-5/6\r\n\r\no\n",
                                      type + "Content-Range: bytes 0-1/6\r\n\r\nhe"}));
}

TEST_F(Corridor, draws_a_boundary_for_every_answer_in_parts) {
  Boundary first;
  Boundary second;
  ASSERT_TRUE(draw_boundary(first));
  ASSERT_TRUE(draw_boundary(second));
  EXPECT_NE(first, second);
  const std::string_view text(first.data(), first.size());
  EXPECT_EQ(text.find_first_not_of("0123456789abcdef"), std::string_view::npos);
}

TEST_F(Corridor, answers_parts_larger_than_a_block_and_smaller_ones_between) {
  const std::string content = pattern(3 * BlockPool::large_bytes);
  world.root.put("large", content);
  const std::string answer =
      world.ask(head_of("GET", "/large", "Range: bytes=500000-,7-7,100-499000\r\n"));
  const std::vector<std::string> parts = parts_in(answer);
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_TRUE(parts[0].ends_with("\r\n\r\n" + content.substr(500'000)));
  EXPECT_TRUE(parts[1].ends_with("\r\n\r\n" + content.substr(7, 1)));
  EXPECT_TRUE(parts[2].ends_with("\r\n\r\n" + content.substr(100, 498'901)));
  EXPECT_LE(world.engine.started(OpCode::send), 5U);
}

class Compressed : public Corridor {
 protected:
  Compressed() {
    world.site.precompressed = true;
    world.root.put("a.css", "plain", 1000);
    world.root.put("a.css.gz", "gzipped", 1000);
    world.root.put("a.css.br", "brotli", 1000);
  }
  std::string ask(std::string_view fields, std::string_view target = "/a.css") {
    return world.ask(head_of("GET", target, fields));
  }
};

TEST_F(Compressed, siblings_stand_for_a_file_where_the_client_takes_them) {
  EXPECT_EQ(ask("Accept-Encoding: gzip\r\n"),
            "HTTP/1.1 200 OK\r\nDate: NOW\r\nContent-Length: 7\r\n"
            "Content-Type: text/css; charset=utf-8\r\nETag: \"e8d4a51000-7-gzip\"\r\n"
            "Last-Modified: Thu, 01 Jan 1970 00:16:40 GMT\r\nAccept-Ranges: bytes\r\n"
            "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n\r\ngzipped");
  EXPECT_TRUE(ask("Accept-Encoding: gzip, br\r\n").ends_with("\r\n\r\nbrotli"));
  EXPECT_TRUE(ask("Accept-Encoding: zstd;q=1, gzip;q=0.5\r\n").ends_with("\r\n\r\ngzipped"));
  for (const char* plain : {"", "Accept-Encoding: gzip;q=0\r\n", "Accept-Encoding: zstd\r\n"}) {
    const std::string answer = ask(plain);
    EXPECT_TRUE(answer.ends_with("Vary: Accept-Encoding\r\n\r\nplain")) << answer;
    EXPECT_EQ(answer.find("Content-Encoding"), std::string::npos);
  }
  // Asked for by its own name it is what it is.
  EXPECT_EQ(ask("Accept-Encoding: gzip\r\n", "/a.css.gz").find("Content-Encoding"),
            std::string::npos);
}

TEST_F(Compressed, siblings_are_versions_of_their_own) {
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
  // Of several parts clients disagree what is coded.
  EXPECT_TRUE(ask(gzip + same + "Range: bytes=0-0,3-3\r\n").ends_with("\r\n\r\ngzipped"));
}

TEST_F(Compressed, siblings_are_left_alone_where_they_are_older_or_no_files_or_not_wanted) {
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
  const std::string answer = ask(gzip);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nnewer"));
  EXPECT_EQ(answer.find("Vary"), std::string::npos);
}

TEST_F(Compressed, siblings_stand_for_an_index_too) {
  world.root.put("folder/index.html", "plain");
  world.root.put("folder/index.html.zst", "zstandard");
  const std::string answer = ask("Accept-Encoding: zstd\r\n", "/folder/");
  EXPECT_NE(answer.find("Content-Type: text/html; charset=utf-8\r\n"), std::string::npos);
  EXPECT_NE(answer.find("Content-Encoding: zstd\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\nzstandard"));
}

TEST_F(Corridor, adds_what_the_operator_says_to_every_answer) {
  ASSERT_EQ(add_header("X-A: b", world.site.extra_fields), "");
  ASSERT_EQ(add_origin("*", world.site.extra_fields), "");
  const std::string lines = "\r\nX-A: b\r\nAccess-Control-Allow-Origin: *\r\n";
  for (const std::string& request :
       {get_hello, head_of("GET", "/none"), head_of("BREW", "/"), head_of("OPTIONS", "/"),
        head_of("GET", "/hello.txt", "If-None-Match: *\r\n"), std::string("no HTTP\r\n\r\n")}) {
    const std::string answer = world.ask(request);
    EXPECT_NE(answer.find(lines), std::string::npos) << answer;
  }
  world.site.writable = true;
  const std::string preflight = world.ask(
      head_of("OPTIONS", "/new", "Origin: https://a\r\nAccess-Control-Request-Method: PUT\r\n"));
  EXPECT_NE(preflight.find("Access-Control-Allow-Methods: GET, HEAD, OPTIONS, PUT, DELETE\r\n"),
            std::string::npos);
}

TEST_F(Corridor, shows_the_index_of_a_directory_and_leads_to_its_slash) {
  world.root.put("folder/index.html", "<p>");
  const std::string index = world.ask(head_of("GET", "/folder/"));
  EXPECT_TRUE(index.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(index.find("Content-Type: text/html; charset=utf-8\r\n"), std::string::npos);
  EXPECT_TRUE(index.ends_with("\r\n\r\n<p>"));
  EXPECT_EQ(world.ask(head_of("GET", "/folder?a=b")),
            "HTTP/1.1 301 Moved Permanently\r\nDate: NOW\r\nContent-Length: 0\r\n"
            "Location: folder/?a=b\r\n\r\n");
  world.site.listing = false;
  EXPECT_EQ(world.ask(head_of("GET", "/")), nothing);
  EXPECT_EQ(world.ask(head_of("GET", "/hello.txt/")), nothing);
  EXPECT_EQ(world.ask(head_of("GET", "/hello.txt/x")), nothing);
}

TEST_F(Corridor, shows_a_page_where_nothing_is) {
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

TEST_F(Corridor, serves_nothing_hidden_nothing_outside_and_nothing_that_is_no_file) {
  world.root.put(".secret", "x");
  world.root.put(".quoit-0123456789abcdef.tmp", "x");
  std::filesystem::create_symlink("/etc/hostname", world.root / "leak");
  std::filesystem::create_symlink("hello.txt", world.root / "link.txt");
  ASSERT_EQ(::mkfifo((world.root / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(world.ask(head_of("GET", "/.secret")), nothing);
  EXPECT_TRUE(world.ask(head_of("GET", "/leak")).starts_with("HTTP/1.1 403 "));
  EXPECT_TRUE(world.ask(head_of("GET", "/pipe")).starts_with("HTTP/1.1 403 "));
  EXPECT_EQ(world.ask(head_of("GET", "/link.txt")), hello);
  world.site.dot_files = true;
  EXPECT_TRUE(world.ask(head_of("GET", "/.secret")).starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(world.ask(head_of("GET", "/.quoit-0123456789abcdef.tmp")), nothing);
  std::filesystem::remove(world.root / ".quoit-0123456789abcdef.tmp");
}

// A modification time that nanoseconds since 1970 cannot hold.
TEST_F(Corridor, serves_files_of_any_age) {
  for (const std::int64_t seconds : {-2'000'000'000LL, 13'569'465'600LL}) {
    world.root.put("aged", "x", seconds);
    const std::string answer = world.ask(head_of("GET", "/aged"));
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
    EXPECT_NE(answer.find("\r\nLast-Modified: "), std::string::npos) << answer;
  }
}

TEST_F(Corridor, ends_an_answer_short_when_its_file_shrinks) {
  world.root.put("large", pattern(2 * BlockPool::large_bytes));
  const int socket = world.connect();
  world.engine.peer_takes(socket, 100);
  world.say(socket, head_of("GET", "/large"));
  std::filesystem::resize_file(world.root / "large", 10);
  world.engine.peer_takes(socket, SIZE_MAX);
  world.settle();
  EXPECT_TRUE(world.engine.closed(socket));
  EXPECT_LT(world.heard(socket).size(), 2 * BlockPool::large_bytes);
}

// --- Connections ---

TEST_F(Corridor, keeps_and_closes_connections_as_RFC_9112_9_3_says) {
  const auto stays = [&](std::string_view bytes) {
    const int socket = world.connect();
    world.say(socket, bytes);
    const bool open = !world.engine.closed(socket);
    world.engine.peer_finishes(socket);
    world.settle();
    const bool says_close =
        world.engine.peer_received(socket).find("\r\nConnection: close\r\n") != std::string::npos;
    EXPECT_EQ(open, !says_close);
    return open;
  };
  EXPECT_TRUE(stays(get_hello));
  EXPECT_FALSE(stays(head_of("GET", "/hello.txt", "Connection: close\r\n")));
  EXPECT_FALSE(stays("GET /hello.txt HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(stays("GET /hello.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
}

// RFC 9112 9.6: nothing is answered after a close, and the connection ends gently.
TEST_F(Corridor, drops_what_follows_a_request_that_closes) {
  const int socket = world.connect();
  const std::string answer =
      world.say(socket, head_of("GET", "/none", "Connection: close\r\n") + get_hello);
  EXPECT_EQ(answer, refusal("404 Not Found", "404 Not Found: there is nothing of this name\n",
                            "Connection: close\r\n"));
  EXPECT_TRUE(world.engine.finished(socket));
  EXPECT_FALSE(world.engine.closed(socket));
  world.engine.peer_sends(socket, get_hello);
  world.engine.peer_finishes(socket);
  world.settle();
  EXPECT_TRUE(world.engine.closed(socket));
  EXPECT_EQ(world.heard(socket), answer);
}

TEST_F(Corridor, answers_what_came_before_a_bad_request_and_nothing_after_it) {
  const int socket = world.connect();
  world.say(socket, get_hello + "GET / HTTP/1.1\nHost: a\r\n\r\n" + get_hello);
  EXPECT_EQ(world.heard(socket),
            hello + refusal("400 Bad Request",
                            "400 Bad Request: A line feed stands without its carriage return.\n",
                            "Connection: close\r\n"));
  EXPECT_EQ(world.engine.started(OpCode::send), 1U);
  EXPECT_TRUE(world.engine.finished(socket));
}

TEST_F(Corridor, answers_a_client_that_ends_its_side_after_its_request) {
  EXPECT_EQ(world.ask(get_hello + get_hello), hello + hello);
  EXPECT_EQ(world.ask(""), "");
  EXPECT_EQ(world.ask("GET / HT"), "");
}

TEST_F(Corridor, lends_nothing_to_an_idle_connection) {
  const int socket = world.connect();
  world.say(socket, get_hello);
  EXPECT_EQ(world.worker.blocks.lent(), 0U);
  EXPECT_EQ(world.engine.buffers_in_use(), 0U);
  world.say(socket, "GET /");
  EXPECT_EQ(world.worker.blocks.lent(), 1U);
  EXPECT_EQ(world.engine.buffers_in_use(), 1U);
}

TEST_F(Corridor, tells_those_over_the_limit_and_closes_more_unheard) {
  world.shared.most_connections = 2;
  world.connect();
  const int second = world.connect();
  const int third = world.connect();
  for (int i = 1; i < 64; ++i) world.connect();
  const int unheard = world.connect();
  EXPECT_TRUE(world.engine.closed(unheard));
  EXPECT_EQ(world.say(second, get_hello), hello);
  EXPECT_EQ(world.say(third, get_hello),
            refusal("503 Service Unavailable",
                    "503 Service Unavailable: the server is busy; try again soon\n",
                    "Retry-After: 1\r\nConnection: close\r\n"));
  EXPECT_TRUE(world.engine.closed(third));
}

TEST_F(Corridor, refuses_what_is_not_for_it) {
  const auto status = [&](std::string_view bytes) {
    const int socket = world.connect();
    const std::string answer = world.say(socket, bytes);
    world.engine.peer_finishes(socket);
    world.settle();
    return answer.substr(9, 3);
  };
  EXPECT_EQ(status("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"), "405");
  EXPECT_EQ(status(head_of("TRACE", "/")), "405");
  EXPECT_EQ(status(head_of("PUT", "/x", "Content-Length: 1\r\n") + "x"), "405");
  EXPECT_EQ(status(head_of("brew", "/")), "501");
  EXPECT_EQ(status(head_of("GET", "/", "Expect: money\r\n")), "417");
  EXPECT_EQ(status(head_of("GET", "/..")), "400");
  EXPECT_EQ(status(head_of("GET", "/" + std::string(9000, 'a'))), "414");
  EXPECT_EQ(status(head_of("GET", "/", "A: " + std::string(17000, 'a') + "\r\n")), "431");
  EXPECT_EQ(status("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), "204");
  EXPECT_TRUE(world.root.names() == std::vector<std::string>{"hello.txt"});
}

// --- Bodies that nobody wants ---

TEST_F(Corridor, drops_a_small_unwanted_body_and_goes_on) {
  const std::string chunked = head_of("GET", "/hello.txt", "Transfer-Encoding: chunked\r\n") +
                              "5\r\nabcde\r\n0\r\nDigest: x\r\n\r\n";
  const std::string sized = head_of("HEAD", "/hello.txt", "Content-Length: 7\r\n") + "GET / H";
  const std::string bytes = chunked + sized + get_hello;
  const std::string expected = hello + hello_head + hello;
  EXPECT_EQ(world.ask(bytes), expected);
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    const int socket = world.connect();
    world.say(socket, bytes.substr(0, at));
    ASSERT_EQ(world.say(socket, bytes.substr(at)), expected) << "split at " << at;
    world.engine.peer_finishes(socket);
    world.settle();
  }
}

TEST_F(Corridor, closes_gently_before_a_large_unwanted_body) {
  const int socket = world.connect();
  const std::string size = std::to_string(most_dropped_bytes + 1);
  world.say(socket, head_of("PUT", "/x", "Content-Length: " + size + "\r\n") + "xxx");
  EXPECT_TRUE(world.heard(socket).starts_with("HTTP/1.1 405 "));
  EXPECT_NE(world.heard(socket).find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_TRUE(world.engine.finished(socket));
  world.engine.peer_sends(socket, pattern(most_dropped_bytes));
  world.engine.peer_finishes(socket);
  world.settle();
  EXPECT_EQ(world.engine.unread(socket), 0U);
}

// Chunked, the size is not known beforehand; a close with bytes unread would reset the connection.
TEST_F(Corridor, closes_gently_when_an_unwanted_body_turns_out_large) {
  const int socket = world.connect();
  world.say(socket, head_of("PUT", "/x", "Transfer-Encoding: chunked\r\n"));
  for (int i = 0; i < 100; ++i) world.say(socket, "400\r\n" + pattern(1024) + "\r\n");
  EXPECT_TRUE(world.heard(socket).starts_with("HTTP/1.1 405 "));
  EXPECT_TRUE(world.engine.finished(socket));
  EXPECT_FALSE(world.engine.closed(socket));
  world.engine.peer_finishes(socket);
  world.settle();
  EXPECT_EQ(world.engine.unread(socket), 0U);
}

TEST_F(Corridor, closes_gently_when_an_unwanted_body_is_malformed) {
  const int socket = world.connect();
  world.say(socket, head_of("PUT", "/x", "Transfer-Encoding: chunked\r\n") + "x\r\n");
  EXPECT_TRUE(world.engine.finished(socket));
  EXPECT_FALSE(world.engine.closed(socket));
}

// Each body ends within a receive, whose rest is the next request: the tails must not pile up.
TEST_F(Corridor, keeps_the_tails_of_many_unwanted_bodies_in_bounds) {
  std::string requests = head_of("PUT", "/x", "Transfer-Encoding: chunked\r\n");
  const std::string body = "4e20\r\n" + pattern(20'000) + "\r\n0\r\n\r\n";
  for (int i = 0; i < 40; ++i) {
    requests += body + head_of("PUT", "/x", "Transfer-Encoding: chunked\r\n");
  }
  const int socket = world.connect();
  world.say(socket, requests.substr(0, 10));
  const std::string answer = world.say(socket, requests.substr(10) + body + get_hello);
  EXPECT_TRUE(answer.ends_with(hello));
}

// --- Limits of memory ---

// Without a provided buffer a request is received into memory of its own, at once a lot of it.
TEST_F(Corridor, serves_without_provided_buffers) {
  make_writable();
  const std::string content = pattern(60'000);
  for (const std::string_view path : {"/stored", "/folder/"}) {
    world.engine.plan_fault(world.engine.started() + 1, {.error = ENOBUFS});
    const std::string bytes = head_of("PUT", path, "Transfer-Encoding: chunked\r\n") + "ea60\r\n" +
                              content + "\r\n0\r\n\r\n" + get_hello + get_hello + get_hello;
    const std::string answer = world.ask(bytes);
    EXPECT_TRUE(answer.ends_with(hello + hello + hello)) << path;
  }
  EXPECT_EQ(world.root.get("stored"), content);
}

TEST_F(Corridor, keeps_tails_in_bounds_when_heads_must_be_short) {
  make_writable();
  world.site.limits.head_bytes = 256;
  std::string requests;
  const std::string body = "4e20\r\n" + pattern(20'000) + "\r\n0\r\n\r\n";
  for (int i = 0; i < 40; ++i) {
    requests += head_of("PUT", "/x", "Transfer-Encoding: chunked\r\n") + body;
  }
  const int socket = world.connect();
  world.say(socket, requests.substr(0, 10));
  EXPECT_TRUE(world.say(socket, requests.substr(10) + get_hello).ends_with(hello));
  EXPECT_EQ(world.root.get("x"), pattern(20'000));
}

// When all large blocks are lent there are small ones, and nothing else changes.
TEST_F(Corridor, serves_from_small_blocks) {
  make_writable();
  const std::string content = pattern(100'000);
  world.root.put("large", content);
  std::vector<std::span<char>> lent;
  while (lent.size() < BlockPool::large_blocks) lent.push_back(world.worker.blocks.lend());
  std::string requests;
  std::string answers;
  for (int i = 0; i < 100; ++i) {
    requests += get_hello;
    answers += hello;
  }
  EXPECT_EQ(world.ask(requests), answers);
  EXPECT_TRUE(world.ask(get_hello + head_of("GET", "/large")).ends_with(content));
  world.ask(head_of("PUT", "/sized", "Content-Length: 100000\r\n") + content);
  EXPECT_EQ(world.root.get("sized"), content);
  const std::string chunked =
      head_of("PUT", "/chunked", "Transfer-Encoding: chunked\r\n") + "186a0\r\n" + content;
  EXPECT_TRUE(world.ask(chunked + "\r\n0\r\n\r\n" + get_hello).ends_with(hello));
  EXPECT_EQ(world.root.get("chunked"), content);
  for (const std::span<char> block : lent) world.worker.blocks.release(block);
}

// --- Time ---

constexpr uring::Milliseconds slack_ms = 128;  // a timer's two slots

TEST_F(Corridor, gives_a_head_its_time_and_then_says_408) {
  const int socket = world.connect();
  world.pass(59'000);  // idle time is not head time
  world.say(socket, "GET /hello.txt HTTP/1.1\r\n");
  for (int second = 0; second < 9; ++second) {
    world.pass(1000);
    world.say(socket, "A: b\r\n");  // a trickle buys no time
  }
  EXPECT_EQ(world.heard(socket), "");
  world.pass(1000 + slack_ms);
  EXPECT_EQ(
      world.heard(socket),
      refusal("408 Request Timeout", "408 Request Timeout: the request did not arrive in time\n",
              "Connection: close\r\n"));
  EXPECT_TRUE(world.engine.finished(socket));
  world.pass(5000 + slack_ms);
  EXPECT_TRUE(world.engine.closed(socket));
}

TEST_F(Corridor, closes_an_idle_connection_in_silence) {
  const int fresh = world.connect();
  const int used = world.connect();
  world.say(used, get_hello);
  world.pass(60'000 - slack_ms);
  EXPECT_FALSE(world.engine.closed(used));
  world.pass(2 * slack_ms);
  EXPECT_TRUE(world.engine.closed(fresh));
  EXPECT_TRUE(world.engine.closed(used));
  EXPECT_EQ(world.heard(used), hello);
  EXPECT_EQ(world.heard(fresh), "");
}

// The head behind an answered request has its own time, not what the answer had.
TEST_F(Corridor, gives_a_pipelined_head_no_more_time_than_any_other) {
  const int socket = world.connect();
  world.say(socket, get_hello + "GET / HTTP/1.1\r\n");
  EXPECT_EQ(world.heard(socket), hello);
  world.pass(10'000 + slack_ms);
  EXPECT_NE(world.heard(socket).find("408 Request Timeout"), std::string::npos);
}

// A receive that completed when its deadline had just passed: success is a legal answer.
TEST_F(Corridor, answers_a_request_that_arrived_with_its_deadline) {
  world.engine.plan_fault(1, {.delay = 2});
  const int socket = world.connect();
  world.engine.peer_sends(socket, get_hello);
  world.loop.iterate(0);
  world.engine.advance_clock(60'000 + slack_ms);
  world.settle();
  EXPECT_EQ(world.heard(socket), hello);
}

TEST_F(Corridor, drops_a_peer_that_stops_reading_while_others_are_served) {
  world.root.put("large", pattern(4 * BlockPool::large_bytes));
  const int stuck = world.connect();
  world.engine.peer_takes(stuck, 1000);
  world.say(stuck, head_of("GET", "/large"));
  const int other = world.connect();
  std::string answers;
  for (int second = 0; second < 29; ++second) {
    answers += hello;
    ASSERT_EQ(world.say(other, get_hello), answers);
    EXPECT_FALSE(world.engine.closed(stuck));
    world.pass(1000);
  }
  world.pass(1000 + 4 * slack_ms);
  EXPECT_TRUE(world.engine.closed(stuck));
  EXPECT_EQ(world.engine.peer_received(stuck).size(), 1000U);
  EXPECT_EQ(world.worker.blocks.lent(), 0U);
}

// A byte now and then is not reading: the block that waits is wanted back.
TEST_F(Corridor, drops_a_peer_that_reads_below_the_lowest_rate) {
  world.root.put("large", pattern(4 * BlockPool::large_bytes));
  const int slow = world.connect();
  world.engine.peer_takes(slow, 1);
  world.say(slow, head_of("GET", "/large"));
  for (int second = 0; second < 40 && !world.engine.closed(slow); ++second) {
    world.engine.peer_takes(slow, 200);  // 256 are wanted
    world.pass(1000);
  }
  EXPECT_FALSE(world.engine.closed(slow));  // 30 s are everybody's, and what was taken earns more
  for (int second = 0; second < 200 && !world.engine.closed(slow); ++second) {
    world.engine.peer_takes(slow, 200);
    world.pass(1000);
  }
  EXPECT_TRUE(world.engine.closed(slow));
}

// Looked at four times in half a minute, over blocks and pipelined answers: not a byte is lost.
TEST_F(Corridor, serves_who_reads_slowly_to_the_last_byte) {
  const std::string content = pattern(BlockPool::large_bytes + 17);
  world.root.put("large", content);
  const int slow = world.connect();
  world.engine.peer_takes(slow, 0);
  world.say(slow, get_hello + head_of("GET", "/large") + get_hello);
  for (int second = 0; second < 1500 && !world.heard(slow).ends_with("\r\n\r\nhello\n"); ++second) {
    world.engine.peer_takes(slow, second < 1000 ? 260 : 1000);
    world.pass(1000);
  }
  const std::string heard = world.heard(slow);
  EXPECT_TRUE(heard.starts_with(hello));
  EXPECT_TRUE(heard.ends_with(content + hello));
  EXPECT_FALSE(world.engine.closed(slow));
  world.engine.peer_takes(slow, SIZE_MAX);
  EXPECT_TRUE(world.say(slow, get_hello).ends_with(hello + hello));
}

TEST_F(Corridor, holds_back_when_nobody_reads_its_answers) {
  const int socket = world.connect();
  world.engine.peer_takes(socket, 0);
  for (int i = 0; i < 30'000; ++i) world.engine.peer_sends(socket, get_hello);
  world.settle();
  EXPECT_GT(world.engine.unread(socket), 20'000 * get_hello.size());
  world.engine.peer_takes(socket, SIZE_MAX);
  world.settle();
  EXPECT_EQ(world.heard(socket).size(), 30'000 * hello.size());
}

// A lingering close is bounded in time and in bytes.
TEST_F(Corridor, lingers_no_longer_than_an_answer_needs) {
  const int socket = world.connect();
  world.say(socket, "bad\r\n\r\n");
  EXPECT_FALSE(world.engine.closed(socket));
  for (int second = 0; second < 5; ++second) {
    world.say(socket, "x");
    world.pass(1000);
  }
  world.pass(slack_ms);
  EXPECT_TRUE(world.engine.closed(socket));
}

// A disk that takes long is not the peer's fault.
TEST_F(Forgetful, blames_no_peer_for_a_slow_disk) {
  const std::string content = pattern(2 * BlockPool::large_bytes);
  world.root.put("large", content);
  world.engine.plan_fault(2, {.delay = 3});  // recv, open
  const int socket = world.connect();
  world.engine.peer_sends(socket, head_of("GET", "/large"));
  for (int turn = 0; turn < 30; ++turn) {
    world.loop.iterate(0);
    if (world.engine.started() == 2) world.engine.advance_clock(2'000'000);
  }
  world.settle();
  ASSERT_EQ(world.engine.code_of(2), OpCode::open);
  EXPECT_TRUE(world.heard(socket).ends_with(content));
}

// --- Draining ---

TEST_F(Corridor, ends_idle_connections_when_it_drains) {
  const int fresh = world.connect();
  const int used = world.connect();
  world.say(used, get_hello);
  world.worker.drain();
  world.pass(slack_ms);
  EXPECT_TRUE(world.engine.closed(fresh));
  EXPECT_TRUE(world.engine.closed(used));
}

// One that found no provided buffer waits with memory of its own, and is idle all the same.
TEST_F(Corridor, ends_idle_connections_that_wait_with_their_own_memory_when_it_drains) {
  world.engine.plan_next(OpCode::recv_stream, {.error = ENOBUFS});
  const int idle = world.connect();
  world.engine.plan_next(OpCode::recv_stream, {.error = ENOBUFS});
  const int half = world.connect();
  world.say(half, "GET /hello.txt HTTP/1.1\r\n");
  EXPECT_EQ(world.engine.buffers_in_use(), 0U);
  world.worker.drain();
  world.pass(slack_ms);
  EXPECT_TRUE(world.engine.closed(idle));
  EXPECT_TRUE(world.say(half, "Host: a\r\n\r\n").ends_with("hello\n"));
  EXPECT_TRUE(world.engine.closed(half));
}

TEST_F(Corridor, finishes_what_is_in_flight_when_it_drains) {
  const std::string content = pattern(4 * BlockPool::large_bytes);
  world.root.put("large", content);
  const int half = world.connect();
  const int busy = world.connect();
  world.say(half, "GET /hello.txt HTTP/1.1\r\n");
  world.engine.peer_takes(busy, 1000);
  world.say(busy, head_of("GET", "/large"));
  world.worker.drain();
  world.pass(slack_ms);
  EXPECT_FALSE(world.engine.closed(half));
  const std::string answer = world.say(half, "Host: a\r\n\r\n");
  EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("hello\n"));
  EXPECT_TRUE(world.engine.closed(half));
  world.engine.peer_takes(busy, SIZE_MAX);
  world.settle();
  EXPECT_TRUE(world.heard(busy).ends_with(content));
  world.end();
}

TEST_F(Corridor, answers_who_connects_while_it_drains_but_waits_for_nobody) {
  world.worker.drain();
  const int quick = world.connect();
  const int silent = world.connect();
  EXPECT_TRUE(world.say(quick, get_hello).ends_with("hello\n"));
  EXPECT_TRUE(world.engine.closed(quick));
  world.pass(1000 + slack_ms);
  EXPECT_TRUE(world.engine.closed(silent));
}

// The request was already received when the order to drain came: it is answered, not forgotten.
TEST_F(Corridor, answers_a_request_that_arrived_with_the_order_to_drain) {
  world.engine.plan_fault(1, {.delay = 2});
  const int socket = world.connect();
  world.engine.peer_sends(socket, get_hello);
  world.loop.iterate(0);
  world.worker.drain();
  world.settle();
  world.pass(slack_ms);
  EXPECT_TRUE(world.heard(socket).ends_with("hello\n")) << world.heard(socket);
  EXPECT_TRUE(world.engine.closed(socket));
}

TEST_F(Corridor, stops_at_once_without_letting_time_pass) {
  world.root.put("large", pattern(4 * BlockPool::large_bytes));
  world.connect();
  world.say(world.connect(), "GET /");
  const int stuck = world.connect();
  world.engine.peer_takes(stuck, 1);
  world.say(stuck, head_of("GET", "/large"));
  const int lingering = world.connect();
  world.say(lingering, "bad\r\n\r\n");
  const uring::Milliseconds before = world.engine.now();
  world.worker.drain();
  world.worker.connections.stop();
  world.settle();
  EXPECT_TRUE(world.worker.connections.empty());
  EXPECT_EQ(world.engine.now(), before);
}

// The order to stop comes between a deadline and what it cancelled.
TEST_F(Corridor, stops_at_once_also_when_a_deadline_has_just_passed) {
  const int socket = world.connect();
  world.engine.peer_takes(socket, 0);
  world.say(socket, "GET /");
  world.engine.advance_clock(10'000 + slack_ms);
  world.loop.iterate(0);
  world.worker.connections.stop();
  world.settle();
  EXPECT_TRUE(world.worker.connections.empty());
}

// --- The logs ---

// A corridor whose logs are files of another folder.
class Logged : public Corridor {
 protected:
  Logged() {
    make_writable();
    EXPECT_EQ(access_.open(), 0);
    EXPECT_EQ(heads_.open(), 0);
    world.shared.access_log = &access_;
  }

  // Of each line: the request line in quotes, the status and the bytes.
  std::vector<std::string> lines() {
    access_.stop();
    std::vector<std::string> all;
    std::istringstream text(logs_.get("access"));
    for (std::string line; std::getline(text, line);) {
      const std::size_t begin = line.find('"');
      all.push_back(line.substr(begin, line.find(" \"", begin) - begin));
    }
    return all;
  }

  lab::Folder logs_;
  AccessLog access_{(logs_ / "access").string(), LogFormat::combined};
  AccessLog heads_{(logs_ / "heads").string(), LogFormat::combined};
};

using Lines = std::vector<std::string>;

TEST_F(Logged, has_a_line_for_each_answer) {
  world.ask(get_hello + head_of("HEAD", "/hello.txt") + head_of("GET", "/none") +
            head_of("GET", "/hello.txt", "Range: bytes=1-2\r\n") + "bad\r\n\r\n");
  world.ask("");
  EXPECT_EQ(lines(), (Lines{"\"GET /hello.txt HTTP/1.1\" 200 6",
                            "\"HEAD /hello.txt HTTP/1.1\" 200 0", "\"GET /none HTTP/1.1\" 404 45",
                            "\"GET /hello.txt HTTP/1.1\" 206 2", "\"-\" 400 78"}));
}

// What a line says lies in received bytes, which move and go: it must have been written before.
TEST_F(Logged, says_what_was_asked_however_it_was_split) {
  const std::string bytes =
      head_of("GET", "/hello.txt?1") + head_of("PUT", "/new?2", "Transfer-Encoding: chunked\r\n") +
      "3\r\nabc\r\n0\r\n\r\n" + head_of("GET", "/new?3", "Content-Length: 4\r\n") + "body" +
      head_of("DELETE", "/new?4");
  Lines expected;
  for (std::size_t at = 1; at < bytes.size(); ++at) {
    const int socket = world.connect();
    world.say(socket, bytes.substr(0, at));
    world.say(socket, bytes.substr(at));
    world.engine.peer_finishes(socket);
    world.settle();
    expected.insert(expected.end(),
                    {"\"GET /hello.txt?1 HTTP/1.1\" 200 6", "\"PUT /new?2 HTTP/1.1\" 201 0",
                     "\"GET /new?3 HTTP/1.1\" 200 3", "\"DELETE /new?4 HTTP/1.1\" 204 0"});
  }
  EXPECT_EQ(lines(), expected);
}

TEST_F(Logged, says_how_much_of_a_broken_answer_was_sent) {
  world.root.put("large", pattern(2 * BlockPool::large_bytes));
  const int socket = world.connect();
  world.engine.peer_takes(socket, 1000);
  world.say(socket, get_hello + head_of("GET", "/large"));
  const std::string_view received = world.engine.peer_received(socket);
  const std::size_t body = received.rfind("\r\n\r\n") + 4;
  ASSERT_LT(body, received.size());
  const std::string sent = std::to_string(received.size() - body);
  world.worker.connections.stop();
  world.settle();
  EXPECT_EQ(lines(),
            (Lines{"\"GET /hello.txt HTTP/1.1\" 200 6", "\"GET /large HTTP/1.1\" 200 " + sent}));
}

TEST_F(Logged, has_the_heads_if_it_is_told_to) {
  world.shared.head_log = &heads_;
  world.shared.access_log = nullptr;
  world.ask(head_of("GET", "/none", "Authorization: secret\r\n"));
  heads_.stop();
  EXPECT_TRUE(logs_.get("heads").starts_with(
      "* unix\n> GET /none HTTP/1.1\n> Host: a\n> Authorization: (masked)\n"
      "< HTTP/1.1 404 Not Found\n< Date: "));
}

}  // namespace
}  // namespace server
