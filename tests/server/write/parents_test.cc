// Parent directories of an upload: made when its body is complete, removed when it fails.
#include "apps/server/write/parents.h"

#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/writer.h"

namespace server {
namespace {

using lab::put;
using lab::without_last;
using uring::OpCode;

class Parents : public lab::WritingAnywhere {
 protected:
  // The status of the response to `bytes` when the next operation of that kind fails.
  std::string status_without(OpCode code, int error, std::string_view bytes) {
    world.engine.plan_next(code, {.error = error});
    return status(bytes);
  }
};
// A nameless temporary file is linked and not renamed: faults_test.cc tests its faults.
INSTANTIATE_TEST_SUITE_P(Files, Parents,
                         ::testing::Values(lab::Where::on_disk, lab::Where::in_memory_by_name),
                         [](const ::testing::TestParamInfo<lab::Where>& one) {
                           return one.index == 0 ? "on_disk" : "in_memory_by_name";
                         });

TEST_P(Parents, that_a_failed_upload_made_are_removed) {
  const std::string bytes = put("/a/b/c/new", "x");
  EXPECT_EQ(status_without(OpCode::rename, ENOSPC, bytes), "507");
  EXPECT_EQ(world.root.names(), std::vector<std::string>{"old.txt"});
  world.root.put("a/other", "x");
  EXPECT_EQ(status_without(OpCode::rename, ENOSPC, bytes), "507");
  EXPECT_EQ(world.root.names(), (std::vector<std::string>{"a", "a/other", "old.txt"}));
}

TEST_P(Parents, that_another_writer_made_stay) {
  const std::string bytes = put("/a/b/new", "12");
  const int socket = world.connect();
  world.say(socket, without_last(1, bytes));
  std::filesystem::create_directory(world.root / "a");
  world.engine.plan_next(OpCode::rename, {.error = ENOSPC});
  EXPECT_TRUE(world.say(socket, "2").starts_with("HTTP/1.1 507 "));
  EXPECT_EQ(world.root.names(), (std::vector<std::string>{"a", "old.txt"}));
}

TEST_P(Parents, are_made_again_when_a_DELETE_removes_them) {
  const std::string bytes = put("/a/b/new", "12");
  for (int iterations = 0; iterations < 12; ++iterations) {
    const int socket = world.connect();
    world.say(socket, without_last(1, bytes));
    world.engine.peer_sends(socket, "2");
    for (int i = 0; i < iterations; ++i) world.loop.iterate(0);
    std::error_code ignored;
    std::filesystem::remove(world.root / "a/b", ignored);
    std::filesystem::remove(world.root / "a", ignored);
    world.settle();
    EXPECT_EQ(world.heard(socket).substr(9, 3), "201") << iterations;
    world.engine.peer_finishes(socket);
    world.settle();
    EXPECT_EQ(world.root.get("a/b/new"), "12") << iterations;
    std::filesystem::remove_all(world.root / "a");
  }
}

}  // namespace
}  // namespace server
