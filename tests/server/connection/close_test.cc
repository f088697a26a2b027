// Closing connections: the lingering close, a worker that drains, and one that stops. On the
// simulated engine.
#include "apps/server/connection/close.h"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

#include "tests/server/connection_fixture.h"

namespace server {
namespace {

using lab::get_hello;
using lab::head_of;
using lab::hello;
using lab::pattern;
using lab::slack_ms;
using lab::text_response;
using uring::OpCode;

// The time of a client that has connected before a drain, for its first request.
constexpr uring::Milliseconds draining_ms = 1000;

class Closing : public lab::ConnectionTest {};

// RFC 9112 section 9.6: no request is served after a close, and the close lingers.
TEST_F(Closing, ignores_requests_behind_one_that_closes_the_connection) {
  const int socket = world.connect();
  const std::string response =
      world.say(socket, head_of("GET", "/none", "Connection: close\r\n") + get_hello);
  EXPECT_EQ(response,
            text_response("404 Not Found", "404 Not Found: there is nothing of this name\n",
                          "Connection: close\r\n"));
  EXPECT_TRUE(world.engine.finished(socket));
  EXPECT_FALSE(world.engine.closed(socket));
  world.engine.peer_sends(socket, get_hello);
  world.engine.peer_finishes(socket);
  world.settle();
  EXPECT_TRUE(world.engine.closed(socket));
  EXPECT_EQ(world.heard(socket), response);
}

// A lingering close is bounded in time and in bytes.
TEST_F(Closing, bounds_the_time_of_a_lingering_close) {
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

TEST_F(Closing, lingers_although_no_receive_buffer_is_left) {
  const int socket = world.connect();
  world.say(socket, "bad\r\n\r\n");
  const int other = world.connect();
  world.say(other, "GET /");  // which keeps a buffer
  world.engine.set_behaviour({.most_buffers = 1});
  for (int i = 0; i < 3; ++i) {
    world.say(socket, pattern(2000));
    EXPECT_FALSE(world.engine.closed(socket));
    EXPECT_EQ(world.engine.unread(socket), 0U);
  }
  world.engine.peer_finishes(socket);
  world.settle();
  EXPECT_TRUE(world.engine.closed(socket));
  world.engine.peer_finishes(other);
}

// The kernel may have accepted the rest of a response that the peer does not read.
TEST_F(Closing, limits_how_long_the_kernel_keeps_a_response_after_an_idle_connection_was_closed) {
  const int socket = world.connect();
  world.say(socket, get_hello);
  world.pass(world.site.timeouts.idle_ms + slack_ms);
  EXPECT_TRUE(world.engine.closed(socket));
  EXPECT_EQ(world.engine.stall_limit(socket), world.site.timeouts.body_ms);
}

// --- Draining ---

TEST_F(Closing, ends_idle_connections_when_it_drains) {
  const int fresh = world.connect();
  const int used = world.connect();
  world.say(used, get_hello);
  world.worker.drain();
  world.pass(slack_ms);
  EXPECT_TRUE(world.engine.closed(used));
  EXPECT_FALSE(world.engine.closed(fresh)) << "its client may just have connected";
  world.pass(draining_ms + slack_ms);
  EXPECT_TRUE(world.engine.closed(fresh));
}

TEST_F(Closing, answers_the_first_request_of_a_client_that_connected_before_it_drains) {
  const int fresh = world.connect();
  world.worker.drain();
  world.pass(draining_ms - slack_ms);
  const std::string response = world.say(fresh, get_hello);
  EXPECT_NE(response.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_TRUE(response.ends_with("hello\n"));
  EXPECT_TRUE(world.engine.closed(fresh));
}

// Its bytes arrive with the event that begins the drain, or are in the socket's buffer then.
TEST_F(Closing, answers_a_request_that_has_arrived_when_it_drains) {
  const int used = world.connect();
  const int half = world.connect();
  world.say(used, get_hello);
  world.engine.peer_sends(used, get_hello);
  world.engine.peer_sends(half, "GET /hello.txt HTTP/1.1\r\n");
  world.worker.drain();
  world.settle();
  EXPECT_EQ(lab::statuses_of(world.heard(used)), (std::vector<int>{200, 200}));
  EXPECT_TRUE(world.engine.closed(used));
  EXPECT_TRUE(world.say(half, "Host: a\r\n\r\n").ends_with("hello\n"));
  EXPECT_TRUE(world.engine.closed(half));
}

// The kernel may receive between the end of the wait and its cancellation.
TEST_F(Closing, uses_bytes_that_arrive_with_the_cancellation_of_an_idle_connection) {
  for (std::uint32_t seed = 1; seed <= 20; ++seed) {
    lab::World other;
    other.root.put("hello.txt", "hello\n");
    const int used = other.connect();
    other.say(used, get_hello);
    other.engine.set_behaviour(
        {.seed = seed, .partial_progress = true, .success_beats_cancel = true});
    other.engine.peer_sends(used, get_hello);
    other.worker.drain();
    other.end();
    EXPECT_EQ(lab::statuses_of(other.heard(used)), (std::vector<int>{200, 200})) << seed;
  }
}

// A connection that found no provided buffer waits with memory of its exchange, and is idle as
// well.
TEST_F(Closing, ends_idle_connections_that_wait_with_their_own_memory_when_it_drains) {
  world.engine.plan_next(OpCode::recv_stream, {.error = ENOBUFS});
  const int idle = world.connect();
  world.engine.plan_next(OpCode::recv_stream, {.error = ENOBUFS});
  const int half = world.connect();
  world.say(half, "GET /hello.txt HTTP/1.1\r\n");
  EXPECT_EQ(world.engine.buffers_in_use(), 0U);
  world.worker.drain();
  world.pass(slack_ms);
  world.pass(draining_ms + slack_ms);
  EXPECT_TRUE(world.engine.closed(idle));
  EXPECT_TRUE(world.say(half, "Host: a\r\n\r\n").ends_with("hello\n"));
  EXPECT_TRUE(world.engine.closed(half));
}

TEST_F(Closing, finishes_requests_that_have_begun_when_it_drains) {
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
  const std::string response = world.say(half, "Host: a\r\n\r\n");
  EXPECT_NE(response.find("\r\nConnection: close\r\n"), std::string::npos);
  EXPECT_TRUE(response.ends_with("hello\n"));
  EXPECT_TRUE(world.engine.closed(half));
  world.engine.peer_takes(busy, SIZE_MAX);
  world.settle();
  EXPECT_TRUE(world.heard(busy).ends_with(content));
  world.end();
}

TEST_F(Closing, serves_clients_that_connect_while_it_drains_but_waits_a_second_at_most) {
  world.worker.drain();
  const int quick = world.connect();
  const int silent = world.connect();
  EXPECT_TRUE(world.say(quick, get_hello).ends_with("hello\n"));
  EXPECT_TRUE(world.engine.closed(quick));
  world.pass(1000 + slack_ms);
  EXPECT_TRUE(world.engine.closed(silent));
}

// The request was already received when the worker began to drain.
TEST_F(Closing, responds_to_a_request_that_arrives_when_it_begins_to_drain) {
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

// --- Stopping ---

TEST_F(Closing, stops_at_once_without_letting_time_pass) {
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

// The worker stops after a deadline has passed and before the operation is cancelled.
TEST_F(Closing, stops_at_once_even_if_a_deadline_has_just_passed) {
  const int socket = world.connect();
  world.engine.peer_takes(socket, 0);
  world.say(socket, "GET /");
  world.engine.advance_clock(10'000 + slack_ms);
  world.loop.iterate(0);
  world.worker.connections.stop();
  world.settle();
  EXPECT_TRUE(world.worker.connections.empty());
}

}  // namespace
}  // namespace server
