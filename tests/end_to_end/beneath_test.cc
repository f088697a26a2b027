// Nothing outside the root is reachable: by no spelling, no link and no race.
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "tests/support/site.h"

namespace {

using test_support::get;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Scratch;
using test_support::Site;

constexpr const char* secret = "the-secret-of-this-test";

// A root in a directory that has a secret beside it.
struct Place {
  Place() {
    around.write("secret", secret);
    around.write("root/a", "hello");
    around.write("root/sub/b", "below");
    around.write("root-sibling/secret", secret);
  }
  Scratch around;
  std::string root = around.path("root");
};

TEST(Beneath, NoSpellingLeadsOutOfTheRoot) {
  Place place;
  Site site({"--dot-files"}, {.served = place.root});
  const std::string absolute = place.around.path("secret");
  const struct {
    std::string target;
    int status;
  } rows[] = {
      {"/../secret", 400},
      {"/sub/../../secret", 400},
      {"/..", 400},
      {"/%2e%2e/secret", 400},
      {"/%2E./secret", 400},
      {"/.%2e/secret", 400},
      {"/sub/%2e%2e/%2e%2e/secret", 400},
      {"/..%2fsecret", 400},
      {"/sub/..%2f..%2fsecret", 400},
      {"/%2e%2e%2fsecret", 400},
      {"/%252e%252e/secret", 404},
      {"/%252e%252e%252fsecret", 404},
      {"/..%5csecret", 404},
      {"/..\\secret", 400},
      {"/...//secret", 404},
      {"/..;/secret", 404},
      {"/%c0%ae%c0%ae/secret", 404},
      {"/%c0%ae%c0%ae%c0%afsecret", 404},
      {"/../root-sibling/secret", 400},
      {"/" + absolute, 404},
      {"//" + absolute, 404},
      {"/%2f" + absolute.substr(1), 400},
      {"/proc/self/root" + absolute, 404},
      {"/a%00.txt", 400},
      {"/a%0a", 400},
      {"/a%7f", 400},
      {"/%", 400},
      {"/%2", 400},
      {"/%zz", 400},
      {"http://test/../secret", 400},
      {absolute.substr(1), 400},
      {"file://" + absolute, 400},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.target);
    const Response response = site.ask(get(row.target));
    EXPECT_EQ(response.status, row.status);
    EXPECT_EQ(response.body.find(secret), std::string::npos);
  }
  using namespace std::string_literals;
  EXPECT_EQ(site.ask(get("/a\0.txt"s)).status, 400);
  EXPECT_EQ(site.ask(get("/sub/../a")).body, "hello");
}

TEST(Beneath, LinksAreFollowedInsideAndRefusedOutside) {
  Place place;
  Site site({}, {.served = place.root});
  const Scratch& around = place.around;
  around.make_link("root/inside", "sub/b");
  around.make_link("root/inside-directory", "sub");
  around.make_link("root/sub/up", "../a");
  around.make_link("root/out", "../secret");
  around.make_link("root/out-directory", "..");
  around.make_link("root/out-absolute", around.path("secret"));
  around.make_link("root/in-absolute", around.path("root/a"));
  around.make_link("root/out-and-in", "../root/a");
  around.make_link("root/process", "/proc/self/root" + around.path("secret"));
  around.make_link("root/dangling", "nowhere");
  around.make_link("root/loop", "loop");
  EXPECT_EQ(site.ask(get("/inside")).body, "below");
  EXPECT_EQ(site.ask(get("/inside-directory/b")).body, "below");
  EXPECT_EQ(site.ask(get("/sub/up")).body, "hello");
  for (const char* target : {"/out", "/out-directory/secret", "/out-absolute", "/in-absolute",
                             "/out-and-in", "/process"}) {
    const Response response = site.ask(get(target));
    EXPECT_EQ(response.status, 403) << target;
    EXPECT_EQ(response.body.find(secret), std::string::npos) << target;
  }
  EXPECT_EQ(site.ask(get("/dangling")).status, 404);
  EXPECT_EQ(site.ask(get("/loop")).status, 403);
}

