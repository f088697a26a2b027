// quoit puts a large file to quoitd, and goes on after breaks: interrupted clients, servers that
// are killed and started again, and two clients at once.
#include <algorithm>
#include <chrono>
#include <signal.h>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/site.h"

namespace {

using test_support::eventually;
using test_support::noise;
using test_support::Process;
using test_support::ProcessOptions;
using test_support::quoit_path;
using test_support::Scratch;
using test_support::Site;
using test_support::SiteSetup;

using Names = std::vector<std::string>;

// A client that remembers its uploads in `home`, and has its file there.
ProcessOptions at(const Scratch& home) {
  return {.environment = {"XDG_STATE_HOME=" + home.path("state")}, .directory = home.path()};
}

// The size of the largest file of bytes of an upload in the directory; 0 if there is none.
std::size_t uploaded_bytes(const Scratch& root) {
  std::size_t most = 0;
  for (const std::string& name : root.list()) {
    if (name.ends_with(".part")) most = std::max(most, root.read(name).value_or("").size());
  }
  return most;
}

std::size_t count_uploads(const Scratch& root) {
  const Names names = root.list();
  return static_cast<std::size_t>(std::count_if(
      names.begin(), names.end(), [](const std::string& name) { return name.ends_with(".part"); }));
}

// Whether the client still remembers an unfinished upload.
bool has_record(const Scratch& home) {
  const Names names = home.list();
  return std::any_of(names.begin(), names.end(),
                     [](const std::string& name) { return name.ends_with(".upload"); });
}

TEST(ClientResumes, AnInterruptedUploadGoesOnInTheNextRun) {
  const std::string content = noise(8'000'000);
  Site site({"--writable"});
  for (int i = 0; i < 20; ++i) {
    const Scratch home;
    home.write("file", content);
    const std::string name = "stored-" + std::to_string(i);
    const std::string url = site.urls().front() + name;
    Process process({quoit_path(), "put", "file", url}, at(home));
    std::this_thread::sleep_for(std::chrono::microseconds(i * 1500));
    process.signal(i % 2 == 0 ? SIGINT : SIGKILL);
    process.wait();
    const std::optional<std::string> stored = site.root.read(name);
    EXPECT_TRUE(!stored || *stored == content) << name;
    Process second({quoit_path(), "put", "file", url}, at(home));
    EXPECT_EQ(second.wait(), 0) << second.err();
    EXPECT_EQ(site.root.read(name), content) << name;
    EXPECT_FALSE(has_record(home)) << name;
    site.root.remove(name);
  }
}

TEST(ClientResumes, OnlyTheRestTravelsInTheNextRun) {
  const std::string content = noise(4'000'000);
  const Site site({"--writable"});
  const Scratch home;
  home.write("file", content);
  const std::string url = site.urls().front() + "a";
  Process first({quoit_path(), "put", "--limit-rate", "1M", "file", url}, at(home));
  ASSERT_TRUE(eventually([&] { return uploaded_bytes(site.root) >= 1'000'000; })) << first.err();
  first.signal(SIGKILL);
  first.wait();
  Process second({quoit_path(), "put", "file", url}, at(home));
  EXPECT_EQ(second.wait(), 0) << second.err();
  const std::string text = second.err();
  const std::size_t before = text.find(" of them before");
  ASSERT_NE(before, std::string::npos) << text;
  const std::size_t begin = text.rfind(' ', before - 1) + 1;
  EXPECT_GE(std::stoul(text.substr(begin, before - begin)), 1'000'000U) << text;
  EXPECT_EQ(site.root.read("a"), content);
}

// The server is killed and started again, at the port that it had, while a client is at work.
TEST(ClientResumes, AnUploadSurvivesTheServer) {
  const std::string content = noise(6'000'000);
  const Scratch root;
  const Scratch home;
  home.write("file", content);
  std::string address = "127.0.0.1:0";
  std::unique_ptr<Process> client;
  for (int round = 0; round < 3; ++round) {
    Site site({"--listen", address, "--writable"},
              {.served = root.path(), .listens_elsewhere = true});
    address = "127.0.0.1:" + std::to_string(site.port());
    if (!client) {
      const Names command = {
          quoit_path(), "put",          "--retry", "1000", "--retry-delay",
          "0.05",       "--limit-rate", "4M",      "file", site.urls().front() + "a"};
      client = std::make_unique<Process>(command, at(home));
    }
    const std::size_t before = uploaded_bytes(root);
    const bool grows =
        eventually([&] { return uploaded_bytes(root) > before + 300'000 || root.exists("a"); });
    EXPECT_TRUE(grows) << round << client->err();
    if (round < 2) {
      site.signal(SIGKILL);
      EXPECT_EQ(site.wait(), -SIGKILL);
    } else {
      EXPECT_EQ(client->wait(), 0) << client->err();
      site.stop();
    }
  }
  EXPECT_EQ(root.read("a"), content);
  EXPECT_EQ(count_uploads(root), 0U);
}

TEST(ClientResumes, TwoClientsWithOneFileHaveAnUploadEach) {
  const std::string content = noise(3'000'000);
  const Site site({"--writable"});
  const Scratch home;
  home.write("file", content);
  const std::string url = site.urls().front() + "a";
  Process slow({quoit_path(), "put", "--limit-rate", "1M", "file", url}, at(home));
  ASSERT_TRUE(eventually([&] { return uploaded_bytes(site.root) > 0; })) << slow.err();
  Process fast({quoit_path(), "put", "file", url}, at(home));
  EXPECT_EQ(fast.wait(), 0) << fast.err();
  EXPECT_TRUE(site.root.exists("a"));
  EXPECT_EQ(slow.wait(), 0) << slow.err();
  EXPECT_EQ(site.root.read("a"), content);
}

TEST(ClientResumes, AServerThatTakesNoneGetsAUsualPut) {
  const std::string content = noise(3'000'000);
  const Site site({"--writable", "--resumable", "off"});
  const Scratch home;
  home.write("file", content);
  Process client({quoit_path(), "put", "file", site.urls().front() + "a"}, at(home));
  EXPECT_EQ(client.wait(), 0) << client.err();
  EXPECT_EQ(site.root.read("a"), content);
  EXPECT_EQ(home.list(), Names{"file"});
}

TEST(ClientResumes, ConditionsHoldForTheWholeUpload) {
  const std::string content = noise(3'000'000);
  const Site site({"--writable"});
  const Scratch home;
  home.write("file", content);
  const std::string url = site.urls().front() + "a";
  const Names command = {quoit_path(), "put", "--if-absent", "file", url};
  Process first(command, at(home));
  EXPECT_EQ(first.wait(), 0) << first.err();
  Process second(command, at(home));
  EXPECT_EQ(second.wait(), 22) << second.err();
  EXPECT_NE(second.err().find("412"), std::string::npos) << second.err();
  EXPECT_EQ(count_uploads(site.root), 0U);
}

}  // namespace
