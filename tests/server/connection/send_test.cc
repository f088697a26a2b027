// Sending responses: how many of them are sent together, from which blocks, and how long a slow
// peer may take. On the simulated engine.
#include "apps/server/connection/send.h"

#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/connection_fixture.h"

namespace server {
namespace {

using lab::get_hello;
using lab::head_of;
using lab::hello;
using lab::not_found;
using lab::pattern;
using lab::slack_ms;
using uring::OpCode;

class Sending : public lab::ConnectionTest {};
class SendingUncached : public lab::UncachedConnectionTest {};

TEST_F(Sending, gathers_the_responses_of_pipelined_requests_in_one_send) {
  const int socket = world.connect();
  const std::string none = head_of("GET", "/none");
  EXPECT_EQ(world.say(socket, get_hello + none + get_hello), hello + not_found + hello);
  EXPECT_EQ(world.engine.started(OpCode::send), 1U);
  EXPECT_EQ(world.engine.started(OpCode::recv_stream), 1U);
  // The file is in the cache; a name that does not exist may need an open, as may 404.html.
  EXPECT_LE(world.engine.started(OpCode::open), 2U);
  EXPECT_EQ(world.engine.started(OpCode::read), 0U);
}

// Thousands of requests at once: the responses are in order, and a send has at most a block.
TEST_F(Sending, sends_at_most_a_block_of_pipelined_responses_at_once) {
  std::string requests;
  std::string responses;
  for (int i = 0; i < 5000; ++i) {
    requests += get_hello;
    responses += hello;
  }
  const int socket = world.connect();
  EXPECT_EQ(world.say(socket, requests), responses);
  EXPECT_GE(world.engine.started(OpCode::send), responses.size() / BlockPool::large_bytes);
}

TEST_F(Sending, stops_receiving_when_the_peer_reads_no_responses) {
  const int socket = world.connect();
  world.engine.peer_takes(socket, 0);
  for (int i = 0; i < 30'000; ++i) world.engine.peer_sends(socket, get_hello);
  world.settle();
  EXPECT_GT(world.engine.unread(socket), 20'000 * get_hello.size());
  world.engine.peer_takes(socket, SIZE_MAX);
  world.settle();
  EXPECT_EQ(world.heard(socket).size(), 30'000 * hello.size());
}

// When all large blocks are lent, requests are served from small ones.
TEST_F(Sending, serves_from_small_blocks) {
  make_writable();
  const std::string content = pattern(100'000);
  world.root.put("large", content);
  std::vector<std::span<char>> lent;
  while (lent.size() < BlockPool::large_blocks) lent.push_back(world.worker.blocks.lend());
  std::string requests;
  std::string responses;
  for (int i = 0; i < 100; ++i) {
    requests += get_hello;
    responses += hello;
  }
  EXPECT_EQ(world.ask(requests), responses);
  EXPECT_TRUE(world.ask(get_hello + head_of("GET", "/large")).ends_with(content));
  world.ask(head_of("PUT", "/sized", "Content-Length: 100000\r\n") + content);
  EXPECT_EQ(world.root.get("sized"), content);
  const std::string chunked =
      head_of("PUT", "/chunked", "Transfer-Encoding: chunked\r\n") + "186a0\r\n" + content;
  EXPECT_TRUE(world.ask(chunked + "\r\n0\r\n\r\n" + get_hello).ends_with(hello));
  EXPECT_EQ(world.root.get("chunked"), content);
  for (const std::span<char> block : lent) world.worker.blocks.release(block);
}

TEST_F(Sending, closes_a_connection_whose_peer_stops_reading_while_others_are_served) {
  world.root.put("large", pattern(4 * BlockPool::large_bytes));
  const int stuck = world.connect();
  world.engine.peer_takes(stuck, 1000);
  world.say(stuck, head_of("GET", "/large"));
  const int other = world.connect();
  std::string responses;
  for (int second = 0; second < 29; ++second) {
    responses += hello;
    ASSERT_EQ(world.say(other, get_hello), responses);
    EXPECT_FALSE(world.engine.closed(stuck));
    world.pass(1000);
  }
  world.pass(1000 + 4 * slack_ms);
  EXPECT_TRUE(world.engine.closed(stuck));
  EXPECT_TRUE(world.engine.resets(stuck));
  EXPECT_EQ(world.engine.peer_received(stuck).size(), 1000U);
  EXPECT_EQ(world.worker.blocks.lent(), 0U);
}

// A peer that reads a few bytes now and then occupies a block of memory.
TEST_F(Sending, closes_a_connection_whose_peer_reads_below_the_lowest_rate) {
  world.root.put("large", pattern(4 * BlockPool::large_bytes));
  const int slow = world.connect();
  world.engine.peer_takes(slow, 1);
  world.say(slow, head_of("GET", "/large"));
  for (int second = 0; second < 40 && !world.engine.closed(slow); ++second) {
    world.engine.peer_takes(slow, 200);  // 256 are wanted
    world.pass(1000);
  }
  EXPECT_FALSE(world.engine.closed(slow));  // each peer has 30 s, and read bytes earn more time
  for (int second = 0; second < 200 && !world.engine.closed(slow); ++second) {
    world.engine.peer_takes(slow, 200);
    world.pass(1000);
  }
  EXPECT_TRUE(world.engine.closed(slow));
}

// The progress of the peer is checked four times in half a minute, over blocks and pipelined
// responses, and no byte is lost.
TEST_F(Sending, serves_a_peer_that_reads_slowly_to_the_last_byte) {
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

TEST_F(SendingUncached, does_not_count_the_time_of_a_slow_disk_against_the_peer) {
  const std::string content = pattern(2 * BlockPool::large_bytes);
  world.root.put("large", content);
  world.engine.plan_fault(2, {.delay = 3});  // recv, open
  const int socket = world.connect();
  world.engine.peer_sends(socket, head_of("GET", "/large"));
  for (int i = 0; i < 30; ++i) {
    world.loop.iterate(0);
    if (world.engine.started() == 2) world.engine.advance_clock(2'000'000);
  }
  world.settle();
  ASSERT_EQ(world.engine.code_of(2), OpCode::open);
  EXPECT_TRUE(world.heard(socket).ends_with(content));
}

}  // namespace
}  // namespace server
