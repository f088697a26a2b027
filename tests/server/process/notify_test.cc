// Messages to a service manager, on a real datagram socket.
#include "apps/server/process/notify.h"

#include <cstdlib>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/server/world.h"
#include "tests/support/service_manager.h"
#include "uring/monotonic.h"

namespace server {
namespace {

using test_support::ServiceManager;

std::string abstract_name() { return "@quoit-notify-test-" + std::to_string(::getpid()); }

Notifier notifier_for(const std::string& name) {
  ::setenv("NOTIFY_SOCKET", name.c_str(), 1);
  return {};
}

TEST(Notifier, SendsOneDatagramForEachMessageToAPathOrAnAbstractName) {
  const lab::Folder place;
  for (const std::string& name : {(place / "socket").string(), abstract_name()}) {
    const ServiceManager manager(name);
    const Notifier notifier = notifier_for(name);
    notifier.ready("serving /srv");
    notifier.status("busy");
    notifier.alive();
    notifier.main_process(4711);
    notifier.stopping("finishing", 10'000);
    EXPECT_EQ(manager.receive(), "READY=1\nSTATUS=serving /srv");
    EXPECT_EQ(manager.receive(), "STATUS=busy");
    EXPECT_EQ(manager.receive(), "WATCHDOG=1");
    EXPECT_EQ(manager.receive(), "MAINPID=4711\nWATCHDOG_USEC=0");
    EXPECT_EQ(manager.receive(), "STOPPING=1\nSTATUS=finishing\nEXTEND_TIMEOUT_USEC=12000000");
  }
}

TEST(Notifier, SaysWhenAReloadBegan) {
  const lab::Folder place;
  const ServiceManager manager((place / "socket").string());
  const Notifier notifier = notifier_for(manager.name());
  const std::int64_t before_us = uring::monotonic_us();
  notifier.reloading();
  const std::string message = manager.receive();
  const std::string begin = "RELOADING=1\nMONOTONIC_USEC=";
  ASSERT_EQ(message.substr(0, begin.size()), begin);
  const std::int64_t time_us = std::stoll(message.substr(begin.size()));
  EXPECT_GE(time_us, before_us);
  EXPECT_LE(time_us, uring::monotonic_us());
}

TEST(Notifier, AStatusStaysOneLine) {
  const lab::Folder place;
  const ServiceManager manager((place / "socket").string());
  notifier_for(manager.name()).status("a\nMAINPID=1\tb\x7f");
  EXPECT_EQ(manager.receive(), "STATUS=a?MAINPID=1?b?");
}

TEST(Notifier, RemovesTheVariable) {
  const lab::Folder place;
  const ServiceManager manager((place / "socket").string());
  const Notifier notifier = notifier_for(manager.name());
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);  // NOLINT(concurrency-mt-unsafe)
}

TEST(Notifier, DoesNothingWithoutASocket) {
  const lab::Folder place;
  for (const std::string& name :
       {std::string(), std::string("relative"), std::string("@"), (place / "missing").string(),
        "/" + std::string(200, 'x'), std::string("vsock:2:1234")}) {
    const Notifier notifier = notifier_for(name);
    notifier.ready("serving");
    notifier.reloading();
    notifier.stopping("finishing", 1);
    notifier.alive();
  }
}

TEST(WatchdogInterval, IsForTheProcessThatItNames) {
  struct Row {
    const char* interval;
    const char* pid;
    std::int64_t expected;
  };
  const std::string own = std::to_string(::getpid());
  for (const Row& row :
       {Row{"30000000", own.c_str(), 30'000'000}, Row{"30000000", "", 30'000'000},
        Row{"30000000", "1", 0}, Row{"", own.c_str(), 0}, Row{"x", "", 0}, Row{"10x", "", 0},
        Row{"-1", "", 0}, Row{"99999999999999999999", "", 0}, Row{"9223372036854775807", "", 0}}) {
    ::setenv("WATCHDOG_USEC", row.interval, 1);
    if (*row.pid) ::setenv("WATCHDOG_PID", row.pid, 1);
    EXPECT_EQ(take_watchdog_interval(), row.expected) << row.interval << " " << row.pid;
    EXPECT_EQ(std::getenv("WATCHDOG_USEC"), nullptr);  // NOLINT(concurrency-mt-unsafe)
    EXPECT_EQ(std::getenv("WATCHDOG_PID"), nullptr);   // NOLINT(concurrency-mt-unsafe)
  }
}

}  // namespace
}  // namespace server
