// What moves the bytes: the ring, and epoll where a container refuses it, as Docker's default
// seccomp profile does. Both say so, and both serve.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/process.h"
#include "tests/support/raw_client.h"
#include "tests/support/scratch.h"
#include "tests/support/site.h"

namespace {

using test_support::get;
using test_support::noise;
using test_support::ProcessOptions;
using test_support::put;
using test_support::run;
using test_support::Scratch;
using test_support::Site;

// Nobody but the test says which engine.
const ProcessOptions plain{.environment = {"QUOIT_IO"}};

// quoitd or quoit under a filter that answers io_uring_setup with an errno.
std::vector<std::string> without_ring(const char* error, std::vector<std::string> command) {
  command.insert(command.begin(), {test_support::without_ring_path(), error});
  return command;
}

bool filters_work() {
  return run(without_ring("EPERM", {test_support::quoitd_path(), "--version"}), plain).status != 77;
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Engines, NameThemselvesInTheStartLine) {
  const Site epoll({"--io", "epoll"});
  EXPECT_TRUE(epoll.process().wait_for_err("2 workers on epoll ("));
  EXPECT_EQ(lines_of(epoll.process().err()), 2U) << "who asked for it is told no reason";
}

TEST(Engines, AreNamedWithTheVersion) {
  for (const std::string& program : {test_support::quoitd_path(), test_support::quoit_path()}) {
    const auto asked = run({program, "--version", "--io", "epoll"}, plain);
    EXPECT_EQ(asked.status, 0);
    EXPECT_NE(asked.out.find("\non epoll ("), std::string::npos) << asked.out;
    const auto by_environment = run({program, "--version"}, {.environment = {"QUOIT_IO=epoll"}});
    EXPECT_EQ(by_environment.out, asked.out);
    EXPECT_EQ(run({program, "--version"}, plain).status, 0);
  }
}

TEST(Engines, OfOtherNamesAreUsageErrors) {
  EXPECT_EQ(run({test_support::quoitd_path(), "--io", "kqueue"}, plain).status, 64);
  EXPECT_EQ(run({test_support::quoit_path(), "--io", "kqueue", "get", "x"}, plain).status, 2);
}

// Docker answers EPERM, older profiles ENOSYS.
TEST(WithoutRing, ServerStartsServesAndStores) {
  if (!filters_work()) GTEST_SKIP() << "no seccomp filters here";
  for (const char* error : {"EPERM", "ENOSYS"}) {
    Site site({"--writable"},
              {.wrapper = {"env", "-u", "QUOIT_IO", test_support::without_ring_path(), error}});
    const std::string bytes = noise(300'000);
    site.root.write("there", bytes);
    EXPECT_EQ(site.ask(get("/there")).body, bytes) << error;
    EXPECT_EQ(site.ask(put("/new/file", bytes)).status, 201) << error;
    EXPECT_EQ(site.ask(put("/new/file", "short")).status, 204) << error;
    EXPECT_EQ(site.root.read("new/file"), "short") << error;
    const std::string said = site.process().err();
    EXPECT_EQ(said.rfind("quoitd: serving by epoll: io_uring is refused: a seccomp profile", 0), 0U)
        << said;
    EXPECT_NE(said.find("packaging/seccomp.json"), std::string::npos) << said;
    EXPECT_NE(said.find(" on epoll ("), std::string::npos) << said;
    EXPECT_EQ(lines_of(said), 3U) << "the reason, the start, the address: " << said;
    site.stop();
  }
}

// Without openat2 too, names are opened one after the other, and no link is followed.
TEST(WithoutRing, AndWithoutOpenat2NothingOutsideTheRootIsServed) {
  if (!filters_work()) GTEST_SKIP() << "no seccomp filters here";
  Site site({"--writable"},
            {.wrapper = {"env", "-u", "QUOIT_IO", test_support::without_ring_path(), "OLD"}});
  const Scratch outside;
  outside.write("secret", "secret");
  site.root.write("a/b/file", "content");
  site.root.make_link("out", outside.path());
  site.root.make_link("a/secret", outside.path("secret"));
  EXPECT_EQ(site.ask(get("/a/b/file")).body, "content");
  EXPECT_EQ(site.ask(get("/a/b/?json")).status, 200);
  EXPECT_EQ(site.ask(get("/a/b")).status, 301);
  EXPECT_EQ(site.ask(get("/a/none")).status, 404);
  EXPECT_EQ(site.ask(put("/a/new/file", "new")).status, 201);
  EXPECT_EQ(site.ask(put("/a/new/file", "newer")).status, 204);
  EXPECT_EQ(site.root.read("a/new/file"), "newer");
  EXPECT_EQ(site.ask(test_support::request("DELETE", "/a/new/file")).status, 204);
  for (const char* path : {"/out/secret", "/a/secret", "/out/", "/a/b/../../out/secret"}) {
    const test_support::Response refused = site.ask(get(path));
    EXPECT_GE(refused.status, 400) << path;
    EXPECT_EQ(refused.body.find("secret\n"), std::string::npos) << path;
    EXPECT_NE(refused.body, "secret") << path;
  }
  EXPECT_GE(site.ask(put("/out/new", "x")).status, 400);
  EXPECT_FALSE(outside.exists("new"));
}

TEST(WithoutRing, ServerThatMustHaveOneSaysWhyInOneLine) {
  if (!filters_work()) GTEST_SKIP() << "no seccomp filters here";
  const Scratch place;
  for (const char* error : {"EPERM", "ENOSYS"}) {
    const auto finished = run(without_ring(error, {test_support::quoitd_path(), "--io", "ring",
                                                   "--listen", "127.0.0.1:0", place.path()}));
    EXPECT_EQ(finished.status, 71) << error;
    EXPECT_NE(finished.err.find("seccomp profile"), std::string::npos) << finished.err;
    EXPECT_EQ(lines_of(finished.err), 1U) << finished.err;
    test_support::expect_no_sanitizer_report(finished.err);
  }
}

// The profile that we ship allows what both engines need, and the ring.
TEST(UnderTheProfile, EitherEngineServesStoresListsAndRemoves) {
  if (!filters_work() || test_support::under_profile().empty()) GTEST_SKIP() << "no filters here";
  for (const std::string engine : {"ring", "epoll"}) {
    if (engine == "ring" && run({test_support::quoitd_path(), "--io", "ring", "--version"}, plain)
                                    .out.find("\non io_uring (") == std::string::npos) {
      continue;  // this machine refuses it for a reason of its own
    }
    Site site({"--writable", "--durability", "full", "--io", engine},
              {.wrapper = test_support::under_profile()});
    EXPECT_TRUE(site.process().wait_for_err(engine == "ring" ? "on io_uring (" : "on epoll ("));
    const std::string bytes = noise(300'000);
    EXPECT_EQ(site.ask(put("/new/file", bytes)).status, 201) << engine;
    EXPECT_EQ(site.ask(get("/new/file")).body, bytes) << engine;
    EXPECT_EQ(site.ask(put("/new/file", "part", {"Content-Range: bytes 0-3/300000"})).status, 204);
    EXPECT_EQ(site.ask(get("/new/?json")).status, 200) << engine;
    EXPECT_EQ(site.ask(test_support::request("DELETE", "/new/file")).status, 204) << engine;
    const auto got = run({test_support::quoit_path(), "put", test_support::quoitd_path(),
                          site.urls().front(), "--io", engine});
    EXPECT_EQ(got.status, 0) << got.err;
    site.stop();
  }
}

TEST(WithoutRing, ClientWorksAndSaysWhyOnce) {
  if (!filters_work()) GTEST_SKIP() << "no seccomp filters here";
  Site site({"--writable"});
  site.root.write("file", "content");
  const std::string url = site.urls().front();
  const std::string quoit = test_support::quoit_path();
  const auto got = run(without_ring("EPERM", {quoit, "get", url + "file", "-o", "-"}), plain);
  EXPECT_EQ(got.status, 0) << got.err;
  EXPECT_EQ(got.out, "content");
  EXPECT_EQ(got.err.rfind("quoit: working by epoll: io_uring is refused: ", 0), 0U) << got.err;
  EXPECT_EQ(lines_of(got.err), 1U) << got.err;
  for (const char* hush : {"--quiet", "--io=epoll"}) {
    const auto quiet =
        run(without_ring("EPERM", {quoit, hush, "get", url + "file", "-o", "-"}), plain);
    EXPECT_EQ(quiet.out, "content");
    EXPECT_EQ(quiet.err, "") << hush;
  }
  const auto refused = run(without_ring("EPERM", {quoit, "--io", "ring", "get", url + "file"}));
  EXPECT_EQ(refused.status, 71);
  EXPECT_EQ(lines_of(refused.err), 1U) << refused.err;
  EXPECT_NE(refused.err.find("seccomp profile"), std::string::npos) << refused.err;
}

}  // namespace
