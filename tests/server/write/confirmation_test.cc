// A write is confirmed only if the path of ROOT still leads to where it was made; and a root that
// is missing gets a 503.
#include <cerrno>
#include <filesystem>
#include <poll.h>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "apps/server/files/root.h"
#include "tests/server/writer.h"

namespace server {
namespace {

namespace fs = std::filesystem;
using lab::head_of;
using lab::put;
using uring::OpCode;

class Confirming : public lab::WritingAnywhere {
 protected:
  Confirming() {
    EXPECT_EQ(served.open(world.root.path()), 0);
    world.shared.served_root = &served;
    away = world.root.path().string() + "-away";
  }
  void TearDown() override {
    if (fs::exists(away)) put_back();
    WritingAnywhere::TearDown();
  }

  void replace_root() {
    fs::rename(world.root.path(), away);
    fs::create_directory(world.root.path());
  }
  void put_back() {
    fs::remove_all(world.root.path());
    fs::rename(away, world.root.path());
  }
  bool is_check_requested() const {
    pollfd ready{.fd = served.requests(), .events = POLLIN, .revents = 0};
    return ::poll(&ready, 1, 0) == 1;
  }
  // The response to `bytes`, the last of which is sent after meanwhile().
  template <typename Action>
  std::string response_with(std::string_view bytes, const Action& meanwhile) {
    const int socket = world.connect();
    world.say(socket, bytes.substr(0, bytes.size() - 1));
    meanwhile();
    return world.say(socket, bytes.substr(bytes.size() - 1));
  }

  Root served;
  fs::path away;
};
WHEREVER_FILES_LIE(Confirming);

TEST_P(Confirming, is_possible_while_the_path_leads_to_the_directory) {
  EXPECT_EQ(status(put("/a", "x")), "201");
  EXPECT_EQ(status(put("/folder/below/a", "x")), "201");
  EXPECT_EQ(status(put("/a", "xx")), "204");
  EXPECT_EQ(status(head_of("DELETE", "/a")), "204");
  EXPECT_FALSE(is_check_requested());
}

TEST_P(Confirming, is_refused_for_an_upload_into_a_root_that_was_replaced) {
  for (const char* target : {"/new", "/old.txt", "/made/new"}) {
    const std::string response = response_with(put(target, "content"), [&] { replace_root(); });
    EXPECT_TRUE(response.starts_with("HTTP/1.1 503 ")) << target << response;
    EXPECT_NE(response.find("\r\nRetry-After: 1\r\n"), std::string::npos) << response;
    EXPECT_NE(response.find("replaced or unmounted"), std::string::npos) << response;
    EXPECT_TRUE(is_check_requested());
    put_back();
  }
}

TEST_P(Confirming, is_refused_for_an_upload_into_a_directory_that_was_replaced) {
  fs::create_directory(world.root / "folder");
  const fs::path moved = world.root / "moved";
  // A nameless file is linked into the directory that exists at the end of the body.
  const bool opens_late = GetParam() != lab::Where::on_disk;
  const std::string response = response_with(put("/folder/new", "content"), [&] {
    fs::rename(world.root / "folder", moved);
    fs::create_directory(world.root / "folder");
  });
  EXPECT_TRUE(response.starts_with(opens_late ? "HTTP/1.1 201 " : "HTTP/1.1 503 ")) << response;
  EXPECT_EQ(world.root.has("folder/new"), opens_late);
}

TEST_P(Confirming, is_refused_for_a_removal_from_a_root_that_was_replaced) {
  replace_root();
  EXPECT_EQ(status(head_of("DELETE", "/old.txt")), "503");
  EXPECT_TRUE(is_check_requested());
}

TEST_P(Confirming, is_refused_to_every_request_while_the_root_is_missing) {
  world.root.put("file", "bytes");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status(head_of("GET", "/file")), "200");
  fs::rename(world.root.path(), away);
  EXPECT_EQ(served.check(), Root::Change::missing);
  world.worker.change_root();
  for (const std::string& bytes :
       {head_of("GET", "/file"), head_of("GET", "/none"), head_of("OPTIONS", "/file"),
        put("/a", "x"), head_of("DELETE", "/file")}) {
    const std::string response = world.ask(bytes);
    EXPECT_TRUE(response.starts_with("HTTP/1.1 503 ")) << bytes;
    EXPECT_NE(response.find("\r\nRetry-After: 1\r\n"), std::string::npos) << response;
  }
  fs::rename(away, world.root.path());
  EXPECT_EQ(served.check(), Root::Change::back);
  world.worker.change_root();
  lab::lay(world, GetParam());
  EXPECT_EQ(status(head_of("GET", "/file")), "200");
  EXPECT_EQ(status(put("/a", "x")), "201");
}

// A network file system fails with the errors of sockets.
TEST_P(Confirming, names_the_file_system_when_it_does_not_respond) {
  world.engine.plan_next(OpCode::write, {.error = ENOTCONN});
  std::string response = world.ask(put("/a", "x"));
  if (GetParam() == lab::Where::on_disk) {
    EXPECT_TRUE(response.starts_with("HTTP/1.1 503 ")) << response;
    EXPECT_NE(response.find("the file system does not respond"), std::string::npos) << response;
  }
  world.root.put("file", "bytes");
  world.engine.plan_next(OpCode::open, {.error = ETIMEDOUT});
  response = world.ask(head_of("GET", "/file"));
  if (response.find("200 OK") != std::string::npos) return;  // the cache has opened it by itself
  EXPECT_TRUE(response.starts_with("HTTP/1.1 503 ")) << response;
  EXPECT_EQ(response.find("peer"), std::string::npos) << response;
}

}  // namespace
}  // namespace server
