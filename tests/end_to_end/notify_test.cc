// Under a service manager: sd_notify(3) from the start to the end, and messages for the journal.
#include <signal.h>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/service_manager.h"
#include "tests/support/site.h"

namespace {

using test_support::get;
using test_support::RawClient;
using test_support::Scratch;
using test_support::ServiceManager;
using test_support::Site;
using test_support::SiteSetup;

// A site with these variables in its environment.
SiteSetup with_environment(const std::vector<std::string>& variables) {
  SiteSetup setup{.wrapper = {"env"}};
  setup.wrapper.insert(setup.wrapper.end(), variables.begin(), variables.end());
  return setup;
}

TEST(Notify, StartReloadAndStopAreReported) {
  const Scratch place;
  const std::string abstract = "@quoit-end-to-end-" + std::to_string(::getpid());
  for (const std::string& name : {place.path("socket"), abstract}) {
    const ServiceManager manager(name);
    Site site({}, with_environment({"NOTIFY_SOCKET=" + name}));
    const std::string serving =
        "READY=1\nSTATUS=serving " + site.root.path() + " on " + site.urls()[0];
    EXPECT_EQ(manager.receive(), serving);
    site.signal(SIGHUP);
    EXPECT_TRUE(manager.receive().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    EXPECT_EQ(manager.receive(), serving);
    site.stop();
    EXPECT_EQ(manager.receive(),
              "STOPPING=1\nSTATUS=finishing requests\nEXTEND_TIMEOUT_USEC=12000000");
  }
}

TEST(Notify, TheWatchdogIsFedWhileAllWorkersRespond) {
  const Scratch place;
  const ServiceManager manager(place.path("socket"));
  Site site({}, with_environment({"NOTIFY_SOCKET=" + manager.name(), "WATCHDOG_USEC=200000"}));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(manager.receive_one_of("WATCHDOG"), "WATCHDOG=1");
  EXPECT_EQ(site.ask(get("/none")).status, 404);
}

// An upload that goes on keeps the server; it still reports.
TEST(Notify, TheWatchdogIsFedWhileTheServerDrains) {
  const Scratch place;
  const ServiceManager manager(place.path("socket"));
  Site site({"--writable"},
            with_environment({"NOTIFY_SOCKET=" + manager.name(), "WATCHDOG_USEC=200000"}));
  RawClient client = site.connect();
  ASSERT_TRUE(client.send(
      test_support::request("PUT", "/a", {"Content-Length: 5", "Expect: 100-continue"})));
  EXPECT_EQ(client.read_bytes(12), "HTTP/1.1 100");
  site.signal(SIGTERM);
  EXPECT_NE(manager.receive_one_of("STOPPING"), "");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(manager.receive_one_of("WATCHDOG"), "WATCHDOG=1");
  client.send("hello");
  EXPECT_EQ(site.wait(), 0);
}

TEST(Notify, AServerThatDoesNotStartReportsNothing) {
  const Scratch place;
  const ServiceManager manager(place.path("socket"));
  const test_support::Finished run =
      test_support::run({"env", "NOTIFY_SOCKET=" + manager.name(), test_support::quoitd_path(),
                         "--listen", "127.0.0.1:0", place.path("none")});
  EXPECT_EQ(run.status, 66);
  EXPECT_EQ(manager.receive(0), "");
}

// JOURNAL_STREAM names the device and the inode of standard error.
TEST(Notify, MessagesToTheJournalBeginWithTheirPriority) {
  const std::string script = R"(JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@")";
  Site site({}, {.wrapper = {"env", "JOURNAL_STREAM=1:1"}});
  EXPECT_EQ(site.process().err().find('<'), std::string::npos) << site.process().err();
  test_support::Process journalled({"sh", "-c", script, "sh", test_support::quoitd_path(),
                                    "--listen", "127.0.0.1:0", site.root.path()});
  EXPECT_TRUE(journalled.wait_for_err("<6>quoitd: listening on http://127.0.0.1:"));
  EXPECT_TRUE(journalled.err().starts_with("<")) << journalled.err();
  journalled.signal(SIGTERM);
  EXPECT_EQ(journalled.wait(), 0);
}

}  // namespace
