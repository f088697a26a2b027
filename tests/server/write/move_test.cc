// MOVE on the simulated engine: the names afterwards, the responses, and failures of each
// operation.
#include <array>
#include <cerrno>
#include <filesystem>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/server/writer.h"
#include "tests/support/sanitizer.h"

namespace server {
namespace {

using lab::head_of;
using lab::put;
using uring::OpCode;

using Names = std::vector<std::string>;

std::string move_of(std::string_view from, std::string_view to, std::string_view fields = {}) {
  return head_of("MOVE", from, "Destination: " + std::string(to) + "\r\n" + std::string(fields));
}

class Moving : public lab::WritingAnywhere {};
WHEREVER_FILES_LIE(Moving);

TEST_P(Moving, gives_a_file_a_new_name) {
  world.root.put("a/file", "x");
  const int socket = world.connect();
  EXPECT_EQ(world.say(socket, move_of("/old.txt", "/a/new%20name?x")),
            "HTTP/1.1 201 Created\r\nDate: NOW\r\nContent-Length: 0\r\n"
            "Location: /a/new%20name\r\n\r\n");
  EXPECT_EQ(world.root.names(), (Names{"a", "a/file", "a/new name"}));
  EXPECT_EQ(world.root.get("a/new name"), "old");
  EXPECT_EQ(status(move_of("/old.txt", "/b")), "404");
  EXPECT_EQ(status(move_of("/none/file", "/b")), "404");
}

TEST_P(Moving, replaces_a_file_unless_Overwrite_forbids_it) {
  world.root.put("a/file", "x");
  EXPECT_EQ(status(move_of("/old.txt", "/a/file", "Overwrite: F\r\n")), "412");
  EXPECT_EQ(world.root.get("a/file"), "x");
  EXPECT_EQ(status(move_of("/old.txt", "/a/file")), "204");
  EXPECT_EQ(world.root.get("a/file"), "old");
  EXPECT_EQ(status(move_of("/a/file", "/b", "Overwrite: F\r\n")), "201");
  EXPECT_EQ(world.root.names(), (Names{"a", "b"}));
}

TEST_P(Moving, moves_directories_with_all_that_is_in_them) {
  world.root.put("a/b/file", "x");
  std::filesystem::create_directory(world.root / "empty");
  world.root.put("full/file", "y");
  EXPECT_EQ(status(move_of("/a/", "/full/")), "409") << "it is not empty";
  EXPECT_EQ(status(move_of("/a/", "/full/", "Overwrite: F\r\n")), "412");
  EXPECT_EQ(status(move_of("/a/", "/empty/")), "204");
  EXPECT_EQ(status(move_of("/empty", "/full/a")), "201");
  EXPECT_EQ(world.root.names(),
            (Names{"full", "full/a", "full/a/b", "full/a/b/file", "full/file", "old.txt"}));
}

TEST_P(Moving, replaces_no_directory_by_a_file_and_no_file_by_a_directory) {
  std::filesystem::create_directory(world.root / "empty");
  EXPECT_EQ(status(move_of("/old.txt", "/empty")), "409");
  EXPECT_EQ(status(move_of("/empty", "/old.txt")), "409");
  EXPECT_EQ(status(move_of("/old.txt", "/new/")), "409") << "a file has no slash at its end";
  EXPECT_EQ(status(move_of("/old.txt/", "/new")), "404");
  EXPECT_EQ(world.root.names(), (Names{"empty", "old.txt"}));
}

TEST_P(Moving, needs_the_directory_of_the_destination) {
  EXPECT_EQ(status(move_of("/old.txt", "/none/new")), "409");
  EXPECT_EQ(status(move_of("/old.txt", "/old.txt2/../none/a/b")), "409");
  world.root.put("file", "x");
  EXPECT_EQ(status(move_of("/old.txt", "/file/new")), "409");
  EXPECT_EQ(world.root.names(), (Names{"file", "old.txt"}));
}

TEST_P(Moving, moves_a_link_itself_and_follows_none_out_of_the_root) {
  world.root.put("a/file", "x");
  std::filesystem::create_symlink("old.txt", world.root / "link");
  std::filesystem::create_symlink("/nowhere", world.root / "dangling");
  std::filesystem::create_symlink("/tmp", world.root / "out");
  std::filesystem::create_symlink("a", world.root / "inside");
  EXPECT_EQ(status(move_of("/old.txt", "/out/new")), "403");
  EXPECT_EQ(status(move_of("/out/old", "/new")), "403");
  EXPECT_EQ(status(move_of("/link", "/inside/link")), "201");
  EXPECT_TRUE(std::filesystem::is_symlink(world.root / "a/link"));
  EXPECT_EQ(status(move_of("/old.txt", "/dangling", "Overwrite: F\r\n")), "412");
  EXPECT_EQ(status(move_of("/old.txt", "/dangling")), "204");
  EXPECT_EQ(world.root.get("dangling"), "old");
  EXPECT_EQ(status(move_of("/a", "/inside/b")), "403") << "into itself";
}

// rename(2) does nothing where both names are hard links of one file.
TEST_P(Moving, refuses_source_and_destination_that_are_one_file) {
  ASSERT_EQ(::link((world.root / "old.txt").c_str(), (world.root / "hard").c_str()), 0);
  std::filesystem::create_directory(world.root / "a");
  std::filesystem::create_symlink("a", world.root / "same");
  world.root.put("a/file", "x");
  EXPECT_EQ(status(move_of("/old.txt", "/hard")), "403");
  EXPECT_EQ(status(move_of("/a/file", "/same/file")), "403");
  EXPECT_EQ(status(move_of("/old.txt", "/old.txt")), "403");
  EXPECT_EQ(status(move_of("/a", "/a/b")), "403");
  EXPECT_EQ(world.root.names(), (Names{"a", "a/file", "hard", "old.txt", "same"}));
}

TEST_P(Moving, obeys_conditions_on_the_source) {
  const std::string match = "If-Match: " + tag_of_file("old.txt") + "\r\n";
  EXPECT_EQ(status(move_of("/old.txt", "/new", "If-Match: \"x\"\r\n")), "412");
  EXPECT_EQ(status(move_of("/old.txt", "/new", "If-None-Match: *\r\n")), "412");
  EXPECT_EQ(status(move_of("/none", "/new", match)), "404");
  EXPECT_EQ(status(move_of("/old.txt", "/new", match)), "201");
}

TEST_P(Moving, refuses_hidden_names_and_a_read_only_server) {
  EXPECT_EQ(status(move_of("/old.txt", "/.new")), "403");
  EXPECT_EQ(status(move_of("/.old", "/new")), "403");
  EXPECT_EQ(status(move_of("/", "/new")), "403");
  EXPECT_EQ(status(move_of("/old.txt", "http://b/new")), "502");
  EXPECT_EQ(status(head_of("MOVE", "/old.txt")), "400");
  world.site.writable = false;
  EXPECT_EQ(status(move_of("/old.txt", "/new")), "405");
  EXPECT_EQ(world.root.names(), Names{"old.txt"});
}

// The file cache, with files and missing paths, and the directory of the last upload.
TEST_P(Moving, is_seen_by_the_next_request) {
  world.root.put("a/file", "x");
  const int socket = world.connect();
  for (int i = 0; i < 3; ++i) {
    world.say(socket, head_of("GET", "/a/file") + head_of("GET", "/b/file"));
  }
  const std::size_t before = world.heard(socket).size();
  world.say(socket, head_of("GET", "/a/file") + put("/a/two", "2") + move_of("/a", "/b") +
                        head_of("GET", "/a/file") + head_of("GET", "/b/file") +
                        put("/a/three", "3") + head_of("GET", "/b/three"));
  EXPECT_EQ(lab::statuses_of(world.heard(socket).substr(before)),
            (std::vector<int>{200, 201, 201, 404, 200, 201, 404}));
  EXPECT_EQ(world.root.names(), (Names{"a", "a/three", "b", "b/file", "b/two", "old.txt"}));
}

TEST_P(Moving, reports_another_file_system) {
  world.engine.plan_next(OpCode::rename, {.error = EXDEV});
  const std::string here = status(move_of("/old.txt", "/new"));
  EXPECT_TRUE(here == "502" || (here == "201" && GetParam() != lab::Where::on_disk)) << here;
}

// Some file systems do not have RENAME_NOREPLACE.
TEST_P(Moving, does_without_a_flag_where_it_may_replace) {
  if (GetParam() != lab::Where::on_disk) GTEST_SKIP() << "the engine does not see plain calls";
  world.engine.plan_next(OpCode::rename, {.error = EINVAL});
  EXPECT_EQ(status(move_of("/old.txt", "/new", "Overwrite: F\r\n")), "501");
  world.engine.plan_next(OpCode::rename, {.error = EINVAL});
  EXPECT_EQ(status(move_of("/old.txt", "/new")), "201");
  world.engine.plan_next(OpCode::rename, {.error = EBUSY});
  EXPECT_EQ(status(move_of("/new", "/old.txt")), "409");
}

TEST_P(Moving, syncs_both_directories_for_full_durability) {
  std::filesystem::create_directory(world.root / "a");
  world.site.durability = Durability::full;
  EXPECT_EQ(status(move_of("/old.txt", "/a/new")), "201");
  EXPECT_EQ(world.engine.started(OpCode::sync), 2U);
  world.engine.plan_next(OpCode::sync, {.error = EIO});
  EXPECT_EQ(status(move_of("/a/new", "/old.txt")), "500");
  EXPECT_TRUE(world.root.has("old.txt"));
}

// Two names in both orders: neither request waits for the other one for ever, and no file is lost.
TEST_P(Moving, in_opposite_directions_ends) {
  for (std::uint64_t late = 1; late < 10; ++late) {
    world.root.put("one", "1");
    world.root.put("two", "2");
    for (std::uint64_t n = 0; n < 20; ++n) {
      world.engine.plan_fault(world.engine.started() + late + n, {.delay = n % 3 == 0 ? 2U : 0U});
    }
    const int first = world.connect();
    const int second = world.connect();
    world.engine.peer_sends(first, move_of("/one", "/two"));
    world.engine.peer_sends(second, move_of("/two", "/one"));
    world.settle();
    EXPECT_EQ(world.heard(first).substr(9, 1), "2");
    EXPECT_NE(world.heard(second), "");
    EXPECT_NE(world.root.has("one"), world.root.has("two"));
    world.engine.peer_finishes(first);
    world.engine.peer_finishes(second);
    world.settle();
  }
}

// --- Failures ---

struct Case {
  const char* from;
  const char* to;
  const char* fields;
};

constexpr std::array cases = {Case{"file", "folder/new", ""}, Case{"file", "folder/taken", ""},
                              Case{"file", "new", "Overwrite: F\r\nIf-Match: *\r\n"},
                              Case{"folder", "other", ""}};
constexpr std::array errors = {EIO,    ENOMEM, EMFILE, ENOSPC, ECANCELED, EINTR,
                               EAGAIN, EACCES, ENOENT, EEXIST, ENOTDIR,   EXDEV};

std::string path_in(std::string_view name) { return "/" + std::string(name); }

// Moves while operation `number` fails. Returns whether there was such an operation.
bool fail(const Case& one, std::uint64_t number, int error) {
  SCOPED_TRACE(std::string(one.from) + " to " + one.to + ": operation " + std::to_string(number) +
               ", errno " + std::to_string(error));
  lab::World world;
  world.site.writable = true;
  world.site.durability = Durability::full;
  world.worker.memory_device.reset();
  world.root.put("file", "f");
  world.root.put("folder/taken", "t");
  const Names before = world.root.names();
  const int socket = world.connect();
  world.engine.plan_fault(number, {.error = error});
  world.say(socket, move_of(path_in(one.from), path_in(one.to), one.fields));
  world.engine.peer_finishes(socket);
  world.settle();
  const bool has_happened = world.engine.started() >= number;
  world.end();
  const bool is_moved = !world.root.has(one.from);
  EXPECT_TRUE(is_moved ? world.root.has(one.to) : world.root.names() == before);
  EXPECT_TRUE(!is_moved || world.root.names().size() <= before.size()) << "there are two names";
  const std::vector<int> statuses = lab::statuses_of(world.heard(socket));
  if (!statuses.empty()) {
    EXPECT_TRUE(statuses[0] == 500 || is_moved == (statuses[0] < 300)) << statuses[0];
  }
  return has_happened;
}

TEST(MovingFails, at_any_operation_and_leaves_one_name) {
  for (const Case& one : cases) {
    for (const int error : errors) {
      for (std::uint64_t number = 1; fail(one, number, error); ++number) {
      }
    }
  }
}

}  // namespace
}  // namespace server
