// Temporary files of uploads: their names, their locks, and their removal.
#include "apps/server/write/temporary.h"

#include <cerrno>
#include <string>
#include <string_view>
#include <sys/file.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/writer.h"

namespace server {
namespace {

using lab::put;
using lab::without_last;
using uring::OpCode;

class Temporaries : public lab::WritingAnywhere {
 protected:
  // The path of the only temporary file; empty: there is none.
  std::string path() const {
    for (const std::string& name : world.root.names()) {
      if (name.find(temporary_prefix) != std::string::npos) return name;
    }
    return {};
  }
};
WHEREVER_FILES_LIE(Temporaries);

// A request whose client waits for 100 (Continue), so that the temporary file exists meanwhile.
std::string unfinished(std::string_view target) {
  return put(target, "123", "Expect: 100-continue\r\n");
}

TEST_P(Temporaries, are_in_the_nearest_existing_directory) {
  world.root.put("a/file", "x");
  const int socket = world.connect();
  const std::string bytes = unfinished("/a/b/c/new");
  world.say(socket, without_last(3, bytes));
  EXPECT_TRUE(path().starts_with("a/" + std::string(temporary_prefix))) << path();
  EXPECT_TRUE(world.say(socket, "123").find("HTTP/1.1 201 ") != std::string::npos);
  EXPECT_EQ(world.root.temporaries(), 0U);
}

TEST_P(Temporaries, are_locked_while_their_upload_lives) {
  const int socket = world.connect();
  world.say(socket, without_last(3, unfinished("/new")));
  const uring::Fd file(::open((world.root / path()).c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_GE(file.get(), 0);
  EXPECT_EQ(::flock(file.get(), LOCK_EX | LOCK_NB), -1);
  EXPECT_EQ(errno, EWOULDBLOCK);
  world.engine.peer_resets(socket);
  world.settle();
  EXPECT_EQ(::flock(file.get(), LOCK_EX | LOCK_NB), 0);
}

TEST_P(Temporaries, are_removed_when_the_client_disconnects) {
  const int socket = world.connect();
  world.say(socket, without_last(3, unfinished("/a/b/new")));
  EXPECT_EQ(world.root.temporaries(), 1U);
  world.engine.peer_resets(socket);
  world.settle();
  EXPECT_EQ(world.root.names(), std::vector<std::string>{"old.txt"});
}

TEST_P(Temporaries, get_another_name_where_theirs_is_taken) {
  for (const std::uint64_t taken : {1U, 3U}) {
    const int socket = world.connect();
    const std::uint64_t before = world.engine.started();
    const std::size_t opened = world.engine.started(OpCode::open);
    // The first two operations find the path and open its directory.
    for (std::uint64_t i = 0; i < taken; ++i) {
      world.engine.plan_fault(before + 3 + i, {.error = EEXIST});
    }
    world.say(socket, without_last(3, unfinished("/new")));
    EXPECT_EQ(world.root.temporaries(), 1U) << taken;
    EXPECT_EQ(world.engine.started(OpCode::open) - opened, 3 + taken);
    world.say(socket, "123");
    world.engine.peer_finishes(socket);
    world.settle();
  }
}

// A short body in memory needs no name until another file has to be replaced.
TEST_P(Temporaries, have_no_name_where_all_operations_are_synchronous) {
  if (GetParam() != lab::Where::in_memory || !world.worker.links_files) {
    GTEST_SKIP() << "temporary files have names here";
  }
  EXPECT_EQ(status(put("/new", "x")), "201");
  EXPECT_EQ(world.engine.started(OpCode::rename), 0U);
  EXPECT_EQ(world.engine.started(OpCode::link), 1U);
  EXPECT_EQ(status(put("/new", "y")), "204");
  EXPECT_EQ(world.engine.started(OpCode::rename), 1U);
  EXPECT_EQ(world.root.get("new"), "y");
}

}  // namespace
}  // namespace server
