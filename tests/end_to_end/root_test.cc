// ROOT is found by its path again when it was replaced, and no write is confirmed that is not
// there; and what no event reports (mappings, mounts) is seen all the same.
#include <array>
#include <fcntl.h>
#include <filesystem>
#include <signal.h>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/private_mounts.h"
#include "tests/support/site.h"

namespace {

namespace fs = std::filesystem;
using test_support::enter_private_mounts;
using test_support::eventually;
using test_support::get;
using test_support::MountedMemory;
using test_support::noise;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Scratch;
using test_support::Site;

// Larger than the files whose content the cache copies, so that its descriptor is kept.
constexpr std::size_t large_bytes = 300'000;

// What seen() returns for a path that leads to nothing.
constexpr std::string_view missing = "404 404 Not Found: there is nothing of this name\n";

std::string answer_to(const Site& site, const std::string& text) {
  const Response response = site.ask(text);
  return std::to_string(response.status) + " " + response.body;
}

std::string seen(const Site& site, std::string_view target) { return answer_to(site, get(target)); }

// Requests the target often enough that the caches of both workers have what it leads to.
void warm(const Site& site, std::string_view target) {
  for (int i = 0; i < 12; ++i) seen(site, target);
}

testing::AssertionResult comes_to(const Site& site, std::string_view target,
                                  std::string_view expected) {
  std::string last;
  if (eventually([&] { return (last = seen(site, target)) == expected; })) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << target << ": " << last.substr(0, 200);
}

bool says(const Site& site, std::string_view text) { return site.process().wait_for_err(text); }

// Exchanges two paths in one step.
void exchange(const std::string& one, const std::string& other) {
  ASSERT_EQ(::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE), 0);
}

// The server has a file open, or mapped, whose path contains the text.
bool holds(const Site& site, std::string_view text) {
  const std::string process = "/proc/" + std::to_string(site.process().pid());
  for (const char* folder : {"/fd", "/map_files"}) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(process + folder, error)) {
      const std::string path = fs::read_symlink(entry.path(), error).string();
      if (path.find(text) != std::string::npos) return true;
    }
  }
  return false;
}

// A directory with the served one in it, so that it can be replaced.
class Root : public testing::Test {
 protected:
  Root() { place.make_directory("root"); }

  std::string root() const { return place.path("root"); }
  std::string other() const { return place.path("other"); }

  Scratch place;
};

TEST_F(Root, is_served_anew_after_it_was_removed_and_made_again) {
  place.write("root/a", "old");
  Site site({"--writable", "--sandbox", "off"}, {.served = root()});
  warm(site, "/a");
  warm(site, "/b");
  fs::remove_all(root());
  place.write("root/a", "new");
  place.write("root/b", "more");
  EXPECT_TRUE(comes_to(site, "/a", "200 new"));
  EXPECT_TRUE(comes_to(site, "/b", "200 more"));
  EXPECT_TRUE(says(site, root() + " leads to another directory, which is served from now on\n"));
  EXPECT_EQ(site.ask(put("/c", "stored")).status, 201);
  EXPECT_EQ(place.read("root/c"), "stored");
}

TEST_F(Root, follows_a_link_that_is_switched) {
  place.write("v1/a", "one");
  place.write("v2/a", "two");
  place.make_link("live", "v1");
  place.make_link("next", "v2");
  Site site({"--sandbox", "off"}, {.served = place.path("live")});
  warm(site, "/a");
  EXPECT_EQ(seen(site, "/a"), "200 one");
  fs::rename(place.path("next"), place.path("live"));
  site.signal(SIGHUP);
  EXPECT_TRUE(comes_to(site, "/a", "200 two"));
}

TEST_F(Root, is_found_again_by_a_relative_path) {
  place.write("root/a", "old");
  Site site(
      {"--sandbox", "off"},
      {.wrapper = {"sh", "-c", "cd " + place.path() + " && exec \"$@\"", "sh"}, .served = "root"});
  warm(site, "/a");
  fs::remove_all(root());
  place.write("root/a", "new");
  EXPECT_TRUE(comes_to(site, "/a", "200 new"));
}

