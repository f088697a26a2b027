// DELETE on the simulated engine: the files afterwards, and the responses.
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "tests/server/writer.h"

namespace server {
namespace {

using lab::head_of;
using lab::put;
using uring::OpCode;

class Removal : public lab::WritingAnywhere {};
WHEREVER_FILES_LIE(Removal);

TEST_P(Removal, deletes_files_and_empty_directories) {
  world.root.put("a/b/file", "x");
  const int socket = world.connect();
  EXPECT_EQ(world.say(socket, head_of("DELETE", "/old.txt")),
            "HTTP/1.1 204 No Content\r\nDate: NOW\r\n\r\n");
  EXPECT_EQ(status(head_of("DELETE", "/old.txt")), "404");
  EXPECT_EQ(status(head_of("DELETE", "/a")), "409");
  EXPECT_EQ(status(head_of("DELETE", "/a/b/file/")), "404");
  EXPECT_EQ(status(head_of("DELETE", "/a/b/file", "If-Match: \"x\"\r\n")), "412");
  EXPECT_EQ(status(head_of("DELETE", "/a/b/file", "Depth: Infinity\r\n")), "204");
  EXPECT_EQ(status(head_of("DELETE", "/a/b/")), "204");
  EXPECT_EQ(status(head_of("DELETE", "/a")), "204");
  EXPECT_EQ(status(head_of("DELETE", "/")), "409");
  EXPECT_EQ(status(head_of("DELETE", "/x/y/z")), "404");
  EXPECT_EQ(status(head_of("DELETE", "/.hidden")), "403");
  EXPECT_TRUE(world.root.names().empty());
}

TEST_P(Removal, deletes_a_link_and_not_the_file_it_leads_to) {
  world.root.put("folder/file", "x");
  std::filesystem::create_symlink("old.txt", world.root / "link");
  std::filesystem::create_symlink("folder", world.root / "to-folder");
  std::filesystem::create_symlink("/nowhere", world.root / "dangling");
  EXPECT_EQ(status(head_of("DELETE", "/link")), "204");
  EXPECT_EQ(status(head_of("DELETE", "/to-folder")), "204");
  EXPECT_EQ(status(head_of("DELETE", "/dangling")), "204");
  EXPECT_EQ(world.root.names(), (std::vector<std::string>{"folder", "folder/file", "old.txt"}));
}

// A slash at the end names a directory; a link is no directory, even if it leads to one.
TEST_P(Removal, obeys_a_slash_at_the_end) {
  world.root.put("a/file", "x");
  std::filesystem::create_directory(world.root / "empty");
  std::filesystem::create_symlink("empty", world.root / "link");
  EXPECT_EQ(status(head_of("DELETE", "/old.txt/")), "404");
  EXPECT_EQ(status(head_of("DELETE", "/link/")), "404");
  EXPECT_EQ(status(head_of("DELETE", "/a/")), "409");
  EXPECT_EQ(status(head_of("DELETE", "/a/file/x")), "404");
  EXPECT_EQ(status(head_of("DELETE", "/link")), "204");
  EXPECT_EQ(status(head_of("DELETE", "/empty/")), "204");
  EXPECT_EQ(world.root.names(), (std::vector<std::string>{"a", "a/file", "old.txt"}));
}

TEST_P(Removal, tolerates_Depth_in_any_case) {
  for (const char* depth : {"Infinity", "infinity", "INFINITY", "0", "nonsense"}) {
    world.root.put("a/file", "x");
    const std::string field = "Depth: " + std::string(depth) + "\r\n";
    EXPECT_EQ(status(head_of("DELETE", "/a", field)), "409") << depth;
    EXPECT_EQ(status(head_of("DELETE", "/a/file", field)), "204") << depth;
    EXPECT_EQ(status(head_of("DELETE", "/a", field)), "204") << depth;
  }
}

TEST_P(Removal, evaluates_conditions_against_the_file_that_GET_shows) {
  std::filesystem::create_symlink("old.txt", world.root / "link");
  std::filesystem::create_symlink("none", world.root / "dangling");
  const std::string match = "If-Match: " + tag_of_file("old.txt") + "\r\n";
  EXPECT_EQ(status(head_of("DELETE", "/old.txt", "If-Match: \"x\"\r\n")), "412");
  EXPECT_EQ(status(head_of("DELETE", "/link", "If-Match: \"x\"\r\n")), "412");
  EXPECT_EQ(status(head_of("DELETE", "/link", "If-None-Match: *\r\n")), "412");
  EXPECT_EQ(status(head_of("DELETE", "/dangling", match)), "412");
  EXPECT_EQ(status(head_of("DELETE", "/none", match)), "404");
  EXPECT_EQ(status(head_of("DELETE", "/link", match)), "204");
  EXPECT_EQ(status(head_of("DELETE", "/old.txt", match)), "204");
  EXPECT_EQ(world.root.names(), std::vector<std::string>{"dangling"});
}

// Conditions and unlink are atomic: a PUT in between waits for the claim, and its file stays.
TEST_P(Removal, of_a_version_leaves_the_next_one) {
  const std::string match = "If-Match: " + tag_of_file("old.txt") + "\r\n";
  for (std::uint64_t late = 1; late < 12; ++late) {
    world.root.put("old.txt", "old");
    for (std::uint64_t n = 0; n < 12; ++n) {
      world.engine.plan_fault(world.engine.started() + late + n, {.delay = n % 3 == 0 ? 2U : 0U});
    }
    const int writer = world.connect();
    const int remover = world.connect();
    world.engine.peer_sends(remover, head_of("DELETE", "/old.txt", match));
    world.engine.peer_sends(writer, put("/old.txt", "new"));
    world.settle();
    const std::string removed = world.heard(remover).substr(9, 3);
    const std::string written = world.heard(writer).substr(9, 3);
    EXPECT_TRUE(removed == "204" ? written == "201" : removed == "412" && written == "204")
        << removed << written;
    EXPECT_EQ(world.root.get("old.txt"), "new");
    world.engine.peer_finishes(writer);
    world.engine.peer_finishes(remover);
    world.settle();
  }
}

TEST_P(Removal, syncs_the_directory_for_full_durability) {
  status(head_of("DELETE", "/old.txt"));
  EXPECT_EQ(world.engine.started(OpCode::sync), 0U);
  world.root.put("old.txt", "old");
  world.site.durability = Durability::full;
  EXPECT_EQ(status(head_of("DELETE", "/old.txt")), "204");
  EXPECT_EQ(world.engine.started(OpCode::sync), 1U);
  world.root.put("old.txt", "old");
  world.engine.plan_next(OpCode::sync, {.error = EIO});
  EXPECT_EQ(status(head_of("DELETE", "/old.txt")), "500");
  EXPECT_FALSE(world.root.has("old.txt"));
}

}  // namespace
}  // namespace server
