// The sandbox of a running server: its layers, its message where one is missing, and that it allows
// what operators do. tests/server/process/escape_test.cc tries to break out of it.
#include <filesystem>
#include <fstream>
#include <signal.h>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/site.h"

namespace {

namespace fs = std::filesystem;
using test_support::eventually;
using test_support::get;
using test_support::noise;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Scratch;
using test_support::Site;

// What /proc/PID/task/*/status has in the lines of that name, for each thread.
std::vector<std::string> of_each_thread(const Site& site, const std::string& name) {
  std::vector<std::string> all;
  const std::string tasks = "/proc/" + std::to_string(site.process().pid()) + "/task";
  for (const auto& task : fs::directory_iterator(tasks)) {
    std::ifstream file(task.path() / "status");
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with(name + ":\t")) all.push_back(line.substr(name.size() + 2));
    }
  }
  return all;
}

bool lacks(const Site& site, std::string_view layer) {
  const std::string err = site.process().err();
  const std::size_t at = err.find("the sandbox lacks ");
  return at != std::string::npos && err.find(layer, at) != std::string::npos;
}

TEST(Sandbox, holds_for_every_thread) {
  const Scratch place;
  const Site site({"--writable", "--access-log", place.path("log")});
  site.root.write("a", "hello");
  EXPECT_EQ(site.ask(put("/b", noise(200'000))).status, 201);  // starts file threads on epoll
  if (!test_support::restricts_files(site)) GTEST_SKIP() << "no sandbox: " << site.process().err();
  for (const std::string& value : of_each_thread(site, "NoNewPrivs")) EXPECT_EQ(value, "1");
  if (lacks(site, "seccomp")) GTEST_SKIP() << site.process().err();
  const std::vector<std::string> modes = of_each_thread(site, "Seccomp");
  EXPECT_GE(modes.size(), 4U);
  for (const std::string& mode : modes) EXPECT_EQ(mode, "2");
}

TEST(Sandbox, can_be_left_out) {
  const Site site({"--sandbox", "off"});
  for (const std::string& value : of_each_thread(site, "NoNewPrivs")) EXPECT_EQ(value, "0");
  for (const std::string& mode : of_each_thread(site, "Seccomp")) EXPECT_EQ(mode, "0");
  EXPECT_EQ(site.process().err().find("sandbox"), std::string::npos);
}

TEST(Sandbox, names_a_layer_that_is_missing_and_serves_all_the_same) {
  const std::vector<std::string> wrapper = {test_support::without_ring_path(), "LANDLOCK"};
  if (test_support::run({wrapper[0], wrapper[1], "true"}).status == 77) {
    GTEST_SKIP() << "no seccomp filters here";
  }
  if (!test_support::has_sandbox()) GTEST_SKIP() << "a build with a sanitizer";
  const Site site({}, {.wrapper = wrapper});
  site.root.write("a", "hello");
  EXPECT_TRUE(site.process().wait_for_err(
      "quoitd: the sandbox lacks Landlock (this kernel or container has none)\n"));
  EXPECT_EQ(site.ask(get("/a")).body, "hello");
}

TEST(Sandbox, lets_logs_be_rotated_into_any_directory) {
  const Scratch place;
  place.make_directory("logs");
  place.make_directory("old");
  const std::string log = place.path("logs/access");
  const Site site({"--access-log", log, "--log-heads", place.path("logs/heads")});
  site.root.write("a", "hello");
  for (int i = 0; i < 3; ++i) {
    fs::rename(log, place.path("old/access"));
    site.signal(i % 2 == 0 ? SIGUSR1 : SIGHUP);
    ASSERT_TRUE(eventually([&] { return fs::exists(log); }));
    const std::string target = "/a?" + std::to_string(i);
    // A reload has created the file some time before it writes there.
    EXPECT_TRUE(eventually([&] {
      EXPECT_EQ(site.ask(get(target)).body, "hello");
      return place.read("logs/access").value_or("").find(target) != std::string::npos;
    }));
  }
}

TEST(Sandbox, lets_a_log_behind_a_link_be_rotated) {
  const Scratch place;
  place.make_directory("real");
  place.make_link("log", "real/access");
  const Site site({"--access-log", place.path("log")});
  fs::rename(place.path("real/access"), place.path("real/old"));
  site.signal(SIGUSR1);
  EXPECT_TRUE(eventually([&] { return place.exists("real/access"); }));
}

TEST(Sandbox, lets_a_unix_socket_be_removed_at_the_end) {
  const Scratch place;
  Site site({"--listen", "unix:" + place.path("socket")}, {.listens_elsewhere = true});
  site.root.write("a", "hello");
  EXPECT_EQ(RawClient::to_unix(place.path("socket")).ask(get("/a")).body, "hello");
  site.stop();
  EXPECT_FALSE(place.exists("socket"));
}

TEST(Sandbox, lets_a_writable_server_do_everything_below_its_root) {
  const Site site({"--writable", "--durability", "full"});
  const std::string bytes = noise(300'000);
  EXPECT_EQ(site.ask(put("/x/y/file", bytes)).status, 201);
  EXPECT_EQ(site.ask(put("/x/y/file", "short")).status, 204);
  EXPECT_EQ(site.ask(put("/x/y/file", "S", {"Content-Range: bytes 0-0/5"})).status, 204);
  EXPECT_EQ(site.ask(get("/x/y/file")).body, "Short");
  EXPECT_EQ(site.ask(put("/x/y/dated", "x", {"X-OC-MTime: 1000000000"})).status, 201);
  EXPECT_EQ(site.ask(get("/x/y/?json")).status, 200);
  EXPECT_EQ(site.ask(request("DELETE", "/x/y/file")).status, 204);
  EXPECT_EQ(site.ask(put("/none/", "x")).status / 100, 4);
}

TEST(Sandbox, serves_files_of_a_configuration_file_behind_a_link) {
  const Scratch place;
  place.write("versions/1/quoitd.toml", "access-log = \"off\"\n");
  place.make_link("quoitd.toml", "versions/1/quoitd.toml");
  const Site site({"--config", place.path("quoitd.toml")});
  site.root.write("a", "hello");
  EXPECT_EQ(site.ask(get("/a")).body, "hello");
}

}  // namespace
