// serve(): the requests of one connection, when it stays open, and its timeouts. On the simulated
// engine with real files. Failures are in faults_test.cc, random events in chaos_test.cc.
#include "apps/server/serve.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/connection_fixture.h"

namespace server {
namespace {

using lab::get_hello;
using lab::head_of;
using lab::hello;
using lab::hello_head;
using lab::slack_ms;
using lab::text_response;
using uring::OpCode;

class Serving : public lab::ConnectionTest {};
class ServingUncached : public lab::UncachedConnectionTest {};

TEST_F(Serving, awaits_nothing_but_send_and_recv_for_a_small_file) {
  const int socket = world.connect();
  world.say(socket, get_hello);
  EXPECT_EQ(world.engine.started(), 2U);
  world.say(socket, get_hello);
  EXPECT_EQ(world.engine.started(), 3U);  // send
}

TEST_F(ServingUncached, awaits_an_open_and_a_read_of_a_file_that_is_not_cached) {
  const int socket = world.connect();
  world.say(socket, get_hello);
  EXPECT_EQ(world.engine.started(), 4U);
  world.say(socket, get_hello);
  EXPECT_EQ(world.engine.started(), 7U);  // open, read, send
}

TEST_F(Serving, sends_equal_responses_however_requests_are_split) {
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

TEST_F(Serving, keeps_and_closes_connections_as_RFC_9112_9_3_says) {
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

TEST_F(Serving, responds_to_requests_before_a_malformed_one_and_to_none_after_it) {
  const int socket = world.connect();
  world.say(socket, get_hello + "GET / HTTP/1.1\nHost: a\r\n\r\n" + get_hello);
  EXPECT_EQ(
      world.heard(socket),
      hello + text_response("400 Bad Request",
                            "400 Bad Request: A line feed stands without its carriage return.\n",
                            "Connection: close\r\n"));
  EXPECT_EQ(world.engine.started(OpCode::send), 1U);
  EXPECT_TRUE(world.engine.finished(socket));
}

TEST_F(Serving, responds_to_a_client_that_ends_its_side_after_its_request) {
  EXPECT_EQ(world.ask(get_hello + get_hello), hello + hello);
  EXPECT_EQ(world.ask(""), "");
  EXPECT_EQ(world.ask("GET / HT"), "");
}

TEST_F(Serving, lends_nothing_to_an_idle_connection) {
  const int socket = world.connect();
  world.say(socket, get_hello);
  EXPECT_EQ(world.worker.blocks.lent(), 0U);
  EXPECT_EQ(world.engine.buffers_in_use(), 0U);
  world.say(socket, "GET /");
  EXPECT_EQ(world.worker.blocks.lent(), 1U);
  EXPECT_EQ(world.engine.buffers_in_use(), 1U);
}

TEST_F(Serving, responds_503_to_clients_over_the_limit) {
  world.generation->most_connections = 2;
  world.connect();
  const int second = world.connect();
  const int third = world.connect();
  EXPECT_EQ(world.say(second, get_hello), hello);
  EXPECT_EQ(world.say(third, get_hello),
            text_response("503 Service Unavailable",
                          "503 Service Unavailable: the server is busy; try again soon\n",
                          "Retry-After: 1\r\nConnection: close\r\n"));
  EXPECT_TRUE(world.engine.closed(third));
}

TEST_F(Serving, refuses_methods_targets_and_heads_that_it_does_not_serve) {
  const auto status = [&](std::string_view bytes) {
    const int socket = world.connect();
    const std::string response = world.say(socket, bytes);
    world.engine.peer_finishes(socket);
    world.settle();
    return response.substr(9, 3);
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

// --- Timeouts ---

TEST_F(Serving, responds_408_when_the_time_for_a_head_is_over) {
  const int socket = world.connect();
  world.pass(59'000);  // idle time is not head time
  world.say(socket, "GET /hello.txt HTTP/1.1\r\n");
  for (int second = 0; second < 9; ++second) {
    world.pass(1000);
    world.say(socket, "A: b\r\n");  // a trickle buys no time
  }
  EXPECT_EQ(world.heard(socket), "");
  world.pass(1000 + slack_ms);
  EXPECT_EQ(world.heard(socket),
            text_response("408 Request Timeout",
                          "408 Request Timeout: the request did not arrive in time\n",
                          "Connection: close\r\n"));
  EXPECT_TRUE(world.engine.finished(socket));
  world.pass(5000 + slack_ms);
  EXPECT_TRUE(world.engine.closed(socket));
}

TEST_F(Serving, closes_an_idle_connection_without_a_response) {
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

// The time for a head begins when the request before it is finished.
TEST_F(Serving, gives_a_pipelined_head_no_more_time_than_any_other) {
  const int socket = world.connect();
  world.say(socket, get_hello + "GET / HTTP/1.1\r\n");
  EXPECT_EQ(world.heard(socket), hello);
  world.pass(10'000 + slack_ms);
  EXPECT_NE(world.heard(socket).find("408 Request Timeout"), std::string::npos);
}

// A receive may succeed although its deadline has just passed.
TEST_F(Serving, responds_to_a_request_that_arrives_with_its_deadline) {
  world.engine.plan_fault(1, {.delay = 2});
  const int socket = world.connect();
  world.engine.peer_sends(socket, get_hello);
  world.loop.iterate(0);
  world.engine.advance_clock(60'000 + slack_ms);
  world.settle();
  EXPECT_EQ(world.heard(socket), hello);
}

}  // namespace
}  // namespace server
