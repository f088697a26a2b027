// Socket activation: a service manager passes listening sockets.
#include <netinet/in.h>
#include <signal.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/site.h"

namespace {

using test_support::get;
using test_support::Process;
using test_support::quoitd_path;
using test_support::RawClient;
using test_support::Scratch;

using Names = std::vector<std::string>;

// A listening socket that the test keeps, as a service manager does.
class Listening {
 public:
  Listening() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const at = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(fd_, at, size), 0);
    EXPECT_EQ(::listen(fd_, 100), 0);
    EXPECT_EQ(::getsockname(fd_, at, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  explicit Listening(const std::string& path)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(fd_, 100), 0);
  }
  ~Listening() { ::close(fd_); }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  int fd() const { return fd_; }
  std::uint16_t port() const { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

struct Place {
  Place() { files.write("a", "hello"); }
  // quoitd with these descriptors from 3 on.
  Process start(const std::vector<int>& descriptors, const std::string& names,
                const Names& more = {}) const {
    Names command = {"sh", "-c", "LISTEN_PID=$$ exec \"$@\"", "sh", quoitd_path()};
    command.insert(command.end(), more.begin(), more.end());
    command.push_back(files.path());
    return Process(command, {.environment = {"LISTEN_FDS=" + std::to_string(descriptors.size()),
                                             "LISTEN_FDNAMES=" + names},
                             .descriptors = descriptors});
  }
  Scratch files;
  Scratch sockets;
};

TEST(Inherited, SocketsAreServedByAllWorkersAndStayWithTheServiceManager) {
  const Place place;
  const Listening tcp;
  const Listening local(place.sockets.path("http"));
  for (int start = 0; start < 3; ++start) {
    // Clients that come while no server runs wait in the queue.
    RawClient early = RawClient::to_port(tcp.port());
    ASSERT_TRUE(early.ok());
    Process server = place.start({tcp.fd(), local.fd()}, "http:http", {"--workers", "3"});
    EXPECT_EQ(early.ask(get("/a")).body, "hello");
    for (int i = 0; i < 30; ++i) {
      EXPECT_EQ(RawClient::to_port(tcp.port()).ask(get("/a")).body, "hello");
      EXPECT_EQ(RawClient::to_unix(place.sockets.path("http")).ask(get("/a")).body, "hello");
    }
    EXPECT_TRUE(server.wait_for_err("listening on http://127.0.0.1:" + std::to_string(tcp.port())));
    EXPECT_TRUE(server.wait_for_err("listening on unix:" + place.sockets.path("http")));
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0) << server.err();
    EXPECT_TRUE(place.sockets.exists("http"));
  }
}

TEST(Inherited, AdminSocketHasHealthAndNoFiles) {
  const Place place;
  const Listening admin;
  const Listening tcp;
  Process server = place.start({admin.fd(), tcp.fd()}, "admin:http");
  EXPECT_EQ(RawClient::to_port(tcp.port()).ask(get("/a")).body, "hello");
  EXPECT_EQ(RawClient::to_port(admin.port()).ask(get("/healthz")).body, "ok\n");
  EXPECT_EQ(RawClient::to_port(admin.port()).ask(get("/a")).status, 404);
  const std::string address = "http://127.0.0.1:" + std::to_string(admin.port()) + "/";
  EXPECT_TRUE(server.wait_for_err("admin listener on " + address)) << server.err();
  EXPECT_EQ(server.err().find("listening on " + address), std::string::npos) << server.err();
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
}

// A server that an operator starts takes over from one that a service manager has started.
TEST(Inherited, AdminSocketIsPassedOnInAReplacement) {
  const Place place;
  const Listening admin;
  const Listening tcp;
  const Names control = {"--control", place.sockets.path("control")};
  Process first = place.start({admin.fd(), tcp.fd()}, "admin:http", control);
  EXPECT_TRUE(first.wait_for_err("listening on")) << first.err();
  Names command = {quoitd_path(), "--listen", "127.0.0.1:" + std::to_string(tcp.port()), "--admin",
                   "127.0.0.1:" + std::to_string(admin.port())};
  command.insert(command.end(), control.begin(), control.end());
  command.push_back(place.files.path());
  Process second(command);
  EXPECT_TRUE(second.wait_for_err("listening on")) << second.err();
  EXPECT_EQ(first.wait(), 0) << first.err();
  EXPECT_EQ(RawClient::to_port(tcp.port()).ask(get("/a")).body, "hello");
  EXPECT_EQ(RawClient::to_port(admin.port()).ask(get("/readyz")).body, "ok\n");
}

TEST(Inherited, AdminSocketBesideAnotherOneIsRefused) {
  const Place place;
  const Listening admin;
  const Listening other;
  Process two = place.start({admin.fd(), other.fd()}, "admin:admin");
  EXPECT_EQ(two.wait(), 64);
  EXPECT_NE(two.err().find("leave one ListenStream="), std::string::npos) << two.err();
  Process both = place.start({admin.fd()}, "admin", {"--admin", "127.0.0.1:0"});
  EXPECT_EQ(both.wait(), 64);
  EXPECT_NE(both.err().find("LISTEN_FDNAMES=admin"), std::string::npos) << both.err();
}

TEST(Inherited, SocketsBesideListenAreRefused) {
  const Place place;
  const Listening tcp;
  Process server = place.start({tcp.fd()}, "http", {"--listen", "127.0.0.1:0"});
  EXPECT_EQ(server.wait(), 64);
  EXPECT_NE(server.err().find("remove one of them"), std::string::npos) << server.err();
}

TEST(Inherited, DescriptorThatDoesNotListenIsRefused) {
  const Place place;
  const int datagrams = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  Process server = place.start({datagrams}, "http");
  EXPECT_EQ(server.wait(), 64);
  EXPECT_NE(server.err().find("descriptor 3"), std::string::npos) << server.err();
  EXPECT_NE(server.err().find("is no stream socket"), std::string::npos) << server.err();
  ::close(datagrams);
}

}  // namespace
