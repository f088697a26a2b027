// Received bytes in provided buffers and in an input's own memory, with buffers that a simulated
// engine has filled.
#include "apps/server/connection/input.h"

#include <cstring>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "parser/parse.h"
#include "tests/uring/lab.h"
#include "uring/simulated.h"

namespace server {
namespace {

class ReceivedInput : public ::testing::Test {
 protected:
  // No provided buffer is left in use, whatever a test has done.
  void TearDown() override {
    release_input(in_, engine_);
    EXPECT_EQ(engine_.buffers_in_use(), 0U);
  }

  // A receive of these bytes into a provided buffer.
  uring::Result receive(std::string_view bytes) {
    engine_.peer_sends(socket_, bytes);
    const int socket = socket_;
    return lab_.result_of([socket](uring::Io& io) { return io.recv_provided(socket); });
  }
  void add(std::string_view bytes) {
    const uring::Result got = receive(bytes);
    ASSERT_EQ(got.count(), bytes.size());
    add_received(in_, got, engine_, limits_);
  }
  // Parses a request from the unused bytes, as serve() does.
  void parse(Request& request) {
    ASSERT_EQ(http1::parse_request(in_.unused(), request.head, limits_), http1::Progress::done);
    in_.begin += request.head.size();
  }
  bool is_in_own_memory() const {
    return in_.buffer == uring::no_buffer && in_.data >= in_.memory.get() &&
           in_.data + in_.end <= in_.memory.get() + in_.memory_bytes;
  }

  uring::Simulated engine_;
  uring::lab::Lab lab_{engine_};
  const int socket_ = engine_.connected();
  http1::Limits limits_;
  Input in_;
};

const std::string head = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

TEST_F(ReceivedInput, stays_in_its_provided_buffer_without_a_copy) {
  add("abc");
  EXPECT_EQ(in_.unused(), "abc");
  EXPECT_EQ(in_.data, engine_.buffer(in_.buffer).data());
  EXPECT_EQ(in_.memory_bytes, 0U);
  release_input(in_, engine_);
  EXPECT_EQ(in_.unused(), "");
  EXPECT_EQ(engine_.buffers_in_use(), 0U);
}

TEST_F(ReceivedInput, recycles_the_buffer_whose_bytes_were_used) {
  add("abc");
  in_.begin = in_.end;
  add("def");
  EXPECT_EQ(in_.unused(), "def");
  EXPECT_EQ(engine_.buffers_in_use(), 1U);
}

TEST_F(ReceivedInput, is_joined_in_its_own_memory_if_it_arrives_in_pieces) {
  add("12345");
  in_.begin = 2;
  add("6789");
  EXPECT_EQ(in_.unused(), "3456789");
  EXPECT_TRUE(is_in_own_memory());
  EXPECT_EQ(in_.memory_bytes, input_memory_bytes(limits_));
  EXPECT_EQ(engine_.buffers_in_use(), 0U);
  add("0");
  EXPECT_EQ(in_.unused(), "34567890");
}

TEST_F(ReceivedInput, may_be_received_behind_the_bytes_in_its_own_memory) {
  add("abc");
  own_input(in_, engine_, limits_);
  std::memcpy(in_.data + in_.end, "def", 3);
  add_received(in_, uring::Result{.value = 3}, engine_, limits_);
  EXPECT_EQ(in_.unused(), "abcdef");
}

TEST_F(ReceivedInput, moves_its_unused_bytes_to_the_front_of_its_own_memory) {
  add("abcdef");
  in_.begin = 4;
  own_input(in_, engine_, limits_);
  EXPECT_EQ(in_.unused(), "ef");
  EXPECT_EQ(in_.unused().data(), in_.memory.get());
  in_.begin = 1;
  own_input(in_, engine_, limits_);
  EXPECT_EQ(in_.unused(), "f");
  EXPECT_EQ(in_.unused().data(), in_.memory.get());
}

TEST_F(ReceivedInput, keeps_the_head_of_a_request_valid_when_its_buffer_is_recycled) {
  Request request;
  add(head + "rest");
  parse(request);
  own_request(in_, request, engine_, limits_);
  EXPECT_EQ(engine_.buffers_in_use(), 0U);
  const uring::Result other = receive(std::string(head.size(), '?'));  // reuses the buffer
  EXPECT_EQ(request.head.target(), "/x");
  EXPECT_EQ(request.head.value_of(http1::FieldName::host), "a");
  EXPECT_EQ(in_.unused(), "rest");
  engine_.recycle(other.buffer);
}

TEST_F(ReceivedInput, keeps_bytes_of_the_next_request_behind_the_current_head) {
  Request request;
  add(head);
  parse(request);
  own_request(in_, request, engine_, limits_);
  const std::string tail(most_tail_bytes, 't');
  keep_tail(in_, tail, engine_, limits_);
  EXPECT_EQ(in_.unused(), tail);
  EXPECT_TRUE(is_in_own_memory());
  EXPECT_EQ(request.head.target(), "/x");
  add("next");
  EXPECT_EQ(in_.unused(), tail + "next");
}

TEST_F(ReceivedInput, does_not_change_if_there_are_no_bytes_of_a_next_request) {
  add("abc");
  in_.begin = in_.end;
  keep_tail(in_, "", engine_, limits_);
  EXPECT_NE(in_.buffer, uring::no_buffer);
  EXPECT_EQ(in_.memory_bytes, 0U);
}

TEST_F(ReceivedInput, grows_its_memory_with_the_limits_and_keeps_its_bytes) {
  limits_.head_bytes = 256;
  add("abc");
  add("def");
  EXPECT_EQ(in_.memory_bytes, input_memory_bytes(limits_));
  limits_.head_bytes = 16384;
  add("ghi");
  EXPECT_EQ(in_.unused(), "abcdefghi");
  EXPECT_EQ(in_.memory_bytes, input_memory_bytes(limits_));
  limits_.head_bytes = 256;
  own_input(in_, engine_, limits_);
  EXPECT_EQ(in_.unused(), "abcdefghi");
  EXPECT_GT(in_.memory_bytes, input_memory_bytes(limits_));
}

}  // namespace
}  // namespace server
