// Writing and copying bytes of files by the engine, in blocks and with short writes.
#include "apps/server/write/copy_part.h"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/server/world.h"
#include "uring/scope.h"

namespace server {
namespace {

using uring::Fault;
using uring::OpCode;

struct Copy {
  std::span<char> buffer;
  int from;
  int to;
  std::uint64_t begin;
  std::uint64_t end;
};

uring::Task<> copy(uring::Io& io, Copy wanted, Fault& fault) {
  const Fault result =
      co_await copy_bytes(io, wanted.buffer, wanted.from, wanted.to, wanted.begin, wanted.end);
  fault = result;
}

uring::Task<> write(uring::Io& io, int file, std::string_view bytes, std::uint64_t& position,
                    Fault& fault) {
  const Fault result = co_await write_all(io, file, bytes, position);
  fault = result;
}

class Copying : public ::testing::Test {
 protected:
  Copying() {
    folder.put("from", content);
    folder.put("to", "");
    from.reset(::open((folder / "from").c_str(), O_RDONLY | O_CLOEXEC));
    to.reset(::open((folder / "to").c_str(), O_WRONLY | O_CLOEXEC));
  }

  // Copies by way of a buffer of that size.
  Fault copied(std::uint64_t begin, std::uint64_t end, std::size_t buffer_bytes) {
    std::string buffer(buffer_bytes, '?');
    Fault fault = Fault::other;
    scope.spawn(copy(io, {buffer, from.get(), to.get(), begin, end}, fault));
    settle();
    return fault;
  }
  Fault written(std::string_view bytes) {
    Fault fault = Fault::other;
    scope.spawn(write(io, to.get(), bytes, position, fault));
    settle();
    return fault;
  }
  void settle() {
    for (int i = 0; i < 10'000 && !scope.empty(); ++i) loop.iterate(0);
    ASSERT_TRUE(scope.empty());
  }

  const std::string content = lab::pattern(1000);
  lab::Folder folder;
  uring::Fd from;
  uring::Fd to;
  uring::Simulated engine;
  uring::Loop loop{engine};
  uring::Scope scope{loop};
  uring::Io io{scope};
  std::uint64_t position = 0;
};

TEST_F(Copying, puts_the_bytes_at_the_same_offsets) {
  for (const std::size_t buffer_bytes : {1U, 7U, 500U, 1000U, 5000U}) {
    folder.put("to", "");
    EXPECT_EQ(copied(100, 600, buffer_bytes), Fault::none);
    EXPECT_EQ(folder.get("to"), std::string(100, '\0') + content.substr(100, 500)) << buffer_bytes;
  }
}

TEST_F(Copying, ends_where_the_file_ends) {
  EXPECT_EQ(copied(900, 5000, 64), Fault::none);
  EXPECT_EQ(folder.get("to").size(), content.size());
  EXPECT_EQ(copied(5000, 6000, 64), Fault::none);
  EXPECT_EQ(copied(10, 10, 64), Fault::none);
  EXPECT_EQ(copied(10, 5, 64), Fault::none);
  EXPECT_EQ(folder.get("to").size(), content.size());
}

TEST_F(Copying, reports_a_fault_of_either_file) {
  engine.plan_next(OpCode::read, {.error = EIO});
  EXPECT_NE(copied(0, 1000, 64), Fault::none);
  engine.plan_next(OpCode::write, {.error = ENOSPC});
  EXPECT_EQ(copied(0, 1000, 64), Fault::no_space);
}

TEST_F(Copying, completes_a_write_that_was_short) {
  engine.plan_next(OpCode::write, {.most = 3});
  engine.plan_next(OpCode::write, {.most = 1});
  EXPECT_EQ(written("0123456789"), Fault::none);
  EXPECT_EQ(position, 10U);
  EXPECT_EQ(written("abc"), Fault::none);
  EXPECT_EQ(position, 13U);
  EXPECT_EQ(folder.get("to"), "0123456789abc");
}

TEST_F(Copying, keeps_the_position_behind_the_last_byte_that_was_written) {
  engine.plan_next(OpCode::write, {.most = 3});
  engine.plan_next(OpCode::write, {.error = ENOSPC});
  EXPECT_EQ(written("0123456789"), Fault::no_space);
  EXPECT_EQ(position, 3U);
}

}  // namespace
}  // namespace server
