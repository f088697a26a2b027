// The mutations keep within their room, repeat themselves, and nearly always change something.
#include "fuzz/mutator.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace fuzz {
namespace {

using namespace std::string_view_literals;

constexpr Shape shapes[] = {Shape::request, Shape::response, Shape::chunked, Shape::any};

constexpr std::string_view inputs[] = {
    ""sv,
    "\n"sv,
    "\r\n\r\n"sv,
    "GET"sv,
    ":"sv,
    "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"sv,
    "PUT /f HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"sv,
    "HTTP/1.1 200 OK\r\nConnection: close\r\nA:\r\n b\r\n\r\n"sv,
    "3;a=b\r\nabc\r\n0\r\nA: b\r\n\r\n"sv,
    "\0\xff\x80 no message at all \0"sv,
    "9999999999999999"sv,
};

// A block of exactly `room` bytes, so that AddressSanitizer sees one that is too many.
class Room {
 public:
  explicit Room(std::size_t room) : bytes_(new std::uint8_t[room]), room_(room) {}

  std::string mutate(Shape shape, std::string_view input, std::uint64_t seed,
                     Mutator plain = nullptr) {
    std::copy(input.begin(), input.end(), bytes_.get());
    return text(fuzz::mutate(shape, bytes_.get(), input.size(), room_, seed, plain));
  }
  std::string cross(std::string_view left, std::string_view right, std::uint64_t seed) {
    return text(fuzz::cross(left, right, bytes_.get(), room_, seed));
  }

 private:
  std::string text(std::size_t size) {
    EXPECT_LE(size, room_);
    return {reinterpret_cast<const char*>(bytes_.get()), std::min(size, room_)};
  }

  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t room_;
};

TEST(Mutator, keeps_within_its_room_whatever_that_is) {
  for (const std::string_view input : inputs) {
    for (std::size_t more = 0; more < 80; ++more) {
      Room room(input.size() + more);
      for (std::uint64_t seed = 0; seed < 40; ++seed) {
        for (const Shape shape : shapes) room.mutate(shape, input, seed);
      }
    }
  }
}

TEST(Mutator, crosses_within_its_room_whatever_that_is) {
  for (const std::string_view left : inputs) {
    for (const std::string_view right : inputs) {
      for (std::size_t size = 0; size < 100; size += 3) {
        Room room(size);
        for (std::uint64_t seed = 0; seed < 20; ++seed) room.cross(left, right, seed);
      }
    }
  }
}

TEST(Mutator, gives_the_same_for_the_same_seed) {
  Room room(4096);
  for (const std::string_view input : inputs) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      for (const Shape shape : shapes) {
        EXPECT_EQ(room.mutate(shape, input, seed), room.mutate(shape, input, seed));
      }
      EXPECT_EQ(room.cross(input, inputs[5], seed), room.cross(input, inputs[5], seed));
    }
  }
}

TEST(Mutator, changes_something_nearly_always) {
  Room room(4096);
  int rounds = 0;
  int unchanged = 0;
  for (const std::string_view input : inputs) {
    for (std::uint64_t seed = 0; seed < 1000; ++seed) {
      for (const Shape shape : shapes) {
        ++rounds;
        if (room.mutate(shape, input, seed) == input) ++unchanged;
      }
    }
  }
  EXPECT_LT(unchanged, rounds / 20);
}

// What the mutator is there for, in so many mutations of one request.
TEST(Mutator, makes_what_attackers_send) {
  constexpr std::string_view wanted[] = {"Content-Length: +3\r\n"sv,
                                         "Content-Length: 18446744073709551619\r\n"sv,
                                         "Transfer-Encoding : "sv,
                                         "Transfer-Encoding: chunked, chunked\r\n"sv,
                                         "\r\n Host: a"sv,
                                         "Host: a\nContent-Length"sv,
                                         "Host: a\r\nHost: a\r\n"sv,
                                         "Content-Length: 3\r\nContent-Length: 3\r\n"sv,
                                         "Transfer-Encoding:\r\n "sv,
                                         "HTTP/1.0\r\nHost: a\r\n"sv};
  constexpr std::string_view input =
      "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"sv;
  Room room(4096);
  std::vector<std::string> made;
  for (std::uint64_t seed = 0; seed < 20000; ++seed) {
    const std::string once = room.mutate(Shape::request, input, seed);
    made.push_back(room.mutate(Shape::request, once, seed + 1000000));
  }
  for (const std::string_view text : wanted) {
    const bool is_made = std::any_of(made.begin(), made.end(), [text](const std::string& one) {
      return one.find(text) != std::string::npos;
    });
    EXPECT_TRUE(is_made) << text;
  }
}

// The plain mutator has the bytes and the room, and about every other turn.
TEST(Mutator, gives_half_of_the_turns_to_the_plain_one) {
  static int turns = 0;
  const Mutator plain = [](std::uint8_t* bytes, std::size_t size, std::size_t room) {
    EXPECT_EQ(room, 64U);
    EXPECT_EQ(size, 3U);
    bytes[0] = '!';
    ++turns;
    return std::size_t{1};
  };
  Room room(64);
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const int before = turns;
    const std::string made = room.mutate(Shape::request, "GET", seed, plain);
    if (turns != before) {
      EXPECT_EQ(made, "!");
    }
  }
  EXPECT_GT(turns, 400);
  EXPECT_LT(turns, 600);
}

}  // namespace
}  // namespace fuzz