// The sandbox allows the directory that was served at the start, and no other one.
TEST_F(Root, in_a_sandbox_gets_503_for_another_directory_until_it_is_the_first_one_again) {
  place.write("root/a", "hello");
  Site site({"--writable"}, {.served = root()});
  if (!test_support::restricts_files(site)) GTEST_SKIP() << "no Landlock here";
  warm(site, "/a");
  fs::rename(root(), other());
  place.write("root/a", "another");
  EXPECT_TRUE(says(site, root() +
                             " leads to another directory, which the sandbox keeps quoitd from "
                             "reading; requests get 503: start quoitd again, or use "
                             "--sandbox off\n"));
  EXPECT_TRUE(eventually([&] { return site.ask(get("/a")).status == 503; }));
  EXPECT_EQ(site.ask(put("/b", "x")).status, 503);
  EXPECT_FALSE(place.exists("root/b"));
  EXPECT_FALSE(place.exists("other/b"));
  fs::remove_all(root());
  fs::rename(other(), root());
  EXPECT_TRUE(comes_to(site, "/a", "200 hello"));
  EXPECT_TRUE(says(site, root() + " is served again\n"));
  EXPECT_EQ(site.ask(put("/b", "x")).status, 201);
}

TEST_F(Root, that_is_missing_gets_503_until_it_is_back) {
  place.write("root/a", "hello");
  // With several workers, one may still serve the old directory when another one does not.
  Site site({"--writable"}, {.served = root(), .workers = 1});
  warm(site, "/a");
  fs::rename(root(), other());
  EXPECT_TRUE(eventually([&] { return site.ask(get("/a")).status == 503; }));
  EXPECT_TRUE(says(site, root() + " cannot be served: No such file or directory"));
  for (const std::string& text : {get("/a"), get("/none"), put("/b", "x"), request("DELETE", "/a"),
                                  request("OPTIONS", "/a")}) {
    const Response response = site.ask(text);
    EXPECT_EQ(response.status, 503) << text;
    EXPECT_EQ(response.field("Retry-After"), "1") << text;
  }
  fs::rename(other(), root());
  EXPECT_TRUE(comes_to(site, "/a", "200 hello"));
  EXPECT_TRUE(says(site, root() + " is served again\n"));
  EXPECT_EQ(site.ask(put("/b", "x")).status, 201);
}

TEST_F(Root, that_is_a_file_for_a_while_gets_503) {
  place.write("root/a", "hello");
  Site site({}, {.served = root()});
  fs::rename(root(), other());
  place.write("root", "a file");
  EXPECT_TRUE(eventually([&] { return site.ask(get("/a")).status == 503; }));
  fs::remove(root());
  fs::rename(other(), root());
  EXPECT_TRUE(comes_to(site, "/a", "200 hello"));
}

TEST_F(Root, has_every_upload_that_was_confirmed_while_it_is_replaced) {
  place.make_directory("other");
  Site site({"--writable", "--sandbox", "off"}, {.served = root()});
  int confirmed = 0;
  for (int i = 0; i < 40; ++i) {
    const std::string name = std::to_string(i);
    exchange(root(), other());
    const int status = site.ask(put("/" + name, name)).status;
    EXPECT_TRUE(status == 201 || status == 503) << status;
    if (status == 201) {
      ++confirmed;
      EXPECT_EQ(place.read("root/" + name), name);
      const int removed = site.ask(request("DELETE", "/" + name)).status;
      EXPECT_TRUE(removed == 204 || removed == 503) << removed;
      EXPECT_FALSE(removed == 204 && place.exists("root/" + name));
    }
    if (i % 4 == 0) eventually([&] { return site.ask(put("/probe", "x")).status < 300; });
  }
  RecordProperty("confirmed", confirmed);
}