TEST(Beneath, WritersDoNotGetOutEither) {
  Place place;
  Site site({"--writable"}, {.served = place.root});
  const Scratch& around = place.around;
  around.make_link("root/out-directory", "..");
  around.make_link("root/out", "../secret");
  around.make_link("root/out-dangling", "../new");
  around.make_link("root/dangling", "nowhere");
  const std::vector<std::string> before = around.list();
  EXPECT_EQ(site.ask(put("/../new", "x")).status, 400);
  EXPECT_EQ(site.ask(put("/..%2fnew", "x")).status, 400);
  EXPECT_EQ(site.ask(put("/out-directory/new", "x")).status, 403);
  EXPECT_EQ(site.ask(put("/out-directory/new/deep", "x")).status, 403);
  EXPECT_EQ(site.ask(put("/out", "x")).status, 403);
  EXPECT_EQ(site.ask(put("/dangling/deep/file", "x")).status, 409);
  EXPECT_EQ(site.ask(request("DELETE", "/out-directory/secret")).status, 403);
  EXPECT_EQ(site.ask(request("DELETE", "/../secret")).status, 400);
  EXPECT_EQ(around.list(), before);
  EXPECT_EQ(around.read("secret"), secret);
}

TEST(Beneath, TemporaryFilesCanNeitherBeReadNorWrittenNorDeleted) {
  Site site({"--writable", "--dot-files"});
  site.root.write(".quoit-1.tmp", "x");
  EXPECT_EQ(site.ask(get("/.quoit-1.tmp")).status, 404);
  EXPECT_EQ(site.ask(put("/.quoit-1.tmp", "y")).status, 403);
  EXPECT_EQ(site.ask(put("/.quoit-dir/file", "y")).status, 403);
  EXPECT_EQ(site.ask(request("DELETE", "/.quoit-1.tmp")).status, 403);
  EXPECT_EQ(site.root.read(".quoit-1.tmp"), "x");
}

// Exchanges the two names again and again, until told to stop.
void swap_names(const std::string& one, const std::string& two, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    ASSERT_EQ(::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, two.c_str(), RENAME_EXCHANGE), 0);
  }
}

TEST(Beneath, LinkThatIsSwappedAllTheTimeNeverLeaks) {
  Place place;
  Site site({"--writable"}, {.served = place.root});
  const Scratch& around = place.around;
  around.write("root/way/secret", "harmless");
  around.make_link("root/way-out", "..");
  std::jthread swapper([&](const std::stop_token& stop) {
    swap_names(around.path("root/way"), around.path("root/way-out"), stop);
  });
  RawClient client = site.connect();
  int found = 0;
  int refused = 0;
  // Both states are met sooner or later, however the machine shares its time.
  for (int i = 0; i < 1500 || ((found == 0 || refused == 0) && i < 100'000); ++i) {
    const Response response = client.ask(get("/way/secret"));
    if (response.status == 200) {
      ASSERT_EQ(response.body, "harmless");
      ++found;
    } else {
      ASSERT_EQ(response.status, 403) << response.head;
      ++refused;
    }
    const int stored = site.ask(put("/way/new", "x")).status;
    // 503: the link has led elsewhere since the file was stored.
    ASSERT_TRUE(stored == 201 || stored == 204 || stored == 403 || stored == 409 || stored == 503)
        << stored;
  }
  swapper.request_stop();
  swapper.join();
  EXPECT_GT(found, 0);
  EXPECT_GT(refused, 0);
  EXPECT_FALSE(around.exists("new"));
  EXPECT_EQ(around.read("secret"), secret);
}

// The kernel gives up on a ".." below RESOLVE_BENEATH whenever anything is renamed meanwhile.
TEST(Beneath, LinkUpwardsIsFollowedWhileNamesChangeElsewhere) {
  Place place;
  Site site({}, {.served = place.root});
  place.around.make_link("root/sub/up", "../a");
  Scratch elsewhere;
  elsewhere.write("one", "1");
  elsewhere.write("two", "2");
  std::jthread swapper([&](const std::stop_token& stop) {
    swap_names(elsewhere.path("one"), elsewhere.path("two"), stop);
  });
  int failures = 0;
  for (int i = 0; i < 3000; ++i) failures += site.ask(get("/sub/up")).body != "hello";
  swapper.request_stop();
  swapper.join();
  EXPECT_EQ(failures, 0);
}

}  // namespace
