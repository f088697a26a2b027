// quoit compares files with the digests of quoitd, in both directions.
#include <array>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/site.h"

namespace {

using test_support::noise;
using test_support::Process;
using test_support::quoit_path;
using test_support::Scratch;
using test_support::Site;

using Names = std::vector<std::string>;

struct Ended {
  int status = -1;
  std::string err;
};

Ended quoit(const Scratch& home, Names arguments) {
  arguments.insert(arguments.begin(), quoit_path());
  Process process(arguments, {.environment = {"XDG_STATE_HOME=" + home.path("state")},
                              .directory = home.path()});
  const int status = process.wait().value_or(-1);
  return {.status = status, .err = process.err()};
}

TEST(ClientVerifies, FilesThatQuoitdSends) {
  const std::string content = noise(5'000'000);
  const Site site;
  const Scratch home;
  site.root.write("a", content);
  site.root.write("small", "hello");
  const Ended got = quoit(home, {"get", "--verify", "sha-256", site.urls().front() + "a",
                                 site.urls().front() + "small"});
  EXPECT_EQ(got.status, 0) << got.err;
  EXPECT_NE(got.err.find("saved a (5000000 bytes, SHA-256 verified)"), std::string::npos);
  EXPECT_EQ(home.read("a"), content);
}

TEST(ClientVerifies, FilesThatQuoitdStores) {
  const Site site({"--writable"});
  const Scratch home;
  home.write("large", noise(5'000'000));
  home.write("small", noise(5'000));
  const std::string root = site.urls().front();
  const Ended large = quoit(home, {"put", "--verify", "sha-256", "large", root});
  EXPECT_EQ(large.status, 0) << large.err;
  EXPECT_NE(large.err.find("SHA-256 verified"), std::string::npos) << large.err;
  const Ended small = quoit(home, {"put", "--verify", "sha-256", "small", root});
  EXPECT_EQ(small.status, 0) << small.err;
  EXPECT_EQ(site.root.read("large"), home.read("large"));
  EXPECT_EQ(site.root.read("small"), home.read("small"));
}

// The digest of -H is another one than that of the file.
TEST(ClientVerifies, QuoitdRefusesOtherBytes) {
  const Site site({"--writable"});
  const Scratch home;
  home.write("large", noise(5'000'000));
  home.write("small", noise(5'000));
  for (const char* const name : {"small", "large"}) {
    const Ended refused =
        quoit(home, {"put", "--verify", "sha-256", "-H",
                     "Repr-Digest: sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:", name,
                     site.urls().front()});
    EXPECT_EQ(refused.status, 65) << refused.err;
    EXPECT_NE(refused.err.find("bytes with another digest"), std::string::npos) << refused.err;
  }
  EXPECT_EQ(site.root.list(), Names{});
}

TEST(ClientVerifies, TreesInBothDirections) {
  const Site site({"--writable", "--listing", "on"});
  const Scratch home;
  home.make_directory("tree");
  home.write("tree/a", noise(100'000));
  home.write("tree/b", "hello");
  const std::string url = site.urls().front() + "tree/";
  EXPECT_EQ(quoit(home, {"sync", "--verify", "sha-256", "tree", url}).status, 0);
  const Ended got = quoit(home, {"get", "-r", "--verify", "sha-256", url, "-o", "copy"});
  EXPECT_EQ(got.status, 0) << got.err;
  EXPECT_EQ(home.read("copy/a"), home.read("tree/a"));
  EXPECT_EQ(home.read("copy/b"), "hello");
}

// A change that keeps size and time is found, in both directions.
TEST(ClientVerifies, SyncComparesByDigest) {
  const Site site({"--writable", "--listing", "on"});
  const Scratch home;
  home.make_directory("tree");
  home.write("tree/a", noise(3'000'000));
  home.write("tree/b", "hello");
  const std::string url = site.urls().front() + "tree/";
  EXPECT_EQ(quoit(home, {"sync", "tree", url}).status, 0);
  const Ended same = quoit(home, {"sync", "--checksum", "tree", url});
  EXPECT_EQ(same.status, 0) << same.err;
  EXPECT_NE(same.err.find("0 to send, 2 to compare"), std::string::npos) << same.err;

  struct stat facts {};
  ASSERT_EQ(::stat(home.path("tree/b").c_str(), &facts), 0);
  const std::array<timespec, 2> times = {facts.st_atim, facts.st_mtim};
  home.write("tree/b", "HELLO");
  ASSERT_EQ(::utimensat(AT_FDCWD, home.path("tree/b").c_str(), times.data(), 0), 0);
  EXPECT_EQ(quoit(home, {"sync", "tree", url}).status, 0);
  EXPECT_EQ(site.root.read("tree/b"), "hello");
  EXPECT_EQ(quoit(home, {"sync", "--dry-run", "--checksum", "tree", url}).status, 0);
  const Ended sent = quoit(home, {"sync", "--checksum", "tree", url});
  EXPECT_EQ(sent.status, 0) << sent.err;
  EXPECT_EQ(site.root.read("tree/b"), "HELLO");
  home.write("tree/b", "hallo");
  const Ended got = quoit(home, {"sync", "--checksum", url, "tree"});
  EXPECT_EQ(got.status, 0) << got.err;
  EXPECT_EQ(home.read("tree/b"), "HELLO");
}

}  // namespace
