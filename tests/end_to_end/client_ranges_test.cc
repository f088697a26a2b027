// quoit gets a large file of quoitd over several connections, is killed, and goes on.
#include <signal.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/site.h"

namespace {

using test_support::eventually;
using test_support::noise;
using test_support::Process;
using test_support::quoit_path;
using test_support::Scratch;
using test_support::Site;

using Names = std::vector<std::string>;

TEST(ClientRanges, OfALargeFileComeAtOnce) {
  const std::string content = noise(30'000'000);
  const Site site;
  const Scratch home;
  site.root.write("a", content);
  for (const char* const connections : {"2", "5"}) {
    Process process({quoit_path(), "get", "-j", connections, "-v", "--verify", "sha-256",
                     site.urls().front() + "a"},
                    {.directory = home.path()});
    EXPECT_EQ(process.wait(), 0) << process.err();
    EXPECT_NE(process.err().find("> Range: bytes="), std::string::npos);
    EXPECT_TRUE(home.read("a") == content);
    EXPECT_EQ(home.list(), Names{"a"});
  }
}

TEST(ClientRanges, SurviveAKill) {
  const std::string content = noise(40'000'000);
  const Site site;
  site.root.write("a", content);
  const std::string url = site.urls().front() + "a";
  for (int run = 0; run < 6; ++run) {
    const bool is_interrupted = run % 2 == 1;
    const Scratch home;
    Process killed({quoit_path(), "get", "-j", "4", "--limit-rate", "4M", url},
                   {.directory = home.path()});
    // Its last byte is that of a connection that has begun in the middle.
    ASSERT_TRUE(eventually([&] {
      return home.exists(".a.quoit-part.meta") &&
             home.read(".a.quoit-part").value_or("").size() > content.size() / 2;
    }));
    killed.signal(is_interrupted ? SIGINT : SIGKILL);
    killed.wait();
    EXPECT_FALSE(home.exists("a")) << run;
    Process second({quoit_path(), "get", "-j", run % 3 == 0 ? "1" : "4", url},
                   {.directory = home.path()});
    EXPECT_EQ(second.wait(), 0) << second.err();
    // What a SIGKILL leaves may not have been recorded yet.
    if (is_interrupted) {
      EXPECT_NE(second.err().find(" of them before"), std::string::npos) << second.err();
    }
    EXPECT_TRUE(home.read("a") == content) << run;
    EXPECT_EQ(home.list(), Names{"a"}) << run;
  }
}

}  // namespace
