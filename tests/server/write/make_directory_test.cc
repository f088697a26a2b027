// MKCOL on the simulated engine: the directories afterwards, and the responses.
#include <cerrno>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "tests/server/writer.h"

namespace server {
namespace {

using lab::head_of;
using uring::OpCode;

class MakingDirectories : public lab::WritingAnywhere {};
WHEREVER_FILES_LIE(MakingDirectories);

TEST_P(MakingDirectories, makes_one_directory) {
  const int socket = world.connect();
  EXPECT_EQ(world.say(socket, head_of("MKCOL", "/a%20b/")),
            "HTTP/1.1 201 Created\r\nDate: NOW\r\nContent-Length: 0\r\nLocation: /a%20b/\r\n\r\n");
  EXPECT_EQ(status(head_of("MKCOL", "/a%20b/c")), "201");
  EXPECT_EQ(world.root.names(), (std::vector<std::string>{"a b", "a b/c", "old.txt"}));
}

TEST_P(MakingDirectories, replaces_nothing) {
  std::filesystem::create_symlink("/nowhere", world.root / "dangling");
  std::filesystem::create_directory(world.root / "empty");
  for (const char* target : {"/old.txt", "/old.txt/", "/empty/", "/dangling", "/"}) {
    const std::string response = world.ask(head_of("MKCOL", target));
    EXPECT_EQ(response.substr(9, 3), "405") << target;
    EXPECT_NE(response.find("Allow: GET, HEAD, OPTIONS, PUT, DELETE, MKCOL, MOVE\r\n"),
              std::string::npos);
  }
  EXPECT_EQ(world.root.get("old.txt"), "old");
}

TEST_P(MakingDirectories, needs_the_directory_above) {
  EXPECT_EQ(status(head_of("MKCOL", "/x/y/")), "409");
  EXPECT_EQ(status(head_of("MKCOL", "/old.txt/y/")), "409");
  EXPECT_EQ(world.root.names(), std::vector<std::string>{"old.txt"});
}

TEST_P(MakingDirectories, refuses_bodies_hidden_and_long_names) {
  EXPECT_EQ(status(head_of("MKCOL", "/a", "Content-Length: 1\r\n") + "x"), "415");
  EXPECT_EQ(status(head_of("MKCOL", "/a", "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n"), "415");
  EXPECT_EQ(status(head_of("MKCOL", "/.a")), "403");
  EXPECT_EQ(status(head_of("MKCOL", "/" + std::string(256, 'a'))), "400");
  EXPECT_EQ(status(head_of("MKCOL", "/b", "Content-Length: 0\r\n")), "201");
  world.site.writable = false;
  EXPECT_EQ(status(head_of("MKCOL", "/a")), "405");
  EXPECT_EQ(world.root.names(), (std::vector<std::string>{"b", "old.txt"}));
}

TEST_P(MakingDirectories, obeys_conditions) {
  EXPECT_EQ(status(head_of("MKCOL", "/a", "If-Match: *\r\n")), "412");
  EXPECT_EQ(status(head_of("MKCOL", "/old.txt", "If-Match: \"x\"\r\n")), "405");
  EXPECT_EQ(status(head_of("MKCOL", "/a", "If-None-Match: *\r\n")), "201");
}

TEST_P(MakingDirectories, syncs_the_directory_above_for_full_durability) {
  EXPECT_EQ(status(head_of("MKCOL", "/a")), "201");
  EXPECT_EQ(world.engine.started(OpCode::sync), 0U);
  world.site.durability = Durability::full;
  EXPECT_EQ(status(head_of("MKCOL", "/b")), "201");
  EXPECT_EQ(world.engine.started(OpCode::sync), 1U);
  world.engine.plan_next(OpCode::sync, {.error = EIO});
  EXPECT_EQ(status(head_of("MKCOL", "/c")), "500");
}

}  // namespace
}  // namespace server
