// SIGHUP reads the configuration again: what changes, what stays, and what is refused, while
// clients are served.
#include <array>
#include <atomic>
#include <functional>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/site.h"

namespace {

using test_support::eventually;
using test_support::get;
using test_support::noise;
using test_support::Process;
using test_support::put;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::Scratch;
using test_support::Site;

// The lines about reloads that a server has printed so far.
std::vector<std::string> outcomes_of(Process& process) {
  std::vector<std::string> lines;
  const std::string err = process.err();
  for (std::size_t begin = 0; begin < err.size();) {
    const std::size_t end = err.find('\n', begin);
    if (end == std::string::npos) break;
    const std::string line = err.substr(begin, end - begin);
    const bool is_outcome = line.starts_with("quoitd: configuration reloaded: ") ||
                            line.starts_with("quoitd: the configuration is not reloaded");
    if (is_outcome) lines.push_back(line.substr(8));
    begin = end + 1;
  }
  return lines;
}

// Sends SIGHUP and waits for the end of that reload. Returns its line, without "quoitd: ".
std::string reload(Process& process) {
  const std::size_t before = outcomes_of(process).size();
  process.signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return outcomes_of(process).size() > before; })) << process.err();
  return outcomes_of(process).back();
}

const std::string refusal = "the configuration is not reloaded, the old one stays in use: ";

// A server with a configuration file.
class Reload : public ::testing::Test {
 protected:
  void configure(std::string_view text) const { etc_.write("quoitd.toml", text); }
  // Writes the file and reloads.
  std::string change(std::string_view text) const {
    configure(text);
    return reload(site_->process());
  }
  // Without a sandbox, whose rights are those of the first configuration.
  void start(std::string_view text, std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), {"--sandbox", "off"});
    start_in_sandbox(text, std::move(arguments));
  }
  void start_in_sandbox(std::string_view text, std::vector<std::string> arguments = {}) {
    configure(text);
    arguments.insert(arguments.begin(), {"--config", file()});
    site_ = std::make_unique<Site>(arguments);
    site_->root.write("a", "hello");
  }
  std::string file() const { return etc_.path("quoitd.toml"); }
  Site& site() const { return *site_; }

  const Scratch etc_;
  std::unique_ptr<Site> site_;
};

TEST_F(Reload, AppliesWhatHasChangedAndNamesIt) {
  start("");
  RawClient kept = site().connect();
  EXPECT_EQ(kept.ask(put("/new", "x")).status, 405);
  EXPECT_EQ(kept.ask(get("/")).status, 200);
  EXPECT_EQ(change("listing = \"off\"\nwritable = true\nmax-body = 3\n"),
            "configuration reloaded: writable, listing, max-body changed");
  EXPECT_EQ(kept.ask(put("/new", "x")).status, 201);
  EXPECT_EQ(kept.ask(get("/")).status, 404);
  EXPECT_EQ(site().ask(put("/new", "x")).status, 204);
  EXPECT_EQ(site().ask(put("/new", "long")).status, 413);
  EXPECT_EQ(change("listing = \"off\"\nwritable = true\nmax-body = 3\n# and a comment\n"),
            "configuration reloaded: nothing changed");
  EXPECT_EQ(change(""), "configuration reloaded: writable, listing, max-body changed");
  EXPECT_EQ(site().ask(put("/new", "x")).status, 405);
}

TEST_F(Reload, LeavesFlagsBeforeTheFile) {
  start("listing = \"on\"\n", {"--listing", "off"});
  EXPECT_EQ(site().ask(get("/")).status, 404);
  EXPECT_EQ(change("listing = \"on\"\nheader = [\"A: b\"]\n"),
            "configuration reloaded: header changed");
  EXPECT_EQ(site().ask(get("/")).status, 404);
  EXPECT_EQ(site().ask(get("/a")).field("A"), "b");
}

