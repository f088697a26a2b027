// Receiving that goes on by itself: Io::receive() and end_receiving(), on real engines.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"

namespace uring {
namespace {

using lab::Lab;
using lab::Pair;

class Receives : public lab::OnEngine {
 protected:
  Result receive(Io& io, int fd) {
    return lab().answer(io, [fd](Io& i) { return i.receive(fd); });
  }
  Result end(Io& io) {
    return lab().answer(io, [](Io& i) { return i.end_receiving(); });
  }
  // What a buffer holds, which goes back.
  std::string text_of(Result got) {
    if (got.buffer == no_buffer) return {};
    std::string text(lab().engine().buffer(got.buffer).data(), got.count());
    lab().engine().recycle(got.buffer);
    return text;
  }
  static void say(const Pair& pair, std::string_view bytes) {
    lab::write_at_once(pair.theirs.get(), bytes);
  }
};
ON_EACH_ENGINE(Receives);

TEST_P(Receives, one_piece_after_another_with_one_operation) {
  Pair pair;
  Io io(lab().scope);
  for (const char* piece : {"one", "two", "three"}) {
    say(pair, piece);
    EXPECT_EQ(text_of(receive(io, pair.ours.get())), piece);
  }
  EXPECT_EQ(engine().counters().operations, 1U);
  EXPECT_TRUE(io.receives());
  end(io);
  EXPECT_FALSE(io.receives());
}

TEST_P(Receives, the_end_of_the_stream_after_all_that_was_sent) {
  Pair pair;
  Io io(lab().scope);
  say(pair, "last words");
  pair.theirs.reset();
  EXPECT_EQ(text_of(receive(io, pair.ours.get())), "last words");
  EXPECT_EQ(receive(io, pair.ours.get()).value, 0);
  EXPECT_EQ(receive(io, pair.ours.get()).value, 0);
  EXPECT_FALSE(io.receives());
}

TEST_P(Receives, what_comes_while_something_else_is_awaited) {
  Pair pair;
  Io io(lab().scope);
  say(pair, "0");
  EXPECT_EQ(text_of(receive(io, pair.ours.get())), "0");
  for (const char* piece : {"1", "2", "3"}) {
    say(pair, piece);
    lab().answer(io, [](Io& i) { return i.yield(); });
  }
  EXPECT_TRUE(io.has_received());
  end(io);
  std::string all;
  while (io.has_received()) all += text_of(receive(io, pair.ours.get()));
  EXPECT_EQ(all, "123");
  EXPECT_FALSE(io.receives());
}

TEST_P(Receives, no_more_than_a_bound_from_a_peer_that_nobody_listens_to) {
  Pair pair;
  Io io(lab().scope);
  say(pair, "0");
  EXPECT_EQ(text_of(receive(io, pair.ours.get())), "0");
  std::string sent;
  for (int i = 0; i < 200; ++i) {
    const std::string piece = std::to_string(i) + ",";
    say(pair, piece);
    sent += piece;
    lab().answer(io, [](Io& it) { return it.yield(); });
  }
  EXPECT_FALSE(io.receives());
  // What the kernel had handed over when it was asked to pause comes on top.
  EXPECT_LE(engine().buffers_in_use(), Io::most_kept + 34U);
  std::string all;
  while (all.size() < sent.size()) all += text_of(receive(io, pair.ours.get()));
  EXPECT_EQ(all, sent);
  end(io);
}

TEST_P(Receives, nothing_after_a_deadline_and_again_after_renewal) {
  Pair pair;
  Io io(lab().scope);
  io.set_deadline(1);
  EXPECT_EQ(receive(io, pair.ours.get()).fault(), Fault::cancelled);
  EXPECT_TRUE(io.timed_out());
  EXPECT_EQ(receive(io, pair.ours.get()).fault(), Fault::cancelled);
  io.renew();
  say(pair, "late");
  EXPECT_EQ(text_of(receive(io, pair.ours.get())), "late");
  end(io);
}

TEST_P(Receives, nothing_after_a_stop_but_the_kernel_owes_nothing_in_the_end) {
  Pair pair;
  Io io(lab().scope);
  say(pair, "x");
  EXPECT_EQ(text_of(receive(io, pair.ours.get())), "x");
  io.stop();
  EXPECT_EQ(receive(io, pair.ours.get()).fault(), Fault::cancelled);
  EXPECT_TRUE(io.receives());
  end(io);
  EXPECT_FALSE(io.receives());
}

TEST_P(Receives, into_a_pool_that_grows_when_it_is_empty) {
  constexpr std::size_t many = BufferPool::slab_buffers + 10;
  std::vector<std::unique_ptr<Pair>> pairs;
  std::vector<std::unique_ptr<Io>> ios;
  std::vector<Result> held;
  for (std::size_t i = 0; i < many; ++i) {
    pairs.push_back(std::make_unique<Pair>());
    ios.push_back(std::make_unique<Io>(lab().scope));
    say(*pairs[i], std::to_string(i));
    held.push_back(receive(*ios[i], pairs[i]->ours.get()));
  }
  EXPECT_EQ(engine().buffers_in_use(), many);
  for (std::size_t i = 0; i < many; ++i) {
    EXPECT_EQ(text_of(held[i]), std::to_string(i));
    end(*ios[i]);
  }
}

TEST_P(Receives, and_gives_back_what_nobody_asked_for) {
  Pair pair;
  {
    Io io(lab().scope);
    say(pair, "0");
    EXPECT_EQ(text_of(receive(io, pair.ours.get())), "0");
    say(pair, "unheard");
    lab().answer(io, [](Io& i) { return i.yield(); });
    EXPECT_TRUE(io.has_received());
    end(io);
  }
  EXPECT_EQ(engine().buffers_in_use(), 0U);
}

}  // namespace
}  // namespace uring
