// Responses byte by byte, the configured fields, and request bodies that no handler receives. On
// the simulated engine.
#include "apps/server/connection/respond.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/connection/receive.h"
#include "tests/server/connection_fixture.h"

namespace server {
namespace {

using lab::get_hello;
using lab::head_of;
using lab::hello;
using lab::hello_head;
using lab::not_found;
using lab::pattern;

class Responding : public lab::ConnectionTest {};

TEST_F(Responding, responds_to_GET_and_HEAD_with_exactly_these_bytes) {
  const int socket = world.connect();
  EXPECT_EQ(world.say(socket, get_hello), hello);
  EXPECT_EQ(world.say(socket, head_of("HEAD", "/hello.txt")), hello + hello_head);
  EXPECT_EQ(world.say(socket, head_of("GET", "/none")), hello + hello_head + not_found);
  EXPECT_FALSE(world.engine.closed(socket));
}

TEST_F(Responding, adds_the_configured_fields_to_every_response) {
  ASSERT_EQ(add_header("X-A: b", world.site.extra_fields), "");
  ASSERT_EQ(add_origin("*", world.site.extra_fields), "");
  const std::string lines = "\r\nX-A: b\r\nAccess-Control-Allow-Origin: *\r\n";
  for (const std::string& request :
       {get_hello, head_of("GET", "/none"), head_of("BREW", "/"), head_of("OPTIONS", "/"),
        head_of("GET", "/hello.txt", "If-None-Match: *\r\n"), std::string("no HTTP\r\n\r\n")}) {
    const std::string response = world.ask(request);
    EXPECT_NE(response.find(lines), std::string::npos) << response;
  }
  world.site.writable = true;
  const std::string preflight = world.ask(
      head_of("OPTIONS", "/new", "Origin: https://a\r\nAccess-Control-Request-Method: PUT\r\n"));
  EXPECT_NE(preflight.find("Access-Control-Allow-Methods: GET, HEAD, OPTIONS, PUT, DELETE, MKCOL, "
                           "MOVE\r\n"),
            std::string::npos);
}

TEST_F(Responding, drops_a_small_unwanted_body_and_keeps_the_connection) {
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

TEST_F(Responding, lingers_before_a_large_unwanted_body) {
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

// The size of a chunked body is not known when the response begins, and the response does not
// announce the end of the connection.
TEST_F(Responding, drops_a_large_chunked_unwanted_body_and_keeps_the_connection) {
  const int socket = world.connect();
  const std::string head = head_of("PUT", "/x", "Transfer-Encoding: chunked\r\n");
  EXPECT_TRUE(world.say(socket, head).starts_with("HTTP/1.1 405 "));
  for (int i = 0; i < 200; ++i) world.say(socket, "400\r\n" + pattern(1024) + "\r\n");
  EXPECT_EQ(world.heard(socket).find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_TRUE(world.say(socket, "0\r\n\r\n" + get_hello).ends_with(hello));
  EXPECT_FALSE(world.engine.finished(socket));
}

// Each refusal of a PUT either announces the end of the connection, or the next request gets its
// response.
TEST_F(Responding, keeps_its_promise_about_the_connection_after_each_refused_body) {
  make_writable();
  const std::string body = "19000\r\n" + pattern(0x19000) + "\r\n0\r\n\r\n";
  const std::string chunked = "Transfer-Encoding: chunked\r\n";
  const auto is_promised = [](const std::string& response) {
    return response.find("\r\nConnection: close\r\n") == std::string::npos;
  };
  struct Row {
    const char* target;
    const char* fields;
    int status;
    bool is_kept;
  };
  for (const Row& row : {Row{"/hello.txt", "If-None-Match: *\r\n", 412, true},
                         Row{"/hello.txt/x", "", 409, true}, Row{"/new", "Range: x\r\n", 400, true},
                         Row{"/new", "If-Match: *\r\nExpect: 100-continue\r\n", 412, false}}) {
    const std::string bytes = head_of("PUT", row.target, chunked + row.fields) + body + get_hello;
    const std::string response = world.ask(bytes);
    EXPECT_EQ(lab::statuses_of(response)[0], row.status) << response;
    EXPECT_EQ(is_promised(response), row.is_kept) << response;
    EXPECT_EQ(response.ends_with(hello), row.is_kept) << response;
  }
}

TEST_F(Responding, ends_the_connection_if_the_rest_of_an_unwanted_body_does_not_arrive) {
  const int socket = world.connect();
  world.say(socket, head_of("PUT", "/x", "Transfer-Encoding: chunked\r\n") + "5\r\nabc");
  EXPECT_FALSE(world.engine.finished(socket));
  world.pass(world.site.timeouts.body_ms + 100);
  EXPECT_TRUE(world.engine.finished(socket));
}

TEST_F(Responding, lingers_when_an_unwanted_body_is_malformed) {
  const int socket = world.connect();
  world.say(socket, head_of("PUT", "/x", "Transfer-Encoding: chunked\r\n") + "x\r\n");
  EXPECT_TRUE(world.engine.finished(socket));
  EXPECT_FALSE(world.engine.closed(socket));
}

class LongTargets : public lab::ConnectionTest {
 protected:
  LongTargets() {
    make_writable();
    world.site.limits.head_bytes = 63 * 1024;
    world.site.limits.target_bytes = 63 * 1024;
    world.root.put("directory/a", "");
    for (int i = 0; i < 5'000; ++i) target += "/.";
    target += "/new";
  }
  std::string target;
  const std::string query = "?" + std::string(20'000, 'q');
};

TEST_F(LongTargets, get_a_location_that_is_as_long) {
  const std::string stored = world.ask(head_of("PUT", target, "Content-Length: 1\r\n") + "x");
  EXPECT_NE(stored.find("\r\nLocation: " + target + "\r\n"), std::string::npos);
  const std::string redirect = world.ask(head_of("GET", "/directory" + query));
  EXPECT_NE(redirect.find("\r\nLocation: directory/" + query + "\r\n"), std::string::npos);
}

// When all large blocks are lent, the head does not fit into the block of another exchange.
TEST_F(LongTargets, get_a_response_without_location_from_a_small_block) {
  std::vector<int> sockets;
  for (std::size_t i = 0; i < BlockPool::large_blocks; ++i) {
    sockets.push_back(world.connect());
    world.say(sockets.back(), "GET /");
  }
  const std::string stored = world.ask(head_of("PUT", target, "Content-Length: 1\r\n") + "x");
  EXPECT_TRUE(stored.starts_with("HTTP/1.1 201 ")) << stored;
  EXPECT_NE(stored.find("\r\nLocation: " + target + "\r\n"), std::string::npos) << "10 KB fit";
  const std::string redirect = world.ask(head_of("GET", "/directory" + query));
  EXPECT_TRUE(redirect.starts_with("HTTP/1.1 503 ")) << redirect;
  std::string longer = target.substr(0, 10'000) + target;
  const std::string other = world.ask(head_of("PUT", longer + "er", "Content-Length: 1\r\n") + "x");
  EXPECT_TRUE(other.starts_with("HTTP/1.1 201 ")) << other;
  EXPECT_EQ(other.find("\r\nLocation: "), std::string::npos);
  for (const int socket : sockets) world.engine.peer_finishes(socket);
}

}  // namespace
}  // namespace server