TEST_F(Reload, LeavesRequestsInFlightWithTheConfigurationThatTheyBeganWith) {
  start("writable = true\n");
  RawClient client = site().connect();
  client.send(request("PUT", "/new", {"Content-Length: 10", "Expect: 100-continue"}));
  EXPECT_EQ(client.read_bytes(25), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(change(""), "configuration reloaded: writable changed");
  client.send("0123456789");
  EXPECT_EQ(client.read_response().status, 201);
  EXPECT_EQ(site().root.read("new"), "0123456789");
  EXPECT_EQ(client.ask(put("/new", "x")).status, 405);
}

// An option of each kind that is not a part of the Site.
TEST_F(Reload, AppliesLimitsOfConnections) {
  start("");
  RawClient first = site().connect();
  EXPECT_EQ(first.ask(get("/a")).status, 200);
  EXPECT_EQ(change("max-connections = 1\n"), "configuration reloaded: max-connections changed");
  EXPECT_EQ(site().ask(get("/a")).status, 503);
  EXPECT_EQ(change(""), "configuration reloaded: max-connections changed");
  EXPECT_EQ(site().ask(get("/a")).status, 200);
  // The connections that exist are not counted.
  EXPECT_EQ(change("max-connections-per-address = 1\n"),
            "configuration reloaded: max-connections-per-address changed");
  RawClient second = site().connect();
  EXPECT_EQ(second.ask(get("/a")).status, 200);
  EXPECT_EQ(site().ask(get("/a")).status, 503);
  EXPECT_EQ(change("max-connections-per-address = 2\n"),
            "configuration reloaded: max-connections-per-address changed");
  EXPECT_EQ(site().ask(get("/a")).status, 200);
  EXPECT_EQ(change(""), "configuration reloaded: max-connections-per-address changed");
  EXPECT_EQ(first.ask(get("/a")).status, 200);
  EXPECT_EQ(second.ask(get("/a")).status, 200);
}

TEST_F(Reload, AppliesTrustToKeptConnections) {
  start("");
  RawClient client = site().connect();
  const std::string asked = get("/a", {"X-Forwarded-For: 192.0.2.7"});
  client.ask(asked);
  EXPECT_EQ(change("trust = [\"127.0.0.0/8\"]\n"), "configuration reloaded: trust changed");
  client.ask(asked);
  EXPECT_EQ(change("trust = [\"127.0.0.0/8\"]\nforwarded = \"forwarded\"\n"),
            "configuration reloaded: forwarded changed");
  client.ask(get("/a", {"X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.8"}));
  EXPECT_EQ(change(""), "configuration reloaded: trust, forwarded changed");
  client.ask(asked);
  site().stop();
  std::vector<std::string> clients;
  const std::string log = site().process().out();
  for (std::size_t at = 0; at < log.size(); at = log.find('\n', at) + 1) {
    clients.push_back(log.substr(at, log.find(' ', at) - at));
  }
  EXPECT_EQ(clients,
            (std::vector<std::string>{"127.0.0.1", "192.0.2.7", "192.0.2.8", "127.0.0.1"}));
}

TEST_F(Reload, AppliesTheProxyProtocolToNewConnections) {
  start("trust = [\"127.0.0.0/8\"]\n");
  RawClient kept = site().connect();
  EXPECT_EQ(kept.ask(get("/a")).status, 200);
  EXPECT_EQ(change("trust = [\"127.0.0.0/8\"]\nproxy-protocol = true\n"),
            "configuration reloaded: proxy-protocol changed");
  EXPECT_EQ(site().ask("PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n" + get("/a")).status, 200);
  EXPECT_EQ(site().ask(get("/a")).status, 0);
  EXPECT_EQ(kept.ask(get("/a")).status, 200);
}

// The grace period of the start would outlast the test.
TEST_F(Reload, AppliesTheGracePeriod) {
  start("grace = 600\nwritable = true\n");
  RawClient client = site().connect();
  client.send(request("PUT", "/new", {"Content-Length: 10", "Expect: 100-continue"}));
  EXPECT_EQ(client.read_bytes(25), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(change("grace = 0.1\nwritable = true\n"), "configuration reloaded: grace changed");
  site().stop();
}

TEST_F(Reload, AppliesTheSizeOfTheCache) {
  start("cache = 0\n");
  const auto hits = [&] {
    site().signal(SIGUSR2);
    return site().process().wait_for_err(" cache_hits=");
  };
  EXPECT_EQ(change("cache = \"1M\"\n"), "configuration reloaded: cache changed");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(site().ask(get("/a")).body, "hello");
  EXPECT_EQ(change("cache = 0\n"), "configuration reloaded: cache changed");
  EXPECT_EQ(site().ask(get("/a")).body, "hello");
  EXPECT_TRUE(hits());
  EXPECT_EQ(site().process().err().find(" cache_bytes=1"), std::string::npos);
}

// --- Logs ---

TEST_F(Reload, ContinuesInAnotherLogWithoutLosingALine) {
  const Scratch logs;
  const auto with_log = [&](std::string_view name, std::string_view format) {
    return "access-log = \"" + logs.path(name) + "\"\nlog-format = \"" + std::string(format) +
           "\"\n";
  };
  start(with_log("one", "combined"));
  RawClient client = site().connect();
  // A worker appends the line of a response after the client has got it.
  const auto is_logged = [&](const char* name, const char* text) {
    return eventually([&] { return logs.read(name).value_or("").find(text) != std::string::npos; });
  };
  client.ask(get("/first"));
  EXPECT_TRUE(is_logged("one", "/first"));
  client.send(request("GET", "/in-flight").substr(0, 10));
  EXPECT_EQ(change(with_log("two", "json")),
            "configuration reloaded: access-log, log-format changed");
  client.send(request("GET", "/in-flight").substr(10));
  client.read_response();
  client.ask(get("/second"));
  EXPECT_TRUE(is_logged("two", "/second"));
  EXPECT_EQ(change("access-log = \"off\"\n"),
            "configuration reloaded: access-log, log-format changed");
  client.ask(get("/unlogged"));
  EXPECT_EQ(change(with_log("three", "combined")), "configuration reloaded: access-log changed");
  client.ask(get("/third"));
  site().stop();
  EXPECT_NE(logs.read("one")->find("\"GET /first HTTP/1.1\" 404 "), std::string::npos);
  EXPECT_EQ(logs.read("one")->find("/in-flight"), std::string::npos);
  EXPECT_NE(logs.read("two")->find("\"target\":\"/in-flight\""), std::string::npos);
  EXPECT_NE(logs.read("two")->find("\"target\":\"/second\""), std::string::npos);
  EXPECT_EQ(logs.read("two")->find("unlogged"), std::string::npos);
  EXPECT_TRUE(logs.read("three")->starts_with("127.0.0.1 ")) << *logs.read("three");
  EXPECT_EQ(logs.read("three")->find("unlogged"), std::string::npos);
}

TEST_F(Reload, SwitchesLogsOnForConnectionsWithoutAKnownAddress) {
  const Scratch logs;
  start("access-log = \"off\"\n");
  RawClient client = site().connect();
  client.ask(get("/a"));
  EXPECT_EQ(change("access-log = \"" + logs.path("log") + "\"\nlog-heads = \"" +
                   logs.path("heads") + "\"\n"),
            "configuration reloaded: access-log, log-heads changed");
  client.ask(get("/a"));
  site().stop();
  EXPECT_TRUE(logs.read("log")->starts_with("127.0.0.1 ")) << *logs.read("log");
  EXPECT_TRUE(logs.read("heads")->starts_with("* 127.0.0.1\n")) << *logs.read("heads");
}

TEST_F(Reload, IsNotWhatUsr1AsksFor) {
  const Scratch logs;
  const std::string log = "access-log = \"" + logs.path("log") + "\"\n";
  start(log);
  configure(log + "writable = true\n");
  logs.remove("log");
  site().signal(SIGUSR1);
  EXPECT_TRUE(eventually([&] { return logs.exists("log"); }));
  EXPECT_EQ(site().ask(put("/new", "x")).status, 405);
  EXPECT_EQ(reload(site().process()), "configuration reloaded: writable changed");
  EXPECT_EQ(site().ask(put("/new", "x")).status, 201);
}

// --- Refusals ---

TEST_F(Reload, RefusesAMistakeAndStaysAsItWas) {
  start("header = [\"A: old\"]\n");
  struct Row {
    std::string text;
    std::string why;
  };
  const std::string begin = refusal + file();
  for (const Row& row : {
           Row{"header = [\"A: new\"]\nmax-head = \"1\"\n", begin + ":2: max-head: '1' is out of"},
           Row{"header = [\"A: new\"]\nwritable: yes\n", begin + ":2: "},
           Row{"header = [\"A: new\"]\n\nheader = [\"B: c\"]\n",
               begin + ":3: 'header' is set twice"},
           Row{"header = [\"A: new\"]\ncolour = \"red\"\n", begin + ":2: "},
           Row{"header = [\"Content-Length: 1\"]\n", begin + ":1: header: "},
           Row{"header = [\"A: new\"]\nindex = [\"../x\"]\n", begin + ":2: index: "},
           Row{"header = [\"A: new\"]\nproxy-protocol = true\n",
               refusal + "--proxy-protocol has no effect without --trust"},
           Row{"header = [\"A: new\"]\naccess-log = \"/nowhere/log\"\n",
               refusal + "cannot write the log /nowhere/log: No such file or directory"},
           Row{"header = [\"A: new\"]\nlog-heads = \"/nowhere/heads\"\n",
               refusal + "cannot write the log /nowhere/heads: No such file or directory"},
       }) {
    const std::string outcome = change(row.text);
    EXPECT_TRUE(outcome.starts_with(row.why)) << outcome;
    EXPECT_EQ(site().ask(get("/a")).field("A"), "old") << row.text;
  }
  EXPECT_EQ(change("header = [\"A: new\"]\n"), "configuration reloaded: header changed");
  EXPECT_EQ(site().ask(get("/a")).field("A"), "new");
}

TEST_F(Reload, RefusesAFileThatCannotBeRead) {
  start("header = [\"A: old\"]\n");
  const auto expect_refused = [&](const std::string& why) {
    const std::string outcome = reload(site().process());
    EXPECT_TRUE(outcome.starts_with(refusal + file() + why)) << outcome;
    EXPECT_EQ(site().ask(get("/a")).field("A"), "old");
    EXPECT_EQ(site().ask(get("/")).status, 200);
  };
  etc_.remove("quoitd.toml");
  expect_refused(" cannot be read: No such file or directory");
  etc_.make_directory("quoitd.toml");
  expect_refused(" cannot be read: Is a directory");
  ::rmdir(file().c_str());
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  expect_refused(" is a pipe or a device and cannot be read again");
  etc_.remove("quoitd.toml");
  configure(std::string((1 << 20) + 1, '#'));
  expect_refused(" is larger than 1 MiB");
  if (::geteuid() != 0) {  // root reads every file
    ASSERT_EQ(::chmod(file().c_str(), 0), 0);
    expect_refused(" cannot be read: Permission denied");
  }
}

// All of these are refused by name, and the rest of the file is not applied.
TEST_F(Reload, RefusesWhatNeedsANewProcess) {
  const std::string usual = "listen = [\"127.0.0.1:0\"]\nworkers = 1\naccess-log = \"off\"\n";
  const Scratch root;
  configure(usual);
  Process process({test_support::quoitd_path(), "--config", file()},
                  {.environment = {"QUOIT_IO"}, .directory = root.path()});
  ASSERT_TRUE(process.wait_for_err("quoitd: listening on http://127.0.0.1:")) << process.err();
  const auto expect_refused = [&](const std::string& text, const std::string& names) {
    configure(text + "writable = true\n");
    EXPECT_EQ(reload(process), refusal + "a change of " + names + " needs a restart of quoitd");
  };
  expect_refused(usual + "io = \"epoll\"\n", "io");
  expect_refused(usual + "root = \"/\"\n", "ROOT");
  expect_refused("listen = [\"127.0.0.1:0\", \"[::1]:0\"]\nworkers = 2\n", "listen, workers");
  configure(usual + "listing = \"off\"\n");
  EXPECT_EQ(reload(process), "configuration reloaded: listing changed");
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 0);
}

TEST_F(Reload, WorksInTheSandboxWithTheRightsOfTheStart) {
  const std::string log = "access-log = \"" + etc_.path("log/one") + "\"\n";
  etc_.make_directory("log");
  start_in_sandbox("writable = true\n" + log);
  // A worker appends the line of a response after the client has got it.
  const auto is_logged = [&](const char* name, const char* text) {
    return eventually([&] { return etc_.read(name).value_or("").find(text) != std::string::npos; });
  };
  site().ask(get("/first"));
  EXPECT_TRUE(is_logged("log/one", "/first"));
  EXPECT_EQ(change("access-log = \"" + etc_.path("log/two") + "\"\n"),
            "configuration reloaded: writable, access-log changed");
  EXPECT_EQ(site().ask(put("/new", "x")).status, 405);
  EXPECT_TRUE(is_logged("log/two", "PUT /new HTTP/1.1\" 405"));
  EXPECT_EQ(change("writable = true\n" + log + "log-heads = \"" + etc_.path("log/heads") + "\"\n"),
            "configuration reloaded: writable, access-log, log-heads changed");
  EXPECT_EQ(site().ask(put("/new", "x")).status, 201);
  EXPECT_TRUE(is_logged("log/one", "PUT /new HTTP/1.1\" 201"));
  EXPECT_TRUE(is_logged("log/heads", "> PUT /new"));
}

// --- Relative paths ---

TEST(ReloadOfRelativePaths, UsesTheDirectoryOfTheStart) {
  const Scratch home;
  home.write("etc/quoitd.toml", "access-log = \"log/one\"\n");
  home.make_directory("log");
  home.write("srv/a", "hello");
  Process process({test_support::quoitd_path(), "--listen", "127.0.0.1:0", "--config",
                   "etc/quoitd.toml", "srv"},
                  {.directory = home.path()});
  ASSERT_TRUE(process.wait_for_err("quoitd: listening on ")) << process.err();
  home.write("etc/quoitd.toml", "access-log = \"log/two\"\n");
  EXPECT_EQ(reload(process), "configuration reloaded: access-log changed");
  EXPECT_TRUE(home.exists("log/two"));
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 0);
}

