// Whoever has a message knows whether what is watched had something to read when it was sent.
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

  void happen() { EXPECT_EQ(::eventfd_write(events_.get(), 1), 0); }
  void read_all() {
    eventfd_t count = 0;
    ::eventfd_read(events_.get(), &count);
  }
  // Receives one message that `pair` is sent.
  void hear(Io& io, const Pair& pair) {
    const Result got = lab().answer(io, [&](Io& i) { return i.receive(pair.ours.get()); });
    EXPECT_EQ(got.count(), 1U);
    if (got.buffer != no_buffer) engine().recycle(got.buffer);
  }
  // Others say "maybe" each time.
  bool tells() {
    const std::string text = engine().describe();
    return text.find("deferred task work") != std::string::npos &&
           text.find("receiving one at a time") == std::string::npos;
  }

  Fd events_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
};
ON_EACH_ENGINE(Watches);

TEST_P(Watches, nothing_and_then_says_maybe_always) {
  EXPECT_TRUE(engine().may_be_readable());
  EXPECT_TRUE(engine().may_be_readable());
}

TEST_P(Watches, what_happened_before_a_message_is_known_with_it) {
  Pair pair;
  Io io(lab().scope);
  engine().watch_readable(events_.get());
  for (int i = 0; i < 300; ++i) {
    happen();
    lab::write_at_once(pair.theirs.get(), "x");
    hear(io, pair);
    EXPECT_TRUE(engine().may_be_readable()) << i;
    read_all();
    // Now and then somebody is there for whom the next one is not new.
    if (i % 3 == 0) engine().may_be_readable();
  }
  lab().answer(io, [](Io& i) { return i.end_receiving(); });
}

TEST_P(Watches, where_nothing_happens_nothing_has_to_be_read) {
  Pair pair;
  Io io(lab().scope);
  engine().watch_readable(events_.get());
  lab::write_at_once(pair.theirs.get(), "x");
  hear(io, pair);
  EXPECT_TRUE(engine().may_be_readable()) << "the first receive finds its message at once";
  for (int i = 0; i < 10; ++i) {
    lab::write_at_once(pair.theirs.get(), "x");
    hear(io, pair);
    EXPECT_EQ(engine().may_be_readable(), !tells()) << i;
  }
  lab().answer(io, [](Io& i) { return i.end_receiving(); });
}

TEST_P(Watches, a_receive_that_begins_knows_too) {
  engine().watch_readable(events_.get());
  for (int i = 0; i < 20; ++i) {
    Pair pair;
    Io io(lab().scope);
    lab().answer(io, [](Io& one) { return one.yield(); });
    engine().may_be_readable();
    happen();
    lab::write_at_once(pair.theirs.get(), "x");
    hear(io, pair);
    EXPECT_TRUE(engine().may_be_readable()) << i;
    read_all();
    lab().answer(io, [](Io& one) { return one.end_receiving(); });
    pair.close_ours(engine());
  }
}

TEST_P(Watches, one_descriptor_after_another) {
  Pair pair;
  Io io(lab().scope);
  Fd before(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  engine().watch_readable(before.get());
  lab::write_at_once(pair.theirs.get(), "x");
  hear(io, pair);
  engine().watch_readable(-1);
  before.reset();
  EXPECT_TRUE(engine().may_be_readable()) << "nothing is watched";
  engine().watch_readable(events_.get());
  for (int i = 0; i < 5; ++i) {
    lab::write_at_once(pair.theirs.get(), "x");
    hear(io, pair);
    engine().may_be_readable();
  }
  happen();
  lab::write_at_once(pair.theirs.get(), "x");
  hear(io, pair);
  EXPECT_TRUE(engine().may_be_readable());
  lab().answer(io, [](Io& i) { return i.end_receiving(); });
}

TEST_P(Watches, many_messages_at_once_are_worth_a_look) {
  constexpr std::size_t many = 40;
  std::vector<Pair> pairs(many);
  std::vector<std::unique_ptr<Io>> ios;
  engine().watch_readable(events_.get());
  for (const Pair& pair : pairs) {
    ios.push_back(std::make_unique<Io>(lab().scope));
    lab::write_at_once(pair.theirs.get(), "x");
    hear(*ios.back(), pair);
  }
  engine().may_be_readable();
  // Nothing happens: but of so many the kernel may have put one off.
  for (const Pair& pair : pairs) lab::write_at_once(pair.theirs.get(), "x");
  hear(*ios.back(), pairs.back());
  EXPECT_TRUE(engine().may_be_readable());
  for (const std::unique_ptr<Io>& io : ios) {
    lab().answer(*io, [](Io& i) { return i.end_receiving(); });
  }
}

}  // namespace
}  // namespace uring
