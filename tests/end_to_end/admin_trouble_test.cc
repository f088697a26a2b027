// The admin listener of a server in trouble: its threads hang, descriptors or memory have run out,
// or another process takes its place.
#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <signal.h>
#include <string>
#include <string_view>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/end_to_end/admin_site.h"
#include "tests/support/eventually.h"
#include "tests/support/prometheus.h"
#include "tests/support/sanitizer.h"
#include "tests/support/site.h"

namespace {

using test_support::admin_url;
using test_support::AdminSite;
using test_support::eventually;
using test_support::get;
using test_support::Metrics;
using test_support::noise;
using test_support::port_in;
using test_support::RawClient;
using test_support::Response;
using test_support::Scratch;
using test_support::Site;
using test_support::SiteSetup;

using Names = std::vector<std::string>;

// --- Threads that hang ---

std::vector<pid_t> threads_of(pid_t process) {
  std::vector<pid_t> threads;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    threads.push_back(std::stoi(entry.path().filename()));
  }
  return threads;
}

// Whether the thread waits in poll(2) or ppoll(2) for as many descriptors as the admin thread and
// no other does; proc(5) has the numbers of the call and of its arguments.
bool polls_for_admin(pid_t process, pid_t thread) {
  std::ifstream file("/proc/" + std::to_string(process) + "/task/" + std::to_string(thread) +
                     "/syscall");
  std::string call;
  std::string address;
  std::string count;
  file >> call >> address >> count;
  return count == "0x12" && address.size() > 4;
}

// Stops all threads of a process but one, by ptrace(2), until the destructor.
class Hanging {
 public:
  Hanging(pid_t process, pid_t spared) {
    for (std::size_t before = 1; before != stopped_.size();) {  // until there is no new thread
      before = stopped_.size();
      for (const pid_t thread : threads_of(process)) {
        const bool is_known = std::find(stopped_.begin(), stopped_.end(), thread) != stopped_.end();
        if (thread != spared && !is_known) stop(thread);
      }
    }
  }
  ~Hanging() {
    for (const pid_t thread : stopped_) ::ptrace(PTRACE_DETACH, thread, nullptr, nullptr);
  }
  Hanging(const Hanging&) = delete;
  Hanging& operator=(const Hanging&) = delete;

  // Containers may refuse ptrace(2).
  bool is_possible() const { return !is_refused_ && !stopped_.empty(); }

 private:
  void stop(pid_t thread) {
    if (::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0) {
      is_refused_ = true;
      return;
    }
    stopped_.push_back(thread);
    ::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr);
    int status = 0;
    EXPECT_EQ(::waitpid(thread, &status, __WALL), thread);
    EXPECT_TRUE(WIFSTOPPED(status));
  }

  std::vector<pid_t> stopped_;
  bool is_refused_ = false;
};

// The thread of the admin listener; 0 where the kernel does not tell.
pid_t admin_thread(pid_t process) {
  pid_t found = 0;
  eventually([&] {
    std::error_code error;
    const std::filesystem::path own = "/proc/" + std::to_string(process) + "/syscall";
    if (!std::ifstream(own).good()) return true;
    for (const pid_t thread : threads_of(process)) {
      if (polls_for_admin(process, thread)) found = thread;
    }
    return found != 0;
  });
  return found;
}

