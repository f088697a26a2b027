// The path of a write: its last name, the nearest existing directory, and the claim on the name.
#include "apps/server/write/target.h"

#include <filesystem>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/server/writer.h"

namespace server {
namespace {

using uring::Fault;

TEST(Leaves, are_the_last_name_of_the_path) {
  EXPECT_STREQ(leaf_of({.path = "a"}), "a");
  EXPECT_STREQ(leaf_of({.path = "a/b/c"}), "c");
}

TEST(NearestDirectories, are_the_parent_where_no_other_directory_is_missing) {
  EXPECT_TRUE(has_parent({.path = "a"}, {.existing_bytes = 0}));
  EXPECT_TRUE(has_parent({.path = "a/b/c"}, {.existing_bytes = 4}));
  EXPECT_FALSE(has_parent({.path = "a/b/c"}, {.existing_bytes = 2}));
  EXPECT_FALSE(has_parent({.path = "a/b/c"}, {.existing_bytes = 0}));
}

TEST(Directories, can_be_synced_only_where_that_is_needed) {
  EXPECT_NE(directory_flags(Durability::none) & O_PATH, 0U);
  EXPECT_NE(directory_flags(Durability::data) & O_PATH, 0U);
  EXPECT_EQ(directory_flags(Durability::full) & O_PATH, 0U);
}

TEST(Conditions, of_a_path_that_does_not_exist_are_those_of_nothing) {
  const lab::Request any(lab::head_of("PUT", "/a", "If-Match: *\r\n"));
  const lab::Request none(lab::head_of("PUT", "/a", "If-None-Match: *\r\n"));
  const Found missing{.fault = Fault::not_found};
  const Found file{.facts = lab::old_facts};
  EXPECT_FALSE(conditions_hold(any.head, missing, lab::old_seconds));
  EXPECT_TRUE(conditions_hold(any.head, file, lab::old_seconds));
  EXPECT_TRUE(conditions_hold(none.head, missing, lab::old_seconds));
  EXPECT_FALSE(conditions_hold(none.head, file, lab::old_seconds));
}

TEST(TargetClaims, belong_to_the_name_in_its_directory_whatever_the_path) {
  Claims claims;
  const DirectoryId directory{.device = 1, .inode = 2};
  Claim one;
  Claim two;
  Claim three;
  EXPECT_EQ(take_claim(claims, one, directory, {.path = "a/b"}), Fault::none);
  EXPECT_EQ(take_claim(claims, two, directory, {.path = "link/b"}), Fault::try_again);
  EXPECT_EQ(take_claim(claims, three, directory, {.path = "a/c"}), Fault::none);
  claims.leave(one);
  claims.leave(two);
  claims.leave(three);
}

// --- The nearest existing directory ---

uring::Task<> open_and_release(Connection& c, std::string_view path, Target& target, Fault& fault) {
  c.worker.borrow(c).request.intent.path = path;
  c.worker.begin_request(c);
  begin_file_operations(c);
  const Fault opened = co_await open_directory(c, target);
  fault = opened;
  release_directory(c, target);
  c.worker.give_back(c);
  c.io.engine().close(c.fd);
  c.worker.destroy(c);
}

class Targets : public lab::WritingAnywhere {
 protected:
  struct Opened {
    Fault fault;
    std::size_t existing_bytes;
    DirectoryId id;
  };
  // Opens the directory for `path`, on a connection of its own, and releases it.
  Opened opened(std::string_view path) {
    Connection& c = *world.worker.admit(world.engine.connected());
    Target target;
    Fault fault = Fault::other;
    world.worker.connections.spawn(open_and_release(c, path, target, fault));
    world.settle();
    EXPECT_EQ(target.directory, -1);
    return {fault, target.existing_bytes, target.id};
  }
};
WHEREVER_FILES_LIE(Targets);

TEST_P(Targets, have_the_deepest_directory_that_exists) {
  std::filesystem::create_directories(world.root / "a/b");
  std::filesystem::create_symlink("a", world.root / "link");
  EXPECT_EQ(opened("file").existing_bytes, 0U);
  EXPECT_EQ(opened("a/file").existing_bytes, 2U);
  EXPECT_EQ(opened("a/b/c/d/file").existing_bytes, 4U);
  EXPECT_EQ(opened("none/file").existing_bytes, 0U);
  EXPECT_EQ(opened("link/b/file").existing_bytes, 7U);
  EXPECT_EQ(opened("link/b/file").id.inode, opened("a/b/file").id.inode);
  EXPECT_NE(opened("a/file").id.inode, opened("a/b/file").id.inode);
}

TEST_P(Targets, below_a_file_or_outside_the_root_have_none) {
  std::filesystem::create_symlink("/tmp", world.root / "outside");
  EXPECT_EQ(opened("old.txt/file").fault, Fault::not_directory);
  EXPECT_EQ(opened("outside/file").fault, Fault::outside);
}

}  // namespace
}  // namespace server