// --- Under load ---

// Clients that go on until they are stopped, each with a thread. They count what goes wrong.
class Load {
 public:
  explicit Load(const Site& site) : site_(site) {}
  ~Load() { stop(); }

  // Runs `step` again and again; it returns whether all went well.
  void add(std::function<bool()> step) {
    threads_.emplace_back([this, step = std::move(step)] {
      std::uint64_t steps = 0;
      for (; !stops_.load(); ++steps) failures_ += step() ? 0 : 1;
      done_ += steps;
      idle_ += steps == 0 ? 1 : 0;
    });
  }
  void stop() {
    stops_.store(true);
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  std::uint64_t failures() const { return failures_; }
  std::uint64_t idle() const { return idle_; }
  std::uint64_t done() const { return done_; }
  const Site& site() const { return site_; }

 private:
  const Site& site_;
  std::atomic<bool> stops_ = false;
  std::atomic<std::uint64_t> failures_ = 0;
  std::atomic<std::uint64_t> idle_ = 0;  // threads that have not finished a step
  std::atomic<std::uint64_t> done_ = 0;
  std::vector<std::thread> threads_;
};

TEST_F(Reload, LosesNoRequestInAHundredReloads) {
  constexpr int reloads = 100;
  const auto configuration = [](int number) {
    std::string text = "writable = true\nheader = [\"Generation: " + std::to_string(number) +
                       "\"]\nmax-body = " + std::to_string(10'000'000 + number) + "\n";
    if (number % 3 == 1) text += "trust = [\"127.0.0.0/8\"]\nlog-format = \"json\"\n";
    if (number % 3 == 2) text += "cache = 0\naccess-log = \"off\"\n";
    return text;
  };
  start_in_sandbox(configuration(0));
  const std::string large = noise(4'000'000);
  const std::string body = noise(300'000, 2);
  site().root.write("large", large);
  RawClient kept = site().connect();
  RawClient uploading = site().connect();
  RawClient downloading = site().connect();
  Load load(site());
  load.add([&] { return kept.ask(get("/a")).body == "hello"; });
  load.add([&] { return site().ask(get("/a")).body == "hello"; });
  load.add([&] { return site().ask(get("/none")).status == 404; });
  load.add([&] { return downloading.ask(get("/large")).body == large; });
  load.add([&] {
    const int status = uploading.ask(put("/uploaded", body)).status;
    return (status == 201 || status == 204) && uploading.ask(get("/uploaded")).body == body;
  });
  for (int number = 1; number <= reloads; ++number) {
    const std::string outcome = change(configuration(number));
    EXPECT_TRUE(outcome.starts_with("configuration reloaded: header, ")) << outcome;
    EXPECT_EQ(site().ask(get("/a")).field("Generation"), std::to_string(number));
  }
  load.stop();
  EXPECT_EQ(load.failures(), 0U) << "of " << load.done();
  EXPECT_EQ(load.idle(), 0U);
  EXPECT_EQ(outcomes_of(site().process()).size(), std::size_t{reloads});
}

// The order of two signals that arrive at once is not known, but the last file wins.
TEST_F(Reload, FollowsSignalsThatComeDuringAReload) {
  start("");
  for (int number = 0; number < 20; ++number) {
    configure("header = [\"Number: " + std::to_string(number) + "\"]\n");
    site().signal(SIGHUP);
  }
  EXPECT_TRUE(eventually([&] { return site().ask(get("/a")).field("Number") == "19"; }));
}

TEST_F(Reload, LeavesAServerThatStopsAlone) {
  start("writable = true\ngrace = 600\n");
  RawClient client = site().connect();
  client.send(request("PUT", "/new", {"Content-Length: 10", "Expect: 100-continue"}));
  EXPECT_EQ(client.read_bytes(25), "HTTP/1.1 100 Continue\r\n\r\n");
  site().signal(SIGTERM);
  EXPECT_TRUE(eventually([&] { return !site().connect().ok(); }));
  site().signal(SIGHUP);
  client.send("0123456789");
  EXPECT_EQ(client.read_response().status, 201);
  EXPECT_EQ(site().wait(), 0);
  EXPECT_EQ(site().root.read("new"), "0123456789");
}

}  // namespace
