// Starts that cannot work: one line and a status, whatever the system refuses.
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/sanitizer.h"
#include "tests/support/site.h"

namespace {

using test_support::Finished;
using test_support::get;
using test_support::put;
using test_support::quoit_path;
using test_support::quoitd_path;
using test_support::run;
using test_support::Scratch;
using test_support::Site;

using Words = std::vector<std::string>;

// Runs a program by a shell that sets a limit before. It must fail with that status and one line.
void expect_failure(const std::string& limit, const Words& program, int status,
                    const std::string& text) {
  Words command = {"sh", "-c", limit + "; exec \"$@\"", "sh"};
  command.insert(command.end(), program.begin(), program.end());
  SCOPED_TRACE(testing::PrintToString(command));
  const Finished finished = run(command);
  EXPECT_EQ(finished.status, status);
  EXPECT_EQ(finished.out, "");
  EXPECT_TRUE(finished.err.starts_with("quoit")) << finished.err;
  EXPECT_EQ(finished.err.find('\n'), finished.err.size() - 1) << finished.err;
  EXPECT_NE(finished.err.find(text), std::string::npos) << finished.err;
}

Words server(const Scratch& root, const Words& more = {}) {
  Words all = {quoitd_path(), "--listen", "127.0.0.1:0", "--workers", "2"};
  all.insert(all.end(), more.begin(), more.end());
  all.push_back(root.path());
  return all;
}

TEST(Start, WithTooFewFilesNamesTheNumberThatIsNeeded) {
  const Scratch root;
  expect_failure("ulimit -n 10", server(root), 71, "the limit of open files is 10");
  expect_failure("ulimit -n 25", server(root), 71, "raise it, as with 'ulimit -n ");
  // The named number is enough.
  const Finished failed = run({"sh", "-c", "ulimit -n 10; exec \"$@\"", "sh", quoitd_path(),
                               "--listen", "127.0.0.1:0", "--workers", "2", root.path()});
  const std::size_t at = failed.err.find("ulimit -n ") + 10;
  const std::string needed = failed.err.substr(at, failed.err.find('\'', at) - at);
  Site site({}, {.wrapper = {"sh", "-c", "ulimit -n " + needed + "; exec \"$@\"", "sh"}});
  site.root.write("a", "hello");
  EXPECT_EQ(site.ask(get("/a")).body, "hello");
}

TEST(Start, WithTooLittleMemoryIsAnError) {
  if (test_support::maps_address_space)
    GTEST_SKIP() << "a sanitizer needs all of the address space";
  const Scratch root;
  expect_failure("ulimit -v 20000", server(root), 71, "quoitd: ");
  expect_failure("ulimit -v 20000", server(root, {"--io", "epoll"}), 71, "quoitd: ");
}

TEST(Start, WithoutThreadsIsAnError) {
  if (::geteuid() == 0) GTEST_SKIP() << "the limit of threads does not hold for root";
  const Scratch root;
  expect_failure("prlimit --pid $$ --nproc=1", server(root, {"--access-log", "off"}), 71,
                 "cannot start a thread");
}

TEST(Start, WithADirectoryAsConfigurationIsAnError) {
  const Scratch root;
  expect_failure("true", server(root, {"--config", root.path()}), 78, root.path());
}

TEST(Start, WarnsOfAMissingPageAndSendsItOnceItIsThere) {
  Site site({"--fallback", "app.html"});
  EXPECT_TRUE(site.process().wait_for_err("warning: --fallback: there is no file app.html"));
  EXPECT_EQ(site.ask(get("/none")).status, 404);
  site.root.write("app.html", "the application");
  EXPECT_EQ(site.ask(get("/none")).body, "the application");
}

TEST(Start, WarnsOfARootThatTheUserMayNotWrite) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  const Scratch served;
  ASSERT_EQ(::chmod(served.path().c_str(), 0555), 0);
  Site site({"--writable"}, {.served = served.path()});
  EXPECT_TRUE(site.process().wait_for_err("cannot be written by this user"));
  EXPECT_EQ(site.ask(put("/a", "hello")).status, 403);
  ASSERT_EQ(::chmod(served.path().c_str(), 0755), 0);
}

// A mount namespace of its own, so that nothing else sees the mount.
TEST(Start, RefusesToWriteOnAReadOnlyFileSystem) {
  const Scratch root;
  const Words unshared = {"unshare",
                          "--mount",
                          "--map-root-user",
                          "--user",
                          "sh",
                          "-c",
                          "mount -t tmpfs -o ro none \"$0\" || exit 99; exec \"$@\"",
                          root.path(),
                          quoitd_path(),
                          "--listen",
                          "127.0.0.1:0",
                          "--writable",
                          root.path()};
  const Finished finished = run(unshared);
  if (finished.status == 99 || finished.status == 1 || finished.status == 127) {
    GTEST_SKIP() << "this process may not mount: " << finished.err;
  }
  EXPECT_EQ(finished.status, 77);
  EXPECT_NE(finished.err.find("mounted read-only"), std::string::npos) << finished.err;
  EXPECT_EQ(finished.err.find('\n'), finished.err.size() - 1) << finished.err;
}

// How much memory its libraries take differs, and before main() the C++ library may abort. 127:
// they do not fit, 7: nothing was short.
TEST(Start, OfTheClientWithTooLittleMemoryIsAnError) {
  if (test_support::maps_address_space) {
    GTEST_SKIP() << "a sanitizer needs all of the address space";
  }
  int failures = 0;
  for (int kib = 4000; kib <= 100'000; kib += 50) {
    const Finished finished =
        run({"sh", "-c", "ulimit -v " + std::to_string(kib) + "; exec \"$@\"", "sh", quoit_path(),
             "--io", "epoll", "get", "http://127.0.0.1:9/a", "-o", "-"});
    const bool is_before_main = finished.status == 127 || failures == 0;
    failures += finished.status == 71 ? 1 : 0;
    EXPECT_TRUE(is_before_main || finished.status == 71 || finished.status == 7)
        << kib << ": " << finished.err;
    if (finished.status == 7) break;
    if (finished.status != 71) continue;
    EXPECT_EQ(finished.err.find('\n'), finished.err.size() - 1) << finished.err;
  }
  EXPECT_GT(failures, 0);
}

}  // namespace
