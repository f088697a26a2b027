// --control: a server takes the place of another one, and no client notices.
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <signal.h>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/other_users.h"
#include "tests/support/site.h"

namespace {

using test_support::Ending;
using test_support::eventually;
using test_support::Finished;
using test_support::get;
using test_support::noise;
using test_support::quoitd_path;
using test_support::RawClient;
using test_support::request;
using test_support::Response;
using test_support::run;
using test_support::Scratch;
using test_support::Site;
using test_support::Timeout;

using Names = std::vector<std::string>;

std::size_t temporaries(const Scratch& root) {
  std::size_t count = 0;
  for (const std::string& name : root.list()) count += name.find(".quoit-") != std::string::npos;
  return count;
}

// A directory that several generations of a server serve, and their control socket.
struct Place {
  Place() { files.write("a", "hello"); }

  // Starts a server, which takes the place of the one before, if there is one.
  std::unique_ptr<Site> start(Names more = {}, int workers = 2) const {
    more.insert(more.end(), {"--control", control(), "--writable", "--grace", "3600",
                             "--body-timeout", "3600", "--head-timeout", "3600"});
    return std::make_unique<Site>(
        more, test_support::SiteSetup{.served = files.path(), .workers = workers});
  }
  std::string control() const { return sockets.path("control"); }
  std::string unix_address(const std::string& name) const { return "unix:" + sockets.path(name); }

  Scratch files;
  Scratch sockets;
};

struct Tally {
  std::atomic<int> whole = 0;
  std::atomic<int> lost = 0;
  std::atomic<bool> ends = false;
};

void connect_again_and_again(std::uint16_t port, Tally& tally) {
  while (!tally.ends) {
    RawClient client = RawClient::to_port(port);
    const bool is_whole =
        client.ok() && client.ask(get("/a", {"Connection: close"})).body == "hello";
    ++(is_whole ? tally.whole : tally.lost);
  }
}

TEST(Replacement, LosesNoConnectionUnderLoadInTwentyGenerations) {
  const Place place;
  std::unique_ptr<Site> site = place.start();
  const std::uint16_t port = site->port();
  Tally tally;
  std::vector<std::jthread> clients;
  clients.reserve(4);
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] { connect_again_and_again(port, tally); });
  }
  for (int generation = 0; generation < 20; ++generation) {
    const int before = tally.whole;
    EXPECT_TRUE(eventually([&] { return tally.whole >= before + 50; }));
    std::unique_ptr<Site> next = place.start({}, 1 + generation % 3);
    EXPECT_EQ(next->port(), port);
    EXPECT_EQ(site->wait(), 0) << site->process().err();
    site = std::move(next);
  }
  tally.ends = true;
  clients.clear();
  EXPECT_EQ(tally.lost, 0);
  EXPECT_GE(tally.whole, 1000);
}

// Fewer workers than sockets and more: each socket has a worker.
TEST(Replacement, ServesOnEachSocketWithAnyNumberOfWorkers) {
  const Place place;
  std::unique_ptr<Site> site = place.start({}, 4);
  const std::uint16_t port = site->port();
  for (const int workers : {1, 3, 6}) {
    std::unique_ptr<Site> next = place.start({}, workers);
    EXPECT_EQ(site->wait(), 0);
    site = std::move(next);
    for (int i = 0; i < 60; ++i) {
      ASSERT_EQ(RawClient::to_port(port).ask(get("/a")).body, "hello") << workers;
    }
  }
}

TEST(Replacement, KeepsThePathsOfUnixSockets) {
  const Place place;
  const Names listens = {"--listen", place.unix_address("http")};
  std::unique_ptr<Site> first = place.start(listens);
  std::unique_ptr<Site> second = place.start(listens);
  EXPECT_EQ(first->wait(), 0);
  EXPECT_EQ(RawClient::to_unix(place.sockets.path("http")).ask(get("/a")).body, "hello");
  std::unique_ptr<Site> third = place.start(listens);
  EXPECT_EQ(second->wait(), 0);
  EXPECT_EQ(RawClient::to_unix(place.sockets.path("http")).ask(get("/a")).body, "hello");
  third->stop();
  EXPECT_FALSE(place.sockets.exists("http"));
  EXPECT_FALSE(place.sockets.exists("control"));
}

TEST(Replacement, OpensNewAddressesAndClosesThoseThatAreLeftOut) {
  const Place place;
  std::unique_ptr<Site> first = place.start({"--listen", place.unix_address("old")});
  std::unique_ptr<Site> second = place.start({"--listen", place.unix_address("new")});
  EXPECT_EQ(first->wait(), 0);
  EXPECT_EQ(second->port(), first->port());
  EXPECT_FALSE(place.sockets.exists("old"));
  EXPECT_EQ(RawClient::to_unix(place.sockets.path("new")).ask(get("/a")).body, "hello");
}

