// kill -9 in the middle of uploads: readers see whole files, and the next server tidies up.
#include <algorithm>
#include <atomic>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/site.h"

namespace {

using test_support::eventually;
using test_support::get;
using test_support::noise;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Scratch;
using test_support::Site;

using Names = std::vector<std::string>;

std::size_t temporaries(const Scratch& root) {
  const Names names = root.list();
  return static_cast<std::size_t>(std::count_if(
      names.begin(), names.end(),
      [](const std::string& name) { return name.find(".quoit-") != std::string::npos; }));
}

std::string length(std::size_t bytes) { return "Content-Length: " + std::to_string(bytes); }

// Several writers that put one of two files again and again, until the server is gone.
void write_until_it_dies(const Site& site, const Scratch& root, const std::string& one,
                         const std::string& two) {
  std::vector<std::jthread> writers;
  for (int i = 0; i < 3; ++i) {
    writers.emplace_back([&site, &one, &two, i] {
      RawClient client = site.connect();
      for (int n = i; client.send(put("/a", n % 2 ? one : two)); ++n) {
        if (client.read_response().status == 0) break;
      }
    });
  }
  // One that certainly is in the middle of it.
  RawClient slow = site.connect();
  slow.send(request("PUT", "/deep/er", {length(2'000'000), "Expect: 100-continue"}));
  EXPECT_EQ(slow.read_response().status, 100);  // its temporary is there
  EXPECT_GT(temporaries(root), 0U);
  slow.send(noise(1'000'000));
  RawClient reader = site.connect();
  for (int i = 0; i < 10; ++i) {
    const std::string body = reader.ask(get("/a")).body;
    EXPECT_TRUE(body == one || body == two) << body.size();
  }
  site.signal(SIGKILL);
}

TEST(Sweep, KilledServersLeaveWholeFilesAndTheNextOneTidiesUp) {
  const Scratch root;
  const std::string one = noise(300'000, 1);
  const std::string two = noise(200'000, 2);
  root.write("a", one);
  for (int round = 0; round < 5; ++round) {
    {
      Site site({"--writable", "--access-log", "off"}, {.served = root.path()});
      EXPECT_TRUE(eventually([&] { return temporaries(root) == 0; })) << round;
      const std::string before = site.ask(get("/a")).body;
      EXPECT_TRUE(before == one || before == two) << round;
      write_until_it_dies(site, root, one, two);
      EXPECT_EQ(site.wait(), -SIGKILL);
    }
    const std::string left = root.read("a").value_or("");
    EXPECT_TRUE(left == one || left == two) << round;
    EXPECT_GT(temporaries(root), 0U) << round;
    EXPECT_FALSE(root.exists("deep"));
  }
  Site last({"--writable"}, {.served = root.path()});
  EXPECT_TRUE(eventually([&] { return root.list() == Names{"a"}; }));
  EXPECT_TRUE(last.process().wait_for_err("of a server that was killed"));
}

TEST(Sweep, OfTwoServersOnOneRootNeitherTakesTheOthersUploads) {
  const Scratch root;
  Site first({"--writable"}, {.served = root.path()});
  RawClient client = first.connect();
  const std::string bytes = noise(1'000'000);
  client.send(request("PUT", "/a", {length(bytes.size())}) + bytes.substr(0, 600'000));
  EXPECT_TRUE(eventually([&] { return temporaries(root) == 1; }));
  root.write(".quoit-0123456789abcdef.tmp", "left behind");
  {
    Site second({"--writable"}, {.served = root.path()});
    EXPECT_TRUE(eventually([&] { return temporaries(root) == 1; }));
    EXPECT_EQ(second.ask(put("/b", "b")).status, 201);
  }
  client.send(bytes.substr(600'000));
  EXPECT_EQ(client.read_response().status, 201);
  EXPECT_TRUE(root.read("a") == bytes);
  EXPECT_EQ(root.list(), (Names{"a", "b"}));
}

TEST(Sweep, ReadOnlyServersRemoveNothing) {
  Site site({}, {});
  site.root.write(".quoit-0123456789abcdef.tmp", "x");
  Site again({}, {.served = site.root.path()});
  EXPECT_EQ(again.ask(get("/.quoit-0123456789abcdef.tmp")).status, 404);
  again.stop();
  EXPECT_TRUE(site.root.exists(".quoit-0123456789abcdef.tmp"));
}

}  // namespace
