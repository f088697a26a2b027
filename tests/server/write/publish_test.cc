// Publishing an upload: the conditions are evaluated again once the body is complete.
#include "apps/server/write/publish.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/writer.h"

namespace server {
namespace {

using lab::head_of;
using lab::old_date;
using lab::put;
using lab::without_last;
using uring::OpCode;

class Publishing : public lab::WritingAnywhere {
 protected:
  // The answer's status to `bytes`, all but the last of which are sent before `meanwhile` is said
  // on another connection.
  std::string status_with(std::string_view bytes, const std::vector<std::string>& meanwhile) {
    const int socket = world.connect();
    world.say(socket, bytes.substr(0, bytes.size() - 1));
    for (const std::string& other : meanwhile) world.ask(other);
    const std::string answer = world.say(socket, bytes.substr(bytes.size() - 1));
    return answer.substr(9, 3);
  }

  // The answer's status to `bytes` when the next operation of that kind fails.
  std::string status_without(OpCode code, int error, std::string_view bytes) {
    world.engine.plan_next(code, {.error = error});
    return status(bytes);
  }
};
// A nameless temporary file is linked and not renamed: faults_test.cc tests its faults.
INSTANTIATE_TEST_SUITE_P(Files, Publishing,
                         ::testing::Values(lab::Where::on_disk, lab::Where::in_memory_by_name),
                         [](const ::testing::TestParamInfo<lab::Where>& one) {
                           return one.index == 0 ? "on_disk" : "in_memory_by_name";
                         });

// --- Conditions ---

TEST_P(Publishing, judges_If_Match_again) {
  const std::string bytes = put("/old.txt", "mine", "If-Match: " + tag_of_file("old.txt") + "\r\n");
  EXPECT_EQ(status_with(bytes, {put("/old.txt", "other")}), "412");
  EXPECT_EQ(world.root.get("old.txt"), "other");
  world.root.put("old.txt", "old");
  EXPECT_EQ(status_with(bytes, {head_of("DELETE", "/old.txt")}), "412");
  EXPECT_FALSE(world.root.has("old.txt"));
  world.root.put("old.txt", "old");
  EXPECT_EQ(status_with(bytes, {put("/other", "x"), head_of("DELETE", "/other")}), "204");
  EXPECT_EQ(world.root.get("old.txt"), "mine");
}

TEST_P(Publishing, judges_If_Unmodified_Since_again) {
  const std::string bytes =
      put("/old.txt", "mine", "If-Unmodified-Since: " + std::string(old_date) + "\r\n");
  EXPECT_EQ(status_with(bytes, {put("/old.txt", "other")}), "412");
  EXPECT_EQ(world.root.get("old.txt"), "other");
  world.root.put("old.txt", "old");
  EXPECT_EQ(status_with(bytes, {}), "204");
}

TEST_P(Publishing, judges_If_None_Match_again) {
  const std::string any = put("/new", "mine", "If-None-Match: *\r\n");
  EXPECT_EQ(status_with(any, {put("/new", "other")}), "412");
  EXPECT_EQ(world.root.get("new"), "other");
  EXPECT_EQ(status_with(put("/newer", "mine", "If-None-Match: *\r\n"),
                        {put("/newer", "x"), head_of("DELETE", "/newer")}),
            "201");
  // If-None-Match with a tag permits to replace other versions, and to create the file.
  const std::string tag = "If-None-Match: " + tag_of_file("old.txt") + "\r\n";
  EXPECT_EQ(status_with(put("/new", "mine", tag), {put("/new", "x")}), "204");
  EXPECT_EQ(status_with(put("/new", "mine", tag), {head_of("DELETE", "/new")}), "201");
}

// Ten writers with the entity tag of one version, all admitted before any of them ends, in any
// order of the operations: one replaces it.
TEST_P(Publishing, lets_one_of_ten_writers_of_a_version_succeed) {
  for (std::uint32_t round = 0; round < 20; ++round) {
    world.root.put("old.txt", "old");
    const std::string match = "If-Match: " + tag_of_file("old.txt") + "\r\n";
    std::vector<int> sockets;
    for (int i = 0; i < 10; ++i) {
      sockets.push_back(world.connect());
      world.say(sockets.back(), without_last(1, put("/old.txt", "12", match)));
    }
    const std::uint64_t before = world.engine.started();
    for (std::uint64_t n = 1; n < 100; ++n) {
      const auto late = static_cast<std::uint32_t>((n * (round + 7)) % 5);
      world.engine.plan_fault(before + n, {.delay = round == 0 ? 0 : late});
    }
    for (const int socket : sockets) world.engine.peer_sends(socket, "2");
    world.settle();
    std::vector<std::string> statuses;
    for (const int socket : sockets) {
      statuses.push_back(world.heard(socket).substr(9, 3));
      world.engine.peer_finishes(socket);
    }
    world.settle();
    EXPECT_EQ(std::count(statuses.begin(), statuses.end(), "204"), 1) << round;
    EXPECT_EQ(std::count(statuses.begin(), statuses.end(), "412"), 9) << round;
  }
}

// --- 201 or 204 ---

TEST_P(Publishing, responds_by_the_state_at_that_moment) {
  EXPECT_EQ(status_with(put("/new", "12"), {}), "201");
  EXPECT_EQ(status_with(put("/newer", "12"), {put("/newer", "x")}), "204");
  EXPECT_EQ(status_with(put("/newer", "34"), {head_of("DELETE", "/newer")}), "201");
  EXPECT_EQ(status_with(put("/newer", "56"), {head_of("DELETE", "/newer"), put("/newer", "x")}),
            "204");
  EXPECT_EQ(status_with(put("/thing", "12"), {put("/thing/below", "x")}), "409");
  EXPECT_EQ(status_with(put("/thing/a/b", "12"), {put("/thing/a", "x")}), "409");
  EXPECT_EQ(world.root.names(), (std::vector<std::string>{"new", "newer", "old.txt", "thing",
                                                          "thing/a", "thing/below"}));
}

TEST_P(Publishing, looks_up_the_path_only_where_a_file_existed) {
  // In memory the upload first tries to create the name, and looks up the path where that fails.
  const bool looks_first = GetParam() == lab::Where::on_disk;
  const std::size_t before = world.engine.started(OpCode::open);
  EXPECT_EQ(status(put("/new", "x")), "201");
  EXPECT_EQ(world.engine.started(OpCode::open) - before,
            looks_first ? 3U : 2U);  // directory, temporary
  EXPECT_EQ(status(put("/new", "x")), "204");
  EXPECT_EQ(world.engine.started(OpCode::open) - before,
            looks_first ? 7U : 5U);  // and one at the end
}

// --- Links ---

TEST_P(Publishing, replaces_a_link_and_not_the_file_it_leads_to) {
  std::filesystem::create_symlink("old.txt", world.root / "link");
  EXPECT_EQ(status(put("/link", "x", "If-Match: \"x\"\r\n")), "412");
  EXPECT_EQ(status(put("/link", "x", "If-Match: " + tag_of_file("old.txt") + "\r\n")), "204");
  EXPECT_FALSE(std::filesystem::is_symlink(world.root / "link"));
  EXPECT_EQ(world.root.get("link"), "x");
  EXPECT_EQ(world.root.get("old.txt"), "old");
}

TEST_P(Publishing, creates_over_a_link_that_leads_nowhere) {
  std::filesystem::create_symlink("none", world.root / "link");
  EXPECT_EQ(status(put("/link", "x", "If-None-Match: *\r\n")), "412");
  EXPECT_TRUE(std::filesystem::is_symlink(world.root / "link"));
  EXPECT_EQ(status(put("/link", "x")), "201");
  EXPECT_EQ(world.root.get("link"), "x");
  EXPECT_FALSE(world.root.has("none"));
}

TEST_P(Publishing, leaves_links_out_of_the_root_alone) {
  std::filesystem::create_symlink("/etc/hostname", world.root / "file");
  std::filesystem::create_symlink("../..", world.root / "folder");
  EXPECT_EQ(status(put("/file", "x")), "403");
  EXPECT_EQ(status(put("/folder", "x")), "403");
  EXPECT_EQ(status(put("/folder/x", "x")), "403");
  EXPECT_EQ(status(put("/folder/x/y/z", "x")), "403");
  EXPECT_TRUE(std::filesystem::is_symlink(world.root / "file"));
}

TEST_P(Publishing, is_stopped_by_a_link_that_appears_and_leads_out) {
  const int socket = world.connect();
  world.say(socket, without_last(1, put("/new", "12")));
  std::filesystem::create_symlink("/etc/hostname", world.root / "new");
  EXPECT_TRUE(world.say(socket, "2").starts_with("HTTP/1.1 403 "));
  const lab::Folder outside;
  const int deep = world.connect();
  world.say(deep, without_last(1, put("/a/new", "12")));
  std::filesystem::create_symlink(outside.path(), world.root / "a");
  EXPECT_TRUE(world.say(deep, "2").starts_with("HTTP/1.1 4"));
  EXPECT_FALSE(outside.has("new"));
}

// --- File systems without RENAME_NOREPLACE ---

TEST_P(Publishing, links_where_a_rename_would_replace) {
  const std::string bytes = put("/new", "x", "If-None-Match: *\r\n");
  for (const int error : {EINVAL, ENOSYS, EOPNOTSUPP}) {
    EXPECT_EQ(status_without(OpCode::rename, error, bytes), "201") << error;
    EXPECT_EQ(world.root.get("new"), "x");
    EXPECT_EQ(world.root.temporaries(), 0U);
    std::filesystem::remove(world.root / "new");
  }
  const int socket = world.connect();
  world.say(socket, without_last(1, bytes));
  world.root.put("new", "other");
  world.engine.plan_next(OpCode::rename, {.error = EINVAL});
  world.say(socket, "x");
  EXPECT_TRUE(world.heard(socket).starts_with("HTTP/1.1 412 ")) << world.heard(socket);
  EXPECT_EQ(world.root.get("new"), "other");
}

TEST_P(Publishing, sends_501_where_a_file_system_can_do_neither) {
  const std::string bytes = put("/new", "x", "If-None-Match: *\r\n");
  for (const int error : {EPERM, EOPNOTSUPP, ENOSYS}) {
    world.engine.plan_next(OpCode::rename, {.error = EINVAL});
    world.engine.plan_next(OpCode::link, {.error = error});
    const std::string answer = world.ask(bytes);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 501 ")) << answer;
    EXPECT_NE(answer.find("cannot create a file without perhaps replacing one"), std::string::npos);
    EXPECT_FALSE(world.root.has("new"));
  }
  world.engine.plan_next(OpCode::rename, {.error = EINVAL});
  EXPECT_EQ(status_without(OpCode::link, ENOSPC, bytes), "507");
}

// An upload that may replace a file needs neither.
TEST_P(Publishing, renames_where_nothing_need_be_new) {
  const std::string bytes = put("/new", "x");
  EXPECT_EQ(status_without(OpCode::rename, EINVAL, bytes), "201");
  std::filesystem::remove(world.root / "new");
  EXPECT_EQ(status_without(OpCode::rename, EINVAL, bytes), "201");
  EXPECT_EQ(world.engine.started(OpCode::link), 0U);
}

// --- Durability ---

std::vector<OpCode> after_the_body(const uring::Simulated& engine) {
  std::vector<OpCode> all;
  for (std::uint64_t n = 1; n <= engine.started(); ++n) all.push_back(engine.code_of(n));
  all.erase(all.begin(), std::find(all.begin(), all.end(), OpCode::write) + 1);
  all.erase(std::find(all.begin(), all.end(), OpCode::send), all.end());
  return all;
}

TEST_P(Publishing, syncs_nothing_by_default) {
  world.ask(put("/a/new", "x"));
  EXPECT_EQ(after_the_body(world.engine),
            (std::vector<OpCode>{OpCode::make_directory, OpCode::open, OpCode::rename}));
}

TEST_P(Publishing, syncs_the_data_before_the_name_is_given) {
  world.site.durability = Durability::data;
  EXPECT_EQ(status(put("/a/new", "x")), "201");
  EXPECT_EQ(after_the_body(world.engine), (std::vector<OpCode>{OpCode::sync, OpCode::make_directory,
                                                               OpCode::open, OpCode::rename}));
}

TEST_P(Publishing, syncs_every_directory_that_has_a_new_name) {
  world.site.durability = Durability::full;
  EXPECT_EQ(status(put("/a/b/new", "x")), "201");
  EXPECT_EQ(after_the_body(world.engine),
            (std::vector<OpCode>{OpCode::sync,                                        // the file
                                 OpCode::make_directory, OpCode::sync, OpCode::open,  // a
                                 OpCode::make_directory, OpCode::sync, OpCode::open,  // a/b
                                 OpCode::rename, OpCode::sync}));                     // new
}

TEST_P(Publishing, reports_a_failed_sync) {
  world.site.durability = Durability::full;
  const std::string bytes = put("/new", "x");
  EXPECT_EQ(status_without(OpCode::sync, EIO, bytes), "503");
  EXPECT_FALSE(world.root.has("new"));
  EXPECT_EQ(status_without(OpCode::sync, ENOSPC, bytes), "507");
  EXPECT_FALSE(world.root.has("new"));
  world.engine.plan_next(OpCode::sync, {});
  world.engine.plan_next(OpCode::sync, {.error = EIO});
  const std::string answer = world.ask(bytes);
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 "));
  EXPECT_NE(answer.find("the file is there, but the disk did not confirm it"), std::string::npos);
  EXPECT_EQ(world.root.get("new"), "x");
}

// --- Claims ---

// An upload whose wait for the claim fails is not published.
TEST_P(Publishing, publishes_nothing_without_its_claim) {
  struct stat status_of_root {};
  ASSERT_EQ(::stat(world.root.path().c_str(), &status_of_root), 0);
  const ClaimKey key{
      .device = status_of_root.st_dev, .inode = status_of_root.st_ino, .name = "new"};
  Claim claim;
  ASSERT_EQ(world.claims.enter(claim, key), uring::Fault::none);
  const int socket = world.connect();
  EXPECT_EQ(world.say(socket, put("/new", "x")), "");  // it waits
  EXPECT_FALSE(world.root.has("new"));
  const int failing = world.connect();
  world.engine.plan_next(OpCode::read, {.error = EIO});
  EXPECT_TRUE(world.say(failing, put("/new", "y")).starts_with("HTTP/1.1 503 "));
  world.claims.leave(claim);
  world.settle();
  EXPECT_EQ(world.heard(socket), created("new"));
  EXPECT_EQ(world.root.get("new"), "x");
}

}  // namespace
}  // namespace server
