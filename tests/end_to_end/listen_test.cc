// Where the server listens, and what it says when it cannot start.
#include <cstdio>
#include <fstream>
#include <signal.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/scripted_server.h"
#include "tests/support/site.h"

namespace {

using test_support::eventually;
using test_support::Finished;
using test_support::get;
using test_support::Process;
using test_support::quoitd_path;
using test_support::RawClient;
using test_support::run;
using test_support::Scratch;
using test_support::Site;

// Runs quoitd, which must fail with that status and one line on stderr that has `text`.
void expect_refusal(const std::vector<std::string>& arguments, int status,
                    const std::string& text) {
  SCOPED_TRACE(testing::PrintToString(arguments));
  std::vector<std::string> command = {quoitd_path()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const Finished finished = run(command);
  EXPECT_EQ(finished.status, status);
  EXPECT_EQ(finished.out, "");
  EXPECT_TRUE(finished.err.starts_with("quoitd: ")) << finished.err;
  EXPECT_EQ(finished.err.find('\n'), finished.err.size() - 1) << finished.err;
  EXPECT_NE(finished.err.find(text), std::string::npos) << finished.err;
}

// The port of 127.0.0.1 in the lines that a server prints.
std::string port_in(const std::string& err) {
  const std::string begin = "http://127.0.0.1:";
  const std::size_t at = err.find(begin) + begin.size();
  return err.substr(at, err.find('/', at) - at);
}

TEST(Listen, SeveralAddressesAreServedAtOnce) {
  Scratch place;
  Site site({"--listen", "127.0.0.1:0", "--listen", "unix:" + place.path("socket")});
  site.root.write("a", "hello");
  ASSERT_EQ(site.urls().size(), 3U);
  EXPECT_NE(site.port(0), site.port(1));
  EXPECT_EQ(site.urls()[2], "unix:" + place.path("socket"));
  EXPECT_EQ(RawClient::to_port(site.port(0)).ask(get("/a")).body, "hello");
  EXPECT_EQ(RawClient::to_port(site.port(1)).ask(get("/a")).body, "hello");
  EXPECT_EQ(RawClient::to_unix(place.path("socket")).ask(get("/a")).body, "hello");
}

TEST(Listen, SaysWhatToTypeIntoAClient) {
  Site site;
  EXPECT_EQ(site.urls()[0], "http://127.0.0.1:" + std::to_string(site.port()) + "/");
  EXPECT_NE(site.port(), 0);
}

TEST(Listen, EveryWorkerServes) {
  Site site({}, {.workers = 4});
  site.root.write("a", "hello");
  for (int i = 0; i < 100; ++i) ASSERT_EQ(site.ask(get("/a")).body, "hello");
}

// All workers accept at the one port: with SO_REUSEPORT a socket that is bound but not listening
// would show as refused connections.
TEST(Listen, WorkersShareThePortThatTheSystemChose) {
  Site site({"--listen", ":0"}, {.workers = 8});
  site.root.write("a", "hello");
  ASSERT_EQ(site.urls().size(), 2U);
  const auto listeners = [&](std::size_t url) {
    char hex[8];
    std::snprintf(hex, sizeof hex, ":%04X", site.port(url));
    std::size_t count = 0;
    for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
      std::ifstream file(table);
      for (std::string line; std::getline(file, line);) {
        const std::string local = line.substr(0, line.find(' ', line.find(':') + 2));
        if (local.ends_with(hex) && line.find(" 0A ") != std::string::npos) ++count;
      }
    }
    return count;
  };
  EXPECT_EQ(listeners(0), 8U);
  EXPECT_EQ(listeners(1), 8U);
  for (std::size_t url = 0; url < 2; ++url) {
    for (int i = 0; i < 50; ++i) {
      ASSERT_EQ(RawClient::to_port(site.port(url)).ask(get("/a")).body, "hello");
    }
  }
}

TEST(Listen, Ipv6AddressIsServed) {
  if (!test_support::has_ipv6()) GTEST_SKIP() << "this machine has no IPv6";
  Site site({"--listen", "[::1]:0"}, {.listens_elsewhere = true});
  site.root.write("a", "hello");
  EXPECT_TRUE(site.urls()[0].starts_with("http://[::1]:")) << site.urls()[0];
  EXPECT_EQ(RawClient::to_port(site.port(), true).ask(get("/a")).body, "hello");
  site.stop();
  EXPECT_NE(site.process().out().find("::1 - - ["), std::string::npos);
}

TEST(Listen, PortAloneIsServedForEveryFamily) {
  Site site({"--listen", ":0"}, {.listens_elsewhere = true});
  site.root.write("a", "hello");
  EXPECT_EQ(RawClient::to_port(site.port()).ask(get("/a")).body, "hello");
  if (test_support::has_ipv6()) {
    EXPECT_EQ(RawClient::to_port(site.port(), true).ask(get("/a")).body, "hello");
  }
  site.stop();
  const std::string log = "\n" + site.process().out();
  EXPECT_NE(log.find("\n127.0.0.1 - - ["), std::string::npos) << log;  // not ::ffff:127.0.0.1
}

TEST(Listen, UnixSocketIsRemovedAtTheEnd) {
  Scratch place;
  Site site({"--listen", "unix:" + place.path("socket")}, {.listens_elsewhere = true});
  EXPECT_TRUE(place.exists("socket"));
  site.stop();
  EXPECT_FALSE(place.exists("socket"));
}

TEST(Listen, UnixSocketOfADeadServerIsReplaced) {
  Scratch place;
  const std::string path = place.path("socket");
  const int dead = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(dead, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::close(dead);
  Site site({"--listen", "unix:" + path}, {.listens_elsewhere = true});
  site.root.write("a", "hello");
  EXPECT_EQ(RawClient::to_unix(path).ask(get("/a")).body, "hello");
}

TEST(Listen, UnixSocketOfALiveServerIsLeftAlone) {
  Scratch place;
  const std::string path = place.path("socket");
  Site site({"--listen", "unix:" + path}, {.listens_elsewhere = true});
  site.root.write("a", "hello");
  expect_refusal({"--listen", "unix:" + path, place.path()}, 69, "unix:" + path);
  EXPECT_EQ(RawClient::to_unix(path).ask(get("/a")).body, "hello");
}

TEST(Listen, FileInThePlaceOfAUnixSocketIsLeftAlone) {
  Scratch place;
  place.write("file", "precious");
  expect_refusal({"--listen", "unix:" + place.path("file"), place.path()}, 73,
                 place.path("file") + ": another file has this name; give a path that does not");
  EXPECT_EQ(place.read("file"), "precious");
}

TEST(Listen, UnixSocketIsNotLeftBehindByAFailedStart) {
  Scratch place;
  Site site;
  const std::string taken = "127.0.0.1:" + std::to_string(site.port());
  expect_refusal({"--listen", "unix:" + place.path("socket"), "--listen", taken, place.path()}, 69,
                 taken);
  EXPECT_FALSE(place.exists("socket"));
}

// The kernel ends the operations of a killed server's io_uring, which hold its sockets, some
// milliseconds after the process.
TEST(Listen, ServerStartsAtOnceAfterAnotherWasKilled) {
  Scratch place;
  const std::string unix_address = "unix:" + place.path("socket");
  std::string port = "0";
  for (int i = 0; i < 12; ++i) {
    Process process({quoitd_path(), "--workers", "2", "--listen", "127.0.0.1:" + port, "--listen",
                     unix_address, place.path("")});
    ASSERT_TRUE(process.wait_for_err("listening on " + unix_address)) << process.err();
    if (port == "0") port = port_in(process.err());
    RawClient tcp = RawClient::to_port(static_cast<std::uint16_t>(std::stoi(port)));
    RawClient local = RawClient::to_unix(place.path("socket"));
    ASSERT_NE(tcp.ask(get("/none")).status, 0);
    ASSERT_NE(local.ask(get("/none")).status, 0);
    process.signal(SIGKILL);
    ASSERT_EQ(process.wait(), -SIGKILL);
  }
}

// The test is the killed server: it accepts one connection before its socket is closed.
TEST(Listen, SocketThatIsAnsweredForAMomentIsTriedAgain) {
  Scratch place;
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  place.path("socket").copy(address.sun_path, sizeof address.sun_path - 1);
  const int old = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(old, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(old, 16), 0);
  Process process({quoitd_path(), "--listen", "unix:" + place.path("socket"), place.path("")});
  const int attempt = ::accept(old, nullptr, nullptr);
  ::close(attempt);
  ::close(old);
  EXPECT_TRUE(process.wait_for_err("listening on unix:")) << process.err();
  EXPECT_NE(RawClient::to_unix(place.path("socket")).ask(get("/none")).status, 0);
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 0);
}

TEST(Listen, PortInUseIsSaidInOneLine) {
  Site site;
  const std::string address = "127.0.0.1:" + std::to_string(site.port());
  for (const char* workers : {"1", "2"}) {
    expect_refusal({"--listen", address, "--workers", workers, "/"}, 69,
                   "cannot listen on " + address + ": the port is in use");
  }
}

TEST(Listen, AddressOfAnotherMachineIsSaidInOneLine) {
  expect_refusal({"--listen", "203.0.113.1:0", "/"}, 69, "no such address");
}

TEST(Listen, MissingRootIsSaidInOneLine) {
  Scratch place;
  place.write("file", "x");
  const std::string free = "127.0.0.1:0";
  expect_refusal({"--listen", free, place.path("none")}, 66, "there is no such directory");
  expect_refusal({"--listen", free, place.path("file")}, 66, "it is not a directory");
}

TEST(Listen, BadArgumentsAreUsageErrors) {
  expect_refusal({"--no-such-option"}, 64, "--no-such-option");
  expect_refusal({"--workers", "many"}, 64, "many");
  expect_refusal({"/", "/"}, 64, "/");
  expect_refusal({"--max-body", "10X"}, 64, "10X");
  expect_refusal({"--max-body", "-1"}, 64, "-1");
  expect_refusal({"--max-head", "64K"}, 64, "64K");
  expect_refusal({"--log-format", "xml"}, 64, "xml");
  expect_refusal({"--grace", "-1"}, 64, "-1");
  expect_refusal({"--idle-timeout", "soon"}, 64, "soon");
  for (const char* address :
       {"nonsense", "127.0.0.1", "127.0.0.1:65536", "127.0.0.1:", ":http", "::1:80",
        "unix:", "[::1]", "127.0.0.1:80x", "[127.0.0.1]:0", "[]:0"}) {
    expect_refusal({"--listen", address, "/"}, 64,
                   "--listen: '" + std::string(address) + "' is no address");
  }
  for (const char* address : {"example.org:0", "127.1:0", "[::g]:0"}) {
    expect_refusal({"--listen", address, "/"}, 64, "give a numeric address");
  }
  expect_refusal({"--listen", "unix:" + std::string(200, 'x'), "/"}, 64, "longer than 107 bytes");
}

TEST(Listen, LogThatCannotBeWrittenIsSaidInOneLine) {
  Scratch place;
  const std::string log = place.path("none/log");
  for (const char* option : {"--access-log", "--log-heads"}) {
    expect_refusal({"--listen", "127.0.0.1:0", option, log, place.path()}, 73, log);
  }
}

// open(2) of a FIFO waits for a reader, unless it is told not to.
TEST(Listen, LogThatIsAPipeWithoutAReaderIsSaidInOneLine) {
  Scratch place;
  const std::string log = place.path("pipe");
  ASSERT_EQ(::mkfifo(log.c_str(), 0600), 0);
  for (const char* option : {"--access-log", "--log-heads"}) {
    expect_refusal({"--listen", "127.0.0.1:0", option, log, place.path()}, 73,
                   log + ": no process reads from it");
  }
}

TEST(Listen, ClosedStandardStreamsAreNoHarm) {
  Scratch place;
  place.write("root/a", "hello");
  test_support::Process process({"sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh", quoitd_path(),
                                 "--listen", "unix:" + place.path("socket"), place.path("root")});
  EXPECT_TRUE(eventually([&] { return RawClient::to_unix(place.path("socket")).ok(); }));
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(RawClient::to_unix(place.path("socket")).ask(get("/a")).body, "hello");
  }
  process.signal(SIGTERM);
  EXPECT_EQ(process.wait(), 0);
}

TEST(Listen, HelpAndVersionAreAnswers) {
  const Finished help = run({quoitd_path(), "--help"});
  EXPECT_EQ(help.status, 0);
  EXPECT_EQ(help.err, "");
  for (const char* option : {"--listen", "--writable", "--access-log", "--max-body", "--grace"}) {
    EXPECT_NE(help.out.find(option), std::string::npos) << option;
  }
  const Finished version = run({quoitd_path(), "--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_TRUE(version.out.starts_with("quoitd ")) << version.out;
}

}  // namespace
