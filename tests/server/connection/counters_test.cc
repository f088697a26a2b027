// What whole connections leave in the counters of their worker, on the simulated engine.
#include "apps/server/connection/counters.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "apps/server/connection/publish_counters.h"
#include "tests/server/connection_fixture.h"

namespace server {
namespace {

using lab::get_hello;
using lab::head_of;

// A World whose worker counts.
class CountedConnection : public ::testing::Test {
 protected:
  CountedConnection() {
    world_.root.put("hello.txt", "hello\n");
    world_.site.writable = true;
  }
  void TearDown() override { world_.end(); }

  std::uint64_t requests(MethodLabel method, int status) const {
    return of(method).requests[static_cast<std::size_t>(status - least_status)].read();
  }
  std::uint64_t durations(MethodLabel method) const { return count(of(method).durations); }
  static std::uint64_t count(const HistogramCounters& histogram) {
    std::uint64_t sum = 0;
    for (const Counter& bucket : histogram.buckets) sum += bucket.read();
    return sum;
  }
  const MethodCounters& of(MethodLabel method) const {
    return counters_.methods[static_cast<std::size_t>(method)];
  }
  std::uint64_t timeouts(TimeoutKind kind) const {
    return counters_.timeouts[static_cast<std::size_t>(kind)].read();
  }
  std::uint64_t uploads(UploadResult result) const {
    return counters_.uploads[static_cast<std::size_t>(result)].read();
  }

  WorkerCounters counters_;
  lab::World world_{lab::default_cache_bytes, &counters_};
};

TEST_F(CountedConnection, counts_responses_by_method_and_status) {
  for (int i = 0; i < 3; ++i) world_.ask(get_hello);  // the last one by the fast path
  world_.ask(head_of("HEAD", "/hello.txt") + head_of("GET", "/none") + head_of("FIND", "/"));
  world_.ask("bad\r\n\r\n");
  EXPECT_EQ(requests(MethodLabel::get, 200), 3U);
  EXPECT_EQ(requests(MethodLabel::get, 404), 1U);
  EXPECT_EQ(requests(MethodLabel::head, 200), 1U);
  EXPECT_EQ(requests(MethodLabel::other, 501), 1U);
  EXPECT_EQ(requests(MethodLabel::other, 400), 1U);
  EXPECT_EQ(durations(MethodLabel::get), 4U);
  EXPECT_EQ(count(counters_.first_bytes), 7U);
  EXPECT_EQ(counters_.accepted.read(), 5U);
}

TEST_F(CountedConnection, counts_each_byte_that_was_sent_and_received) {
  const std::string one = world_.ask(get_hello);
  const std::string put = head_of("PUT", "/new", "Content-Length: 5\r\n") + "12345";
  const std::string two = world_.ask(put);
  const std::string chunked = head_of("PUT", "/two", "Transfer-Encoding: chunked\r\n");
  const std::string three = world_.ask(chunked + "3\r\nabc\r\n0\r\n\r\n");
  constexpr std::size_t date = 29 - 3;  // World replaces the value of Date by NOW
  EXPECT_EQ(counters_.response_bytes.read(), one.size() + two.size() + three.size() + 3 * date);
  EXPECT_EQ(counters_.request_bytes.read(), get_hello.size() + put.size() + chunked.size() +
                                                std::string_view("3\r\nabc\r\n0\r\n\r\n").size());
}

TEST_F(CountedConnection, counts_a_large_response_once) {
  const std::string large = lab::pattern(3'000'000);
  world_.root.put("large", large);
  const std::string answer = world_.ask(head_of("GET", "/large"));
  EXPECT_TRUE(answer.ends_with(large));
  EXPECT_EQ(requests(MethodLabel::get, 200), 1U);
  EXPECT_EQ(durations(MethodLabel::get), 1U);
  EXPECT_EQ(count(counters_.first_bytes), 1U);
  EXPECT_GT(counters_.response_bytes.read(), large.size());
}

TEST_F(CountedConnection, counts_a_response_that_the_client_leaves) {
  world_.root.put("large", lab::pattern(3'000'000));
  const int socket = world_.connect();
  world_.engine.peer_takes(socket, 1000);
  world_.say(socket, head_of("GET", "/large"));
  world_.engine.peer_resets(socket);
  world_.settle();
  EXPECT_EQ(requests(MethodLabel::get, 200), 1U);
  EXPECT_LT(counters_.response_bytes.read(), 3'000'000U);
}

TEST_F(CountedConnection, counts_uploads_by_result) {
  world_.ask(head_of("PUT", "/new", "Content-Length: 1\r\n") + "x");
  world_.ask(head_of("PUT", "/new", "Content-Length: 1\r\nIf-None-Match: *\r\n") + "x");
  world_.ask(head_of("PUT", "/cut", "Content-Length: 9\r\n") + "x");
  EXPECT_EQ(uploads(UploadResult::stored), 1U);
  EXPECT_EQ(uploads(UploadResult::refused), 1U);
  EXPECT_EQ(uploads(UploadResult::aborted), 1U);
  EXPECT_EQ(counters_.uploads_in_flight.read(), 0U);
  const int socket = world_.connect();
  world_.say(socket, head_of("PUT", "/slow", "Content-Length: 9\r\n") + "x");
  EXPECT_EQ(counters_.uploads_in_flight.read(), 1U);
  world_.pass(world_.site.timeouts.body_ms + lab::slack_ms);
  EXPECT_EQ(timeouts(TimeoutKind::body), 1U);
  EXPECT_EQ(uploads(UploadResult::aborted), 2U);
}

TEST_F(CountedConnection, counts_timeouts_by_kind) {
  const int idle = world_.connect();
  world_.pass(world_.site.timeouts.idle_ms + lab::slack_ms);
  EXPECT_TRUE(world_.engine.closed(idle));
  EXPECT_EQ(timeouts(TimeoutKind::idle), 1U);
  const int slow = world_.connect();
  world_.say(slow, "GET /");
  world_.pass(world_.site.timeouts.head_ms + lab::slack_ms);
  EXPECT_EQ(timeouts(TimeoutKind::head), 1U);
  EXPECT_EQ(requests(MethodLabel::other, 408), 1U);
}

TEST_F(CountedConnection, counts_refused_connections) {
  world_.generation->most_connections = 1;
  const int first = world_.connect();
  world_.ask(get_hello);
  EXPECT_EQ(counters_.refused[0].read(), 1U);
  EXPECT_EQ(requests(MethodLabel::get, 503), 1U);
  world_.engine.peer_finishes(first);
}

TEST_F(CountedConnection, publishes_what_modules_count_and_answers) {
  const int socket = world_.connect();
  world_.say(socket, get_hello);
  world_.say(socket, get_hello);
  counters_.asked = 7;
  publish_counters(world_.worker);
  EXPECT_EQ(counters_.answered.load(), 7U);
  EXPECT_EQ(counters_.connections.read(), 1U);
  EXPECT_EQ(counters_.active_connections.read(), 0U);
  EXPECT_GE(counters_.cache_hits.read(), 1U);
  EXPECT_GE(counters_.cache_files.read(), 1U);
  EXPECT_GT(counters_.operations.read(), 0U);
  world_.engine.peer_finishes(socket);
}

}  // namespace
}  // namespace server
