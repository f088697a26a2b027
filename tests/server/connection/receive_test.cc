// Receiving bodies: the bytes of following requests behind them, and a lack of provided buffers. On
// the simulated engine; how bodies are framed is in body_reader_test.cc.
#include "apps/server/connection/receive.h"

#include <cerrno>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/server/connection_fixture.h"

namespace server {
namespace {

using lab::get_hello;
using lab::head_of;
using lab::hello;
using lab::pattern;

class Receiving : public lab::ConnectionTest {};

// Each body ends within a receive, whose rest is the next request.
TEST_F(Receiving, keeps_the_bytes_behind_many_unwanted_bodies_within_its_memory) {
  std::string requests = head_of("PUT", "/x", "Transfer-Encoding: chunked\r\n");
  const std::string body = "4e20\r\n" + pattern(20'000) + "\r\n0\r\n\r\n";
  for (int i = 0; i < 40; ++i) {
    requests += body + head_of("PUT", "/x", "Transfer-Encoding: chunked\r\n");
  }
  const int socket = world.connect();
  world.say(socket, requests.substr(0, 10));
  const std::string response = world.say(socket, requests.substr(10) + body + get_hello);
  EXPECT_TRUE(response.ends_with(hello));
}

// Without a provided buffer a request is received into memory of the exchange, in large pieces.
TEST_F(Receiving, serves_without_provided_buffers) {
  make_writable();
  const std::string content = pattern(60'000);
  for (const std::string_view path : {"/stored", "/folder/"}) {
    world.engine.plan_fault(world.engine.started() + 1, {.error = ENOBUFS});
    const std::string bytes = head_of("PUT", path, "Transfer-Encoding: chunked\r\n") + "ea60\r\n" +
                              content + "\r\n0\r\n\r\n" + get_hello + get_hello + get_hello;
    const std::string response = world.ask(bytes);
    EXPECT_TRUE(response.ends_with(hello + hello + hello)) << path;
  }
  EXPECT_EQ(world.root.get("stored"), content);
}

TEST_F(Receiving, keeps_the_bytes_behind_bodies_within_its_memory_when_heads_must_be_short) {
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

}  // namespace
}  // namespace server