TEST(AdminInTrouble, AnswersWhileAllOtherThreadsHang) {
  const AdminSite admin;
  admin.site().root.write("a", "hello");
  EXPECT_EQ(admin.site().ask(get("/a")).status, 200);
  const std::string requests = "quoit_http_requests_total{code=\"200\",method=\"GET\"}";
  // A response is counted when its last byte was sent, which its client may notice before.
  ASSERT_TRUE(eventually([&] { return admin.metric(requests) == 1; }));
  const pid_t process = admin.site().process().pid();
  const pid_t spared = admin_thread(process);
  if (spared == 0) GTEST_SKIP() << "the kernel does not show what threads wait for";
  {
    const Hanging hanging(process, spared);
    if (!hanging.is_possible()) GTEST_SKIP() << "ptrace(2) is refused";
    EXPECT_EQ(admin.ask("/readyz").body, "ok\n");
    EXPECT_EQ(admin.metric(requests), 1);
    EXPECT_EQ(admin.ask("/status.json").status, 200);
    ASSERT_TRUE(eventually([&] { return admin.ask("/healthz").status == 503; }));
    const std::string body = admin.ask("/livez").body;
    for (const char* worker : {"worker 0 ", "worker 1 "}) {
      EXPECT_NE(body.find(std::string(worker) + "has not finished a loop iteration for 1"),
                std::string::npos)
          << body;
    }
    EXPECT_EQ(admin.metrics().value("quoit_workers"), 2);
  }
  EXPECT_TRUE(eventually([&] { return admin.ask("/healthz").body == "ok\n"; }));
  EXPECT_EQ(admin.site().ask(get("/a")).body, "hello");
}

// --- Descriptors and memory ---

TEST(AdminInTrouble, AnswersWhenDescriptorsHaveRunOut) {
  const AdminSite admin({"--max-connections", "1000"},
                        {.wrapper = {"sh", "-c", "ulimit -n 64; exec \"$@\"", "sh"}});
  std::vector<RawClient> clients;
  for (int i = 0; i < 80; ++i) clients.push_back(admin.site().connect());
  ASSERT_TRUE(admin.site().process().wait_for_err("accepting connections pauses"));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(admin.ask("/healthz").status, 200);
    const Metrics all = admin.metrics();
    EXPECT_GT(all.value("process_open_fds"), 50);
    EXPECT_GT(all.value("quoit_connections_accept_failures_total"), 0);
  }
}

// Lets the process have no more memory, or as much as it likes.
void limit_memory(pid_t process, bool is_limited) {
  std::ifstream file("/proc/" + std::to_string(process) + "/statm");
  std::uint64_t pages = 0;
  file >> pages;
  const rlimit limit{is_limited ? pages * 4096 : RLIM_INFINITY, RLIM_INFINITY};
  ASSERT_EQ(::prlimit(process, RLIMIT_AS, &limit, nullptr), 0);
}

