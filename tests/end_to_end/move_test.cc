// MKCOL and MOVE by the real server: names change in one step, for all workers at once.
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/site.h"

namespace {

using test_support::get;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Site;
using test_support::under_profile;

std::string move_of(const std::string& from, const std::string& to,
                    std::vector<std::string> fields = {}) {
  fields.push_back("Destination: " + to);
  return request("MOVE", from, fields);
}

TEST(Move, RenamesFilesAndDirectoriesThatWereCached) {
  Site site({"--writable", "--durability", "full"});
  RawClient client = site.connect();
  EXPECT_EQ(client.ask(request("MKCOL", "/a/")).status, 201);
  EXPECT_EQ(client.ask(request("MKCOL", "/a/")).status, 405);
  EXPECT_EQ(client.ask(put("/a/file", "x")).status, 201);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.ask(get("/a/file")).body, "x");
  EXPECT_EQ(client.ask(get("/b/file")).status, 404);
  const Response moved = client.ask(move_of("/a/", "/b/"));
  EXPECT_EQ(moved.status, 201);
  EXPECT_EQ(moved.field("Location"), "/b/");
  EXPECT_EQ(client.ask(get("/a/file")).status, 404);
  EXPECT_EQ(client.ask(get("/b/file")).body, "x");
  EXPECT_EQ(client.ask(move_of("/b/file", "/one", {"Overwrite: F"})).status, 201);
  EXPECT_EQ(client.ask(put("/two", "y")).status, 201);
  EXPECT_EQ(client.ask(move_of("/one", "/two", {"Overwrite: F"})).status, 412);
  EXPECT_EQ(client.ask(move_of("/one", "/two")).status, 204);
  EXPECT_EQ(client.ask(get("/two")).body, "x");
}

TEST(Move, KnowsItsOwnServer) {
  Site site({"--writable"});
  site.root.write("file", "x");
  const std::string host = "127.0.0.1:" + std::to_string(site.port());
  RawClient client = site.connect();
  const auto ask = [&](const std::string& version, const std::string& to) {
    return client
        .ask("MOVE /file " + version + "\r\nHost: " + host + "\r\nConnection: keep-alive\r\n" +
             "Destination: " + to + "\r\n\r\n")
        .status;
  };
  EXPECT_EQ(ask("HTTP/1.1", "http://127.0.0.2/new"), 502);
  EXPECT_EQ(ask("HTTP/1.1", "new"), 400);
  EXPECT_EQ(ask("HTTP/1.0", "http://" + host + "/new"), 201);
  EXPECT_EQ(site.root.read("new"), "x");
}

TEST(Move, ObeysRules) {
  Site site({"--writable", "--allow", "anyone rw /own", "--allow", "anyone r"});
  site.root.make_directory("own");
  site.root.write("own/file", "x");
  EXPECT_EQ(site.ask(move_of("/own/file", "/file")).status, 403);
  EXPECT_EQ(site.ask(request("MKCOL", "/dir")).status, 403);
  EXPECT_EQ(site.ask(move_of("/own/file", "/own/new")).status, 201);
  EXPECT_EQ(site.ask(request("MKCOL", "/own/dir")).status, 201);
}

// The profile of system calls that packages use.
TEST(Move, WorksUnderTheProfile) {
  const std::vector<std::string> wrapper = under_profile();
  if (wrapper.empty()) GTEST_SKIP() << "profiles of system calls cannot be tested here";
  Site site({"--writable"}, {.wrapper = wrapper});
  EXPECT_EQ(site.ask(request("MKCOL", "/a")).status, 201);
  EXPECT_EQ(site.ask(move_of("/a", "/b")).status, 201);
}

// Two clients that move one file to names of their own: it always has one name.
TEST(Move, BySeveralClientsLeavesOneName) {
  Site site({"--writable"});
  site.root.write("one", "x");
  const auto moves = [&site](const std::string& from, const std::string& to) {
    RawClient client = site.connect();
    int moved = 0;
    for (int i = 0; i < 100; ++i) {
      const int there = client.ask(move_of(from, to, {"Overwrite: F"})).status;
      const int back = client.ask(move_of(to, from, {"Overwrite: F"})).status;
      EXPECT_TRUE(there == 201 || there == 404) << there;
      EXPECT_EQ(back, there) << "nobody else knows this name, and the old one is free";
      if (there == 201) ++moved;
    }
    return moved;
  };
  int moved_by_other = 0;
  std::thread other([&] { moved_by_other = moves("/one", "/three"); });
  const int moved = moves("/one", "/two");
  other.join();
  EXPECT_GT(moved + moved_by_other, 0);
  EXPECT_EQ(site.root.list().size(), 1U);
  EXPECT_EQ(site.root.read("one"), "x");
}

}  // namespace