TEST(Replacement, FinishesRequestsInTheOldServer) {
  const Place place;
  const std::string bytes = noise(50'000'000);
  place.files.write("large", bytes);
  std::unique_ptr<Site> first = place.start();
  RawClient idle = first->connect();
  EXPECT_EQ(idle.ask(get("/a")).body, "hello");
  RawClient download = first->connect();
  download.send(get("/large"));
  std::string text = download.read_bytes(1000);
  std::unique_ptr<Site> second = place.start();
  EXPECT_TRUE(first->process().wait_for_err("has taken over")) << first->process().err();
  EXPECT_EQ(idle.ending(), Ending::orderly);
  EXPECT_FALSE(first->wait(Timeout(0)));
  const std::size_t begin = text.find("\r\n\r\n") + 4;
  text += download.read_bytes(bytes.size() + begin - text.size());
  EXPECT_TRUE(text.compare(begin, std::string::npos, bytes) == 0);
  EXPECT_EQ(first->wait(), 0);
}

// The new server's sweep removes the temporary files of dead servers, and leaves those that the old
// one has locked.
TEST(Replacement, FinishesAnUploadInTheOldServer) {
  const Place place;
  const std::string bytes = noise(1'000'000);
  std::unique_ptr<Site> first = place.start();
  RawClient upload = first->connect();
  upload.send(request("PUT", "/up", {"Content-Length: 1000000"}) + bytes.substr(0, 300'000));
  EXPECT_TRUE(eventually([&] { return temporaries(place.files) == 1; }));
  const std::string dead = ".quoit-0123456789abcdef0";
  place.files.write(dead, "left by a dead server");
  std::unique_ptr<Site> second = place.start();
  EXPECT_TRUE(first->process().wait_for_err("has taken over")) << first->process().err();
  EXPECT_EQ(RawClient::to_port(second->port()).ask(get("/a")).body, "hello");
  EXPECT_FALSE(first->wait(Timeout(0)));
  upload.send(std::string_view(bytes).substr(300'000));
  const Response response = upload.read_response();
  EXPECT_EQ(response.status, 201);
  EXPECT_EQ(response.field("Connection"), "close");
  EXPECT_EQ(first->wait(), 0);
  EXPECT_TRUE(place.files.read("up") == bytes);
}

// The claims on names, which keep the conditions of writes, are those of one process.
TEST(Replacement, LetsKeptConnectionsToTheOldServerReadButNotWrite) {
  const Place place;
  const Names listens = {"--listen", place.unix_address("http")};
  std::unique_ptr<Site> first = place.start(listens);
  RawClient reader = RawClient::to_unix(place.sockets.path("http"));
  RawClient writer = RawClient::to_unix(place.sockets.path("http"));
  RawClient remover = RawClient::to_unix(place.sockets.path("http"));
  RawClient fresh = RawClient::to_unix(place.sockets.path("http"));
  for (RawClient* const client : {&reader, &writer, &remover}) {
    EXPECT_EQ(client->ask(get("/a")).body, "hello");
  }
  reader.send_piece("GET /a HTTP/1.1\r\n");
  fresh.send_piece("PUT /c HTTP/1.1\r\n");
  writer.send_piece("PUT /b HTTP/1.1\r\n");
  remover.send_piece("DELETE /a HTTP/1.1\r\n");
  std::unique_ptr<Site> second = place.start(listens);
  EXPECT_TRUE(first->process().wait_for_err("has taken over")) << first->process().err();
  reader.send("Host: test\r\n\r\n");
  EXPECT_EQ(reader.read_response().body, "hello");
  writer.send("Host: test\r\nContent-Length: 5\r\n\r\nworld");
  remover.send("Host: test\r\n\r\n");
  fresh.send("Host: test\r\nContent-Length: 5\r\n\r\nworld");
  EXPECT_EQ(fresh.read_response().status, 201) << "its first request";
  for (RawClient* const client : {&writer, &remover}) {
    const Response response = client->read_response();
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.field("Connection"), "close");
    EXPECT_NE(response.body.find("send the request again"), std::string::npos) << response.body;
  }
  EXPECT_EQ(first->wait(), 0);
  EXPECT_EQ(place.files.list(), (Names{"a", "c"}));
}

// --- What goes wrong ---

TEST(Replacement, ThatDoesNotStartLeavesTheOldServerInItsPlace) {
  const Place place;
  std::unique_ptr<Site> site = place.start();
  const std::string port = std::to_string(site->port());
  // It fails before it connects, and after it has got the sockets.
  const Finished bad_root = run({quoitd_path(), "--listen", "127.0.0.1:0", "--control",
                                 place.control(), place.sockets.path("none")});
  EXPECT_EQ(bad_root.status, 66) << bad_root.err;
  const Finished bad_port =
      run({quoitd_path(), "--listen", "127.0.0.1:0", "--listen", "127.0.0.1:" + port, "--control",
           place.control(), place.files.path()});
  EXPECT_EQ(bad_port.status, 69) << bad_port.err;
  EXPECT_TRUE(site->process().wait_for_err("has not taken over")) << site->process().err();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(site->ask(get("/a")).body, "hello");
  std::unique_ptr<Site> next = place.start();
  EXPECT_EQ(site->wait(), 0);
}

TEST(Replacement, WithoutControlIsRefusedAsBefore) {
  const Place place;
  std::unique_ptr<Site> site = place.start();
  const Finished other = run(
      {quoitd_path(), "--listen", "127.0.0.1:" + std::to_string(site->port()), place.files.path()});
  EXPECT_EQ(other.status, 69);
  EXPECT_NE(other.err.find("the port is in use"), std::string::npos) << other.err;
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

TEST(ControlSocket, OfADeadServerIsReplacedAndBelongsToItsUserAlone) {
  const Place place;
  const sockaddr_un address = address_of(place.control());
  const int dead = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::close(dead);
  std::unique_ptr<Site> site = place.start();
  struct stat status {};
  ASSERT_EQ(::stat(place.control().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode, S_IFSOCK | 0600U);
  site->stop();
  EXPECT_FALSE(place.sockets.exists("control"));
}

TEST(ControlSocket, InThePlaceOfAnotherFileIsRefused) {
  const Place place;
  place.sockets.write("control", "precious");
  const Finished refused = run(
      {quoitd_path(), "--listen", "127.0.0.1:0", "--control", place.control(), place.files.path()});
  EXPECT_EQ(refused.status, 73) << refused.err;
  EXPECT_NE(refused.err.find("another file has the name"), std::string::npos) << refused.err;
  EXPECT_EQ(place.sockets.read("control"), "precious");
}

// --- The test as the new server ---

constexpr std::string_view magic = "quoitctl\x01";
constexpr char take = 1;
constexpr char offer = 2;
constexpr char ready = 3;
constexpr char released = 4;
constexpr char refuse = 5;

// A process that says that it takes over, and does what the test wants.
class Successor {
 public:
  explicit Successor(const std::string& path)
      : socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
    const timeval limit{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const sockaddr_un address = address_of(path);
    is_connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Successor() {
    leave();
    for (const int socket : sockets_) ::close(socket);
  }
  Successor(const Successor&) = delete;
  Successor& operator=(const Successor&) = delete;

  bool is_connected() const { return is_connected_; }
  void send(char kind, const std::string& entries = {}) const {
    std::string bytes(magic);
    bytes += kind;
    bytes += static_cast<char>(entries.size());
    bytes += std::string(3, '\0') + entries;
    EXPECT_EQ(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // The kind of the next message, with whose descriptors sockets() begins; 0: the connection ended.
  char receive() {
    std::array<char, 30'000> bytes;
    alignas(cmsghdr) std::array<char, 2048> rights;
    iovec piece{.iov_base = bytes.data(), .iov_len = bytes.size()};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = rights.data();
    header.msg_controllen = rights.size();
    const ssize_t count = ::recvmsg(socket_, &header, MSG_CMSG_CLOEXEC);
    if (count < static_cast<ssize_t>(magic.size()) + 1) return 0;
    if (const cmsghdr* part = CMSG_FIRSTHDR(&header)) {
      sockets_.resize((part->cmsg_len - CMSG_LEN(0)) / sizeof(int));
      std::memcpy(sockets_.data(), CMSG_DATA(part), sockets_.size() * sizeof(int));
    }
    text_.assign(bytes.data(), static_cast<std::size_t>(count));
    return text_[magic.size()];
  }
  // Takes the sockets.
  void begin() {
    ASSERT_TRUE(is_connected_);
    send(take);
    ASSERT_EQ(receive(), offer);
  }
  // Says that it uses all of them.
  void be_ready() const { send(ready, std::string(sockets_.size(), '\1')); }
  void leave() { ::close(std::exchange(socket_, -1)); }

  const std::vector<int>& sockets() const { return sockets_; }
  const std::string& text() const { return text_; }

 private:
  int socket_;
  bool is_connected_ = false;
  std::vector<int> sockets_;  // the control socket first
  std::string text_;
};

// The queue of a listening socket belongs to all processes that have it.
TEST(ControlSocket, PassesOnConnectionsThatWaitWhileTheOldServerStandsStill) {
  const Place place;
  std::unique_ptr<Site> site = place.start({}, 1);
  Successor successor(place.control());
  successor.begin();
  ASSERT_EQ(successor.sockets().size(), 2U);
  site->suspend();
  std::vector<RawClient> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(site->connect());
  for (RawClient& client : clients) {
    const int accepted = ::accept4(successor.sockets()[1], nullptr, nullptr, SOCK_CLOEXEC);
    ASSERT_GE(accepted, 0);
    EXPECT_EQ(::send(accepted, "served", 6, MSG_NOSIGNAL), 6);
    ::close(accepted);
    EXPECT_EQ(client.read_bytes(6), "served");
  }
  successor.leave();
  site->signal(SIGCONT);
  EXPECT_TRUE(site->process().wait_for_err("has not taken over")) << site->process().err();
  EXPECT_EQ(site->ask(get("/a")).body, "hello");
}

TEST(ControlSocket, LetsASignalToStopWaitForTheNewServer) {
  const Place place;
  for (const bool is_taken : {true, false}) {
    std::unique_ptr<Site> site = place.start();
    Successor successor(place.control());
    successor.begin();
    site->signal(SIGTERM);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(site->ask(get("/a")).body, "hello");
    EXPECT_FALSE(site->wait(Timeout(0)));
    if (is_taken) {
      successor.be_ready();
      EXPECT_EQ(successor.receive(), released);
    } else {
      successor.leave();
    }
    EXPECT_EQ(site->wait(), 0);
    EXPECT_EQ(site->connect().ok(), is_taken) << "the successor has the sockets";
    ::unlink(place.control().c_str());
  }
}

TEST(ControlSocket, OfAServerThatIsStoppedTwiceRefusesTheNewServer) {
  const Place place;
  std::unique_ptr<Site> site = place.start();
  Successor successor(place.control());
  successor.begin();
  site->signal(SIGTERM);
  EXPECT_EQ(site->ask(get("/a")).body, "hello");
  site->signal(SIGINT);
  EXPECT_EQ(successor.receive(), refuse);
  EXPECT_EQ(site->wait(), 0);
}

TEST(ControlSocket, RefusesMalformedMessagesAndGoesOn) {
  const Place place;
  std::unique_ptr<Site> site = place.start();
  {
    Successor successor(place.control());
    successor.send('\x07');
    EXPECT_EQ(successor.receive(), refuse);
    EXPECT_NE(successor.text().find("malformed"), std::string::npos);
    EXPECT_EQ(successor.receive(), 0);
  }
  {
    Successor successor(place.control());
    successor.send(ready);
    EXPECT_EQ(successor.receive(), refuse);
  }
  {
    Successor successor(place.control());
    successor.begin();
    successor.send(ready, "\1");  // not as many as were offered
    EXPECT_EQ(successor.receive(), refuse);
  }
  EXPECT_EQ(site->ask(get("/a")).body, "hello");
  std::unique_ptr<Site> next = place.start();
  EXPECT_EQ(site->wait(), 0);
}

// The mode of the file keeps others away; a server that was given a wider one asks the kernel.
TEST(ControlSocket, RefusesAnotherUser) {
  if (const std::string why = test_support::why_no_other_user(); !why.empty()) {
    GTEST_SKIP() << why;
  }
  const Place place;
  std::unique_ptr<Site> site = place.start();
  ASSERT_EQ(::chmod(place.sockets.path().c_str(), 0755), 0);
  ASSERT_EQ(::chmod(place.control().c_str(), 0666), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    constexpr uid_t nobody = 65534;
    if (::setuid(nobody) != 0) ::_exit(2);
    Successor successor(place.control());
    const bool is_refused = successor.is_connected() && successor.receive() == refuse;
    ::_exit(is_refused ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(site->ask(get("/a")).body, "hello");
}

TEST(Replacement, ServesWhatQueuesUpWhileTheOldServerStandsStill) {
  const Place place;
  place.files.write("large", noise(50'000'000));
  std::unique_ptr<Site> first = place.start();
  RawClient download = first->connect();
  download.send(get("/large"));
  EXPECT_EQ(download.read_bytes(15), "HTTP/1.1 200 OK");
  std::unique_ptr<Site> second = place.start();  // the old one accepts no longer
  first->suspend();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(second->ask(get("/a")).body, "hello");
  first->signal(SIGCONT);
  download.close();
  EXPECT_EQ(first->wait(), 0);
}

}  // namespace
