// Watching a descriptor: whether it had input when a message was sent is known with the message.
#include <array>
#include <memory>
#include <string>
#include <sys/eventfd.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"

namespace uring {
namespace {

using lab::Lab;
using lab::Pair;

class Watches : public lab::OnEngine {
 protected:
  void TearDown() override {
    if (!IsSkipped()) engine().watch_readable(-1);
    OnEngine::TearDown();
  }

  void signal() { EXPECT_EQ(::eventfd_write(events_.get(), 1), 0); }
  void read_all() {
    eventfd_t count = 0;
    ::eventfd_read(events_.get(), &count);
  }
  // Receives one message of the peer of `pair`.
  void receive(Io& io, const Pair& pair) {
    const Result got = lab().result_of(io, [&](Io& i) { return i.receive(pair.ours.get()); });
    EXPECT_EQ(got.count(), 1U);
    if (got.buffer != no_buffer) engine().recycle(got.buffer);
  }
  // Other engines return true each time.
  bool supports_watching() {
    const std::string text = engine().describe();
    return text.find("deferred task work") != std::string::npos &&
           text.find("receiving one at a time") == std::string::npos;
  }

  Fd events_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
};
ON_EACH_ENGINE(Watches);

TEST_P(Watches, nothing_and_may_always_be_readable) {
  EXPECT_TRUE(engine().may_be_readable());
  EXPECT_TRUE(engine().may_be_readable());
}

TEST_P(Watches, an_event_before_a_message_is_reported_with_it) {
  Pair pair;
  Io io(lab().scope);
  engine().watch_readable(events_.get());
  for (int i = 0; i < 300; ++i) {
    signal();
    lab::write_at_once(pair.theirs.get(), "x");
    receive(io, pair);
    EXPECT_TRUE(engine().may_be_readable()) << i;
    read_all();
    // At times the flag is read twice, so that the next message finds it cleared.
    if (i % 3 == 0) engine().may_be_readable();
  }
  lab().result_of(io, [](Io& i) { return i.end_receiving(); });
}

TEST_P(Watches, nothing_is_reported_without_an_event) {
  Pair pair;
  Io io(lab().scope);
  engine().watch_readable(events_.get());
  lab::write_at_once(pair.theirs.get(), "x");
  receive(io, pair);
  EXPECT_TRUE(engine().may_be_readable()) << "the first receive finds its message at once";
  for (int i = 0; i < 10; ++i) {
    lab::write_at_once(pair.theirs.get(), "x");
    receive(io, pair);
    EXPECT_EQ(engine().may_be_readable(), !supports_watching()) << i;
  }
  lab().result_of(io, [](Io& i) { return i.end_receiving(); });
}

TEST_P(Watches, an_event_is_reported_with_the_first_message_of_a_connection) {
  engine().watch_readable(events_.get());
  for (int i = 0; i < 20; ++i) {
    Pair pair;
    Io io(lab().scope);
    lab().result_of(io, [](Io& one) { return one.yield(); });
    engine().may_be_readable();
    signal();
    lab::write_at_once(pair.theirs.get(), "x");
    receive(io, pair);
    EXPECT_TRUE(engine().may_be_readable()) << i;
    read_all();
    lab().result_of(io, [](Io& one) { return one.end_receiving(); });
    pair.close_ours(engine());
  }
}

TEST_P(Watches, an_event_ends_a_wait_without_a_completion) {
  engine().watch_readable(events_.get());
  std::array<Completion, 8> none;
  while (engine().wait(0, none) > 0) continue;
  for (int i = 0; i < 3; ++i) {
    signal();
    const Milliseconds begin = engine().now();
    EXPECT_EQ(engine().wait(lab::an_hour, none), 0U);
    EXPECT_LT(engine().now() - begin, lab::an_hour);
    EXPECT_TRUE(engine().may_be_readable());
    read_all();
  }
}

TEST_P(Watches, one_descriptor_after_another) {
  Pair pair;
  Io io(lab().scope);
  Fd before(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  engine().watch_readable(before.get());
  lab::write_at_once(pair.theirs.get(), "x");
  receive(io, pair);
  engine().watch_readable(-1);
  before.reset();
  EXPECT_TRUE(engine().may_be_readable()) << "nothing is watched";
  engine().watch_readable(events_.get());
  for (int i = 0; i < 5; ++i) {
    lab::write_at_once(pair.theirs.get(), "x");
    receive(io, pair);
    engine().may_be_readable();
  }
  signal();
  lab::write_at_once(pair.theirs.get(), "x");
  receive(io, pair);
  EXPECT_TRUE(engine().may_be_readable());
  lab().result_of(io, [](Io& i) { return i.end_receiving(); });
}

TEST_P(Watches, a_large_batch_of_messages_may_hide_an_event) {
  constexpr std::size_t many = 40;
  std::vector<Pair> pairs(many);
  std::vector<std::unique_ptr<Io>> ios;
  engine().watch_readable(events_.get());
  for (const Pair& pair : pairs) {
    ios.push_back(std::make_unique<Io>(lab().scope));
    lab::write_at_once(pair.theirs.get(), "x");
    receive(*ios.back(), pair);
  }
  engine().may_be_readable();
  // There is no event, but of so many requests the kernel may have postponed some.
  for (const Pair& pair : pairs) lab::write_at_once(pair.theirs.get(), "x");
  receive(*ios.back(), pairs.back());
  EXPECT_TRUE(engine().may_be_readable());
  for (const std::unique_ptr<Io>& io : ios) {
    lab().result_of(*io, [](Io& i) { return i.end_receiving(); });
  }
}

}  // namespace
}  // namespace uring
