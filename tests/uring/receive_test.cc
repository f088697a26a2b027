// The multishot receive on real engines: Io::receive() and end_receiving().
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
    return lab().result_of(io, [fd](Io& i) { return i.receive(fd); });
  }
  Result end(Io& io) {
    return lab().result_of(io, [](Io& i) { return i.end_receiving(); });
  }
  // Returns the bytes of a buffer, and recycles it.
  std::string text_of(Result got) {
    if (got.buffer == no_buffer) return {};
    std::string text(lab().engine().buffer(got.buffer).data(), got.count());
    lab().engine().recycle(got.buffer);
    return text;
  }
  static void send(const Pair& pair, std::string_view bytes) {
    lab::write_at_once(pair.theirs.get(), bytes);
  }
};
ON_EACH_ENGINE(Receives);

TEST_P(Receives, one_piece_after_another_with_one_operation) {
  Pair pair;
  Io io(lab().scope);
  for (const char* piece : {"one", "two", "three"}) {
    send(pair, piece);
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
  send(pair, "last words");
  pair.theirs.reset();
  EXPECT_EQ(text_of(receive(io, pair.ours.get())), "last words");
  EXPECT_EQ(receive(io, pair.ours.get()).value, 0);
  EXPECT_EQ(receive(io, pair.ours.get()).value, 0);
  EXPECT_FALSE(io.receives());
}

TEST_P(Receives, what_arrives_while_another_operation_is_awaited) {
  Pair pair;
  Io io(lab().scope);
  send(pair, "0");
  EXPECT_EQ(text_of(receive(io, pair.ours.get())), "0");
  for (const char* piece : {"1", "2", "3"}) {
    send(pair, piece);
    lab().result_of(io, [](Io& i) { return i.yield(); });
  }
  EXPECT_TRUE(io.has_received());
  end(io);
  std::string all;
  while (io.has_received()) all += text_of(receive(io, pair.ours.get()));
  EXPECT_EQ(all, "123");
  EXPECT_FALSE(io.receives());
}

TEST_P(Receives, no_more_than_a_limit_while_the_coroutine_does_not_receive) {
  Pair pair;
  Io io(lab().scope);
  send(pair, "0");
  EXPECT_EQ(text_of(receive(io, pair.ours.get())), "0");
  std::string sent;
  for (int i = 0; i < 200; ++i) {
    const std::string piece = std::to_string(i) + ",";
    send(pair, piece);
    sent += piece;
    lab().result_of(io, [](Io& it) { return it.yield(); });
  }
  EXPECT_FALSE(io.receives());
  // The kernel may have completed some more receives before the pause.
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
  send(pair, "late");
  EXPECT_EQ(text_of(receive(io, pair.ours.get())), "late");
  end(io);
}

TEST_P(Receives, nothing_after_a_stop_and_has_nothing_in_flight_after_the_end) {
  Pair pair;
  Io io(lab().scope);
  send(pair, "x");
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
    send(*pairs[i], std::to_string(i));
    held.push_back(receive(*ios[i], pairs[i]->ours.get()));
  }
  EXPECT_EQ(engine().buffers_in_use(), many);
  for (std::size_t i = 0; i < many; ++i) {
    EXPECT_EQ(text_of(held[i]), std::to_string(i));
    end(*ios[i]);
  }
}

TEST_P(Receives, and_recycles_buffers_that_were_not_received) {
  Pair pair;
  {
    Io io(lab().scope);
    send(pair, "0");
    EXPECT_EQ(text_of(receive(io, pair.ours.get())), "0");
    send(pair, "unread");
    lab().result_of(io, [](Io& i) { return i.yield(); });
    EXPECT_TRUE(io.has_received());
    end(io);
  }
  EXPECT_EQ(engine().buffers_in_use(), 0U);
}

// The memory of unused buffers may be returned to the system at any time.
TEST_P(Receives, into_buffers_whose_memory_was_returned_to_the_system) {
  constexpr std::size_t many = BufferPool::slab_buffers + 10;
  std::vector<std::unique_ptr<Pair>> pairs;
  std::vector<std::unique_ptr<Io>> ios;
  std::vector<Result> kept;
  const auto receive_all = [&] {
    for (std::size_t i = 0; i < many; ++i) {
      send(*pairs[i], "number " + std::to_string(i));
      kept.push_back(receive(*ios[i], pairs[i]->ours.get()));
    }
    EXPECT_EQ(engine().release_unused_buffers(), 0U) << "buffers are in use";
    for (std::size_t i = 0; i < many; ++i) {
      EXPECT_EQ(text_of(kept[i]), "number " + std::to_string(i));
    }
    kept.clear();
  };
  for (std::size_t i = 0; i < many; ++i) {
    pairs.push_back(std::make_unique<Pair>());
    ios.push_back(std::make_unique<Io>(lab().scope));
  }
  receive_all();
  engine().release_unused_buffers();
  receive_all();
  for (const auto& io : ios) end(*io);
}

}  // namespace
}  // namespace uring
