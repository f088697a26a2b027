// The client interrupted at many instants of a transfer: a name has a whole file or none, on both
// sides, and nothing else stays but an unfinished download.
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
using test_support::Scratch;
using test_support::Site;

constexpr int instants = 40;
const std::string content = noise(8'000'000);

// Chooses the instant of a signal: from the start of the program to the end of the transfer.
void pass_time(int instant) {
  std::this_thread::sleep_for(std::chrono::microseconds(instant * 700));
}

// Waits for the end of the program, which has got a signal. True: it had confirmed its job before.
bool has_confirmed(Process& process) {
  const std::optional<int> status = process.wait();
  // Before its handler is installed, a signal ends the program by itself.
  EXPECT_TRUE(status == 0 || status == 128 + SIGINT || status == -SIGINT) << process.err();
  return status == 0;
}

bool has_temporary(const Scratch& directory) {
  for (const std::string& name : directory.list()) {
    if (name.find(".quoit-") != std::string::npos) return true;
  }
  return false;
}

// client_resumes_test.cc has uploads that a server keeps.
TEST(Interrupted, UploadOfAFileStoresAllOfItOrNothing) {
  Site site({"--writable", "--resumable", "off"});
  const Scratch home;
  home.write("file", content);
  for (int i = 0; i < instants; ++i) {
    const std::string name = "stored-" + std::to_string(i);
    Process process({test_support::quoit_path(), "put", "file", site.urls().front() + name},
                    {.directory = home.path()});
    pass_time(i);
    process.signal(SIGINT);
    const bool confirmed = has_confirmed(process);
    const std::optional<std::string> stored = site.root.read(name);
    EXPECT_TRUE(!stored || *stored == content) << name;
    EXPECT_TRUE(!confirmed || stored) << name;
    site.root.remove(name);
  }
  EXPECT_TRUE(eventually([&] { return !has_temporary(site.root); }));
}

// A part of a stream must never look like the whole: the signal comes before the stream's end.
TEST(Interrupted, UploadOfAStreamStoresNothing) {
  Site site({"--writable"});
  for (int i = 0; i < instants; ++i) {
    Process process({test_support::quoit_path(), "put", "-",
                     site.urls().front() + "stored-" + std::to_string(i)},
                    {.keep_stdin_open = true});
    process.write(content);
    pass_time(i);
    process.signal(SIGINT);
    process.close_stdin();
    EXPECT_FALSE(has_confirmed(process));
  }
  EXPECT_TRUE(eventually([&] { return !has_temporary(site.root); }));
  site.stop();
  EXPECT_EQ(site.root.list(), std::vector<std::string>{});
}

// An interrupted download may leave its unfinished file with its record, with which a second run of
// the command goes on.
TEST(Interrupted, DownloadSavesAllOfTheFileOrGoesOnInTheNextRun) {
  const std::vector<std::string> unfinished = {".file.quoit-part", ".file.quoit-part.meta"};
  const Site site;
  site.root.write("file", content);
  for (int i = 0; i < instants; ++i) {
    const Scratch home;
    const std::vector<std::string> command = {test_support::quoit_path(), "get",
                                              site.urls().front() + "file"};
    Process process(command, {.directory = home.path()});
    pass_time(i);
    process.signal(SIGINT);
    const bool confirmed = has_confirmed(process);
    const std::optional<std::string> saved = home.read("file");
    EXPECT_TRUE(!saved || *saved == content) << i;
    EXPECT_TRUE(!confirmed || saved) << i;
    if (!saved) {
      EXPECT_TRUE(home.list().empty() || home.list() == unfinished) << i;
      Process second(command, {.directory = home.path()});
      EXPECT_EQ(second.wait(), 0) << second.err();
      EXPECT_EQ(home.read("file"), content) << i;
    }
    EXPECT_EQ(home.list(), std::vector<std::string>{"file"}) << i;
  }
}

}  // namespace