TEST_F(Root, gets_503_for_an_upload_during_which_a_directory_was_replaced) {
  place.make_directory("root/folder");
  Site site({"--writable", "--sandbox", "off"}, {.served = root()});
  const std::string bytes = noise(1'000'000);
  for (const std::string& replaced : {root() + "/folder", root()}) {
    RawClient client = site.connect();
    client.send(request("PUT", "/folder/a", {"Content-Length: 1000000"}) +
                bytes.substr(0, 400'000));
    EXPECT_TRUE(eventually([&] { return !fs::is_empty(root() + "/folder"); }));
    fs::rename(replaced, other());
    fs::create_directories(root() + "/folder");
    client.send(std::string_view(bytes).substr(400'000));
    const Response response = client.read_response();
    EXPECT_EQ(response.status, 503) << replaced;
    EXPECT_EQ(response.field("Retry-After"), "1");
    EXPECT_TRUE(eventually([&] { return site.ask(put("/folder/b", "x")).status < 300; }));
    EXPECT_TRUE(place.exists("root/folder/b"));
    EXPECT_FALSE(place.exists("root/folder/a"));
    fs::remove_all(other());
    fs::remove(root() + "/folder/b");
  }
}

// Mounts need a privilege.
class Mounts : public Root {
 protected:
  void SetUp() override {
    if (!enter_private_mounts()) GTEST_SKIP() << "this user may not mount file systems";
  }
};

TEST_F(Mounts, over_the_root_are_served_and_written_to) {
  place.write("root/a", "below");
  Site site({"--writable", "--sandbox", "off"}, {.served = root()});
  warm(site, "/a");
  warm(site, "/b");
  MountedMemory memory(root());
  ASSERT_TRUE(memory.ok());
  // Until the server has noticed, an upload is not confirmed.
  int status = 0;
  EXPECT_TRUE(eventually([&] { return (status = site.ask(put("/b", "x")).status) != 503; }));
  EXPECT_EQ(status, 201);
  EXPECT_EQ(place.read("root/b"), "x");
  EXPECT_TRUE(comes_to(site, "/a", missing));
  ASSERT_TRUE(memory.unmount(MNT_DETACH));
  EXPECT_TRUE(eventually([&] { return (status = site.ask(put("/c", "x")).status) != 503; }));
  EXPECT_TRUE(place.exists("root/c"));
  EXPECT_TRUE(comes_to(site, "/a", "200 below"));
}

TEST_F(Mounts, of_one_directory_twice_are_told_apart) {
  place.write("root/usb/a", "below");
  place.make_directory("bound");
  ASSERT_EQ(::mount(root().c_str(), place.path("bound").c_str(), nullptr, MS_BIND, nullptr), 0);
  Site site({}, {.served = place.path("bound")});
  warm(site, "/usb/a");
  ASSERT_EQ(::umount2(place.path("bound").c_str(), MNT_DETACH), 0);
  ASSERT_EQ(::mount(root().c_str(), place.path("bound").c_str(), nullptr, MS_BIND, nullptr), 0);
  MountedMemory memory(place.path("bound/usb"));
  place.write("bound/usb/a", "mounted");
  EXPECT_TRUE(comes_to(site, "/usb/a", "200 mounted"));
  memory.unmount(MNT_DETACH);
  EXPECT_TRUE(comes_to(site, "/usb/a", "200 below"));
  ::umount2(place.path("bound").c_str(), MNT_DETACH);
}

TEST_F(Mounts, below_the_root_are_seen_although_the_files_below_them_are_cached) {
  place.write("root/usb/a", "below");
  place.write("stick/a", "mounted");
  place.write("stick/b", "more");
  Site site({}, {.served = root()});
  warm(site, "/usb/a");
  warm(site, "/usb/b");
  const std::string usb = root() + "/usb";
  ASSERT_EQ(::mount(place.path("stick").c_str(), usb.c_str(), nullptr, MS_BIND, nullptr), 0);
  EXPECT_TRUE(comes_to(site, "/usb/a", "200 mounted"));
  EXPECT_TRUE(comes_to(site, "/usb/b", "200 more"));
  warm(site, "/usb/b");
  ASSERT_EQ(::umount2(usb.c_str(), 0), 0);
  EXPECT_TRUE(comes_to(site, "/usb/a", "200 below"));
  EXPECT_TRUE(comes_to(site, "/usb/b", missing));
}

TEST_F(Mounts, below_the_root_can_be_unmounted_some_seconds_after_a_large_file_was_served) {
  place.make_directory("root/disk");
  MountedMemory memory(place.path("root/disk"));
  place.write("root/disk/large", noise(large_bytes));
  Site site({}, {.served = root()});
  warm(site, "/disk/large");
  EXPECT_TRUE(holds(site, "/disk/large"));
  EXPECT_TRUE(eventually([&] { return memory.unmount(); }));
  EXPECT_FALSE(holds(site, "/disk/large"));
}

TEST_F(Mounts, have_the_space_of_a_deleted_file_although_it_was_cached) {
  MountedMemory memory(root(), "size=8M");
  ASSERT_TRUE(memory.ok());
  Site site({"--writable"}, {.served = root()});
  const std::string bytes = noise(5'000'000);
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(site.ask(put("/a", bytes)).status, 201) << i;
    warm(site, "/a");
    ASSERT_EQ(site.ask(request("DELETE", "/a")).status, 204) << i;
    ASSERT_EQ(site.ask(put("/b", bytes)).status, 201) << i;
    ASSERT_EQ(site.ask(request("DELETE", "/b")).status, 204) << i;
  }
  EXPECT_EQ(site.ask(put("/c", noise(9'000'000))).status, 507) << "there is no space for it";
}

// One change of a file through a mapping that stays.
void change_by_mapping(const std::string& path, char byte) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  void* const memory = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  ::close(fd);
  ASSERT_NE(memory, MAP_FAILED);
  static_cast<char*>(memory)[0] = byte;
  EXPECT_EQ(::msync(memory, 4096, MS_SYNC), 0);
}

TEST_F(Root, has_files_that_are_seen_to_change_through_a_mapping) {
  for (const std::size_t size : {std::size_t{10'000}, large_bytes}) {
    const std::string before(size, 'a');
    place.write("root/file", before);
    Site site({}, {.served = root()});
    warm(site, "/file");
    const std::string tag = site.ask(get("/file")).field("ETag");
    change_by_mapping(root() + "/file", 'b');
    EXPECT_TRUE(comes_to(site, "/file", "200 b" + before.substr(1)));
    EXPECT_TRUE(eventually([&] { return site.ask(get("/file")).field("ETag") != tag; }));
  }
}

TEST_F(Root, keeps_no_file_that_was_deleted_although_no_request_comes) {
  place.write("root/large", noise(large_bytes));
  Site site({}, {.served = root()});
  warm(site, "/large");
  EXPECT_TRUE(holds(site, "/large"));
  fs::remove(root() + "/large");
  EXPECT_TRUE(eventually([&] { return !holds(site, "/large"); }));
}

TEST_F(Root, has_more_large_files_than_the_process_may_open) {
  constexpr int files = 300;
  for (int i = 0; i < files; ++i) place.write("root/" + std::to_string(i), noise(200'000));
  Site site({}, {.wrapper = {"sh", "-c", "ulimit -n 128; exec \"$@\"", "sh"}, .served = root()});
  RawClient client = site.connect();
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < files; ++i) {
      const Response response = client.ask(get("/" + std::to_string(i)));
      ASSERT_EQ(response.status, 200) << i;
    }
  }
}

TEST_F(Root, gets_one_status_for_every_method_at_a_loop_of_links) {
  place.make_link("root/loop", "loop");
  place.make_link("root/absolute", root() + "/file");
  place.write("root/file", "hello");
  Site site({"--writable"}, {.served = root()});
  for (const char* target : {"/loop", "/loop/below", "/absolute"}) {
    EXPECT_EQ(site.ask(get(target)).status, 403) << target;
    EXPECT_EQ(site.ask(put(target, "x")).status, 403) << target;
    EXPECT_EQ(site.ask(request("DELETE", std::string(target) + "/x")).status, 403) << target;
  }
  EXPECT_EQ(site.ask(request("DELETE", "/loop")).status, 204) << "the link itself";
}

}  // namespace