// Health and readiness need next to none. Metrics may be missing then, and come again.
TEST(AdminInTrouble, AnswersWithoutFurtherMemory) {
  if (test_support::maps_address_space) GTEST_SKIP() << "a sanitizer needs all address space";
  const AdminSite admin;
  for (int i = 0; i < 100; ++i) admin.site().root.write("f" + std::to_string(i), noise(20'000));
  const pid_t process = admin.site().process().pid();
  limit_memory(process, true);
  std::vector<RawClient> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(admin.site().connect());
    slow.back().send("GET /a HTTP/1.1\r\nHost: a\r\nX: " + std::string(9'000, 'x'));
  }
  for (int i = 0; i < 100; ++i) {
    RawClient client = admin.site().connect();
    client.send(get("/f" + std::to_string(i)));
    EXPECT_EQ(admin.ask("/healthz").body, "ok\n");
    EXPECT_EQ(admin.ask("/readyz").body, "ok\n");
    for (const char* large : {"/metrics", "/status"}) {  // 30 KiB
      const int status = admin.ask(large).status;
      EXPECT_TRUE(status == 200 || status == 0) << status;
    }
  }
  limit_memory(process, false);
  slow.clear();
  EXPECT_TRUE(admin.metrics().has("process_open_fds"));
}

// --- Another process ---

// The old server keeps the address until the new one serves, and no client is refused in between.
TEST(AdminInTrouble, ReplacementKeepsTheListener) {
  const Scratch scratch;
  scratch.make_directory("root");
  const SiteSetup setup{.served = scratch.path("root")};
  for (const std::string& address : Names{"127.0.0.1:0", "unix:" + scratch.path("admin.sock")}) {
    const std::vector<std::string> arguments = {"--control", scratch.path("control"), "--admin",
                                                address};
    Site first(arguments, setup);
    const std::string url = admin_url(first);
    const auto ask = [&](std::string_view target) {
      RawClient client = url.starts_with("unix:") ? RawClient::to_unix(url.substr(5))
                                                  : RawClient::to_port(port_in(url));
      return client.ask(get(target)).body;
    };
    EXPECT_EQ(ask("/readyz"), "ok\n");
    const Site second(arguments, setup);
    EXPECT_EQ(first.wait(), 0);
    EXPECT_EQ(admin_url(second), url);
    EXPECT_EQ(ask("/readyz"), "ok\n");
    EXPECT_EQ(second.ask(get("/")).status, 200);
    EXPECT_TRUE(eventually([&] {
      return ask("/metrics").find("quoit_connections_accepted_total 1\n") != std::string::npos;
    }));
  }
}

// A probe finds a ready server at any moment of a replacement, and no metrics are lost.
TEST(AdminInTrouble, ReplacementRefusesNoProbe) {
  const Scratch scratch;
  scratch.make_directory("root");
  const SiteSetup setup{.served = scratch.path("root")};
  const Names arguments = {"--control", scratch.path("control"), "--admin",
                           "unix:" + scratch.path("admin.sock")};
  auto site = std::make_unique<Site>(arguments, setup);
  std::atomic<bool> ends = false;
  std::atomic<int> probes = 0;
  std::jthread prober([&] {
    while (!ends) {
      RawClient client = RawClient::to_unix(scratch.path("admin.sock"));
      EXPECT_EQ(client.ask(get(probes % 2 == 0 ? "/readyz" : "/metrics")).status, 200);
      ++probes;
    }
  });
  for (int generation = 0; generation < 10; ++generation) {
    const int before = probes;
    EXPECT_TRUE(eventually([&] { return probes >= before + 10; }));
    auto next = std::make_unique<Site>(arguments, setup);
    EXPECT_EQ(site->wait(), 0) << site->process().err();
    site = std::move(next);
  }
  ends = true;
}

// The next server may have another admin address, or none.
TEST(AdminInTrouble, ReplacementMayChangeTheListener) {
  const Scratch scratch;
  scratch.make_directory("root");
  const SiteSetup setup{.served = scratch.path("root")};
  const auto start = [&](const Names& more) {
    Names arguments = {"--control", scratch.path("control")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<Site>(arguments, setup);
  };
  const auto ask = [&](const std::string& name) {
    return RawClient::to_unix(scratch.path(name)).ask(get("/readyz")).body;
  };
  std::unique_ptr<Site> first = start({});
  std::unique_ptr<Site> second = start({"--admin", "unix:" + scratch.path("one")});
  EXPECT_EQ(first->wait(), 0);
  EXPECT_EQ(ask("one"), "ok\n");
  std::unique_ptr<Site> third = start({"--admin", "unix:" + scratch.path("two")});
  EXPECT_EQ(second->wait(), 0);
  EXPECT_EQ(ask("two"), "ok\n");
  EXPECT_FALSE(scratch.exists("one"));
  std::unique_ptr<Site> fourth = start({});
  EXPECT_EQ(third->wait(), 0);
  EXPECT_FALSE(scratch.exists("two"));
  EXPECT_EQ(fourth->ask(get("/")).status, 200);
}

// Readiness ends with the signal, while clients are still accepted and served.
TEST(AdminInTrouble, DrainDelayEndsReadinessAndNothingElse) {
  const AdminSite admin({"--drain-delay", "3600"});
  admin.site().root.write("a", "hello");
  EXPECT_EQ(admin.ask("/readyz").status, 200);
  admin.site().signal(SIGTERM);
  EXPECT_TRUE(admin.comes_to("the server is draining: it stops soon\n"));
  EXPECT_EQ(admin.ask("/readyz").status, 503);
  EXPECT_EQ(admin.site().ask(get("/a")).body, "hello");
  admin.site().signal(SIGINT);  // ends the delay
}

}  // namespace
