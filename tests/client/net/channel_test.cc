// A channel's buffer, its errors and its end.
#include "apps/client/net/channel.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "uring/loop.h"
#include "uring/scope.h"
#include "uring/simulated.h"

namespace client {
namespace {

class ChannelTest : public testing::Test {
 protected:
  void receive(std::string_view bytes) {
    const std::span<char> space = channel_.free_space();
    std::copy(bytes.begin(), bytes.end(), space.begin());
    channel_.end += bytes.size();
  }
  std::string received() {
    const std::span<char> bytes = channel_.received();
    return {bytes.begin(), bytes.end()};
  }

  uring::Simulated engine_;
  uring::Loop loop_{engine_};
  uring::Scope scope_{loop_};
  Settings settings_;
  Report report_{settings_};
  Session session_{scope_, settings_, report_};
  Channel channel_{session_};
};

TEST_F(ChannelTest, KeepsReceivedBytesUntilTheyAreConsumed) {
  receive("hello");
  receive(" world");
  channel_.consume(6);
  EXPECT_EQ(received(), "world");
  receive("s");
  EXPECT_EQ(channel_.begin, 0U) << "moved to the front for more space";
  EXPECT_EQ(received(), "worlds");
  channel_.consume(6);
  EXPECT_EQ(channel_.free_space().size(), Channel::buffer_bytes);
}

TEST_F(ChannelTest, KeepsTheReasonOfAFailure) {
  EXPECT_EQ(channel_.fail(ExitCode::timeout, "too slow"), ExitCode::timeout);
  EXPECT_EQ(code_of(channel_.error), ExitCode::timeout);
  EXPECT_EQ(channel_.error.text, "too slow");
}

TEST_F(ChannelTest, ForgetsTheServerWhenItDisconnects) {
  channel_.fd = engine_.connected();
  channel_.server = "peer:80";
  receive("left over");
  channel_.ended = channel_.reused = true;
  disconnect(channel_);
  EXPECT_EQ(channel_.fd, -1);
  EXPECT_EQ(channel_.server, "");
  EXPECT_EQ(received(), "");
  EXPECT_FALSE(channel_.ended || channel_.reused);
  EXPECT_EQ(engine_.open_sockets(), 0U);
  disconnect(channel_);  // without a connection: nothing happens
}

// A sender that waits for its input when the server has refused the upload ends during a later job.
TEST_F(ChannelTest, MeasuresTheLatestTransfer) {
  settings_.least_bytes_per_s = 1000;
  std::optional<Moving> left_behind(std::in_place, channel_);
  std::optional<Moving> next(std::in_place, channel_);
  left_behind.reset();
  EXPECT_TRUE(channel_.speed.is_active());
  next.reset();
  EXPECT_FALSE(channel_.speed.is_active());
}

TEST_F(ChannelTest, SaysWhyAWaitWasCancelled) {
  session_.stop(StopReason::out_of_time);
  EXPECT_EQ(code_of(cancelled(channel_, channel_.io)), ExitCode::timeout);
  EXPECT_NE(cancelled(channel_, channel_.io).text.find("--max-time"), std::string::npos);
  Session other(scope_, settings_, report_);
  other.stop(StopReason::interrupted);
  const Channel interrupted(other);
  EXPECT_EQ(code_of(cancelled(interrupted, interrupted.io)), ExitCode::interrupted);
}

}  // namespace
}  // namespace client
