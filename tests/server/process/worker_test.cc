// A worker's thread on epoll: it starts, serves, reports, drains and aborts.
#include "apps/server/process/worker.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/files/file_system.h"
#include "apps/server/listen/listener.h"
#include "tests/server/world.h"
#include "tests/support/eventually.h"

namespace server {
namespace {

constexpr int timeout_ms = 20'000;

// Waits until the count of an event descriptor is not 0, and clears it.
bool read_event(int fd) {
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  std::uint64_t count = 0;
  return ::poll(&ready, 1, timeout_ms) == 1 && ::read(fd, &count, sizeof count) == sizeof count;
}

class WorkerThread : public ::testing::Test {
 protected:
  explicit WorkerThread(bool begins = true,
                        uring::EngineChoice engine = uring::EngineChoice::epoll) {
    root_.put("hello.txt", "hello\n");
    const ListenAddress address{.host = "127.0.0.1"};
    EXPECT_FALSE(listeners_.open({address}, 1));
    const std::vector<ListeningSocket*> sockets = listeners_.of_worker(0);
    listener_ = sockets[0]->fd();
    worker_ = std::make_unique<Worker>(shared_, engine, sockets);
    EXPECT_FALSE(worker_->start(state_event_.get(), notice_event_.get()));
    EXPECT_TRUE(read_event(state_event_.get()));
    EXPECT_FALSE(worker_->start_failure());
    if (begins) worker_->begin_accepting();
  }

  // After a failure, too: the destructor of Worker waits for the thread.
  void TearDown() override { worker_->abort(); }

  uring::Fd connect() {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto* const at = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::getsockname(listener_, at, &size), 0);
    uring::Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), at, size), 0);
    return client;
  }

  // Receives until `end` has arrived, or the peer has ended the connection.
  std::string receive(int fd, std::string_view end) {
    std::string all;
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    std::array<char, 4096> buffer;
    while (all.empty() || !all.ends_with(end)) {
      if (::poll(&ready, 1, timeout_ms) != 1) break;
      const ssize_t got = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (got <= 0) break;
      all.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return all;
  }
  std::string get(int fd, std::string_view target) {
    const std::string request = lab::head_of("GET", target);
    EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    return receive(fd, "hello\n");
  }

  void serve_queue_and_drain();

  void expect_end() {
    EXPECT_TRUE(read_event(state_event_.get()));
    EXPECT_TRUE(worker_->has_ended());
    worker_->join();
  }

  lab::Folder root_;
  Claims claims_;
  Shared shared_{.claims = claims_,
                 .generation = std::make_shared<const Generation>(
                     Generation{.cache_bytes = lab::default_cache_bytes}),
                 .root = root_.fd()};
  uring::Fd state_event_{::eventfd(0, EFD_CLOEXEC)};
  uring::Fd notice_event_{::eventfd(0, EFD_CLOEXEC)};
  Listeners listeners_;
  int listener_ = -1;  // the descriptor of its only listening socket
  std::unique_ptr<Worker> worker_;
};

TEST_F(WorkerThread, serves_the_connections_of_its_sockets_until_it_is_drained) {
  EXPECT_EQ(worker_->engine_name().find("epoll"), 0U) << worker_->engine_name();
  const uring::Fd client = connect();
  EXPECT_TRUE(get(client.get(), "/hello.txt").starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_FALSE(worker_->has_ended());
  worker_->drain();
  EXPECT_EQ(receive(client.get(), "no such end"), "");  // the idle connection is closed
  expect_end();
}

class WaitingWorker : public WorkerThread {
 protected:
  WaitingWorker() : WorkerThread(false) {}
};

// Another worker may still need descriptors that a crowd of clients would take.
TEST_F(WaitingWorker, accepts_nothing_before_all_workers_are_ready) {
  const uring::Fd client = connect();
  tcp_info info{};
  socklen_t size = sizeof info;
  ASSERT_EQ(::getsockopt(listener_, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
  EXPECT_EQ(info.tcpi_unacked, 1U) << "it is in the accept queue";
  worker_->begin_accepting();
  EXPECT_TRUE(get(client.get(), "/hello.txt").starts_with("HTTP/1.1 200 OK\r\n"));
  worker_->drain();
  expect_end();
}

// A worker that waits for something else than its engine does not respond, and an idle one does.
TEST_F(WaitingWorker, gives_a_heartbeat_only_when_its_loop_iterates) {
  worker_->request_heartbeat();
  EXPECT_FALSE(worker_->has_heartbeat());
  worker_->begin_accepting();
  const auto responds = [&] { return worker_->has_heartbeat(); };
  EXPECT_TRUE(test_support::eventually(responds));
  worker_->request_heartbeat();
  EXPECT_TRUE(test_support::eventually(responds));
  worker_->drain();
  expect_end();
  worker_->request_heartbeat();
  EXPECT_TRUE(worker_->has_heartbeat()) << "it has ended as it should";
}

TEST_F(WorkerThread, closes_a_deleted_file_without_a_request) {
  if (!is_local(root_.fd())) GTEST_SKIP() << "files of this file system are not cached";
  root_.put("large", lab::pattern(200'000) + "hello\n");
  const uring::Fd client = connect();
  EXPECT_FALSE(worker_->has_open_files());
  EXPECT_TRUE(get(client.get(), "/large").ends_with("hello\n"));
  EXPECT_TRUE(test_support::eventually([&] { return worker_->has_open_files(); }));
  std::filesystem::remove(root_ / "large");
  EXPECT_TRUE(test_support::eventually([&] { return !worker_->has_open_files(); }));
  worker_->drain();
  expect_end();
}

TEST_F(WorkerThread, invalidates_its_files_on_request) {
  if (!is_local(root_.fd())) GTEST_SKIP() << "files of this file system are not cached";
  root_.put("large", lab::pattern(200'000) + "hello\n");
  const uring::Fd client = connect();
  for (const Worker::FileRequest request : {Worker::invalidate_files, Worker::change_root}) {
    EXPECT_TRUE(get(client.get(), "/large").ends_with("hello\n"));
    EXPECT_TRUE(test_support::eventually([&] { return worker_->has_open_files(); }));
    worker_->request(request);
    EXPECT_TRUE(test_support::eventually([&] { return !worker_->has_open_files(); }));
  }
  worker_->drain();
  expect_end();
}

// On the engine that this machine gives, which is a ring where there is one.
class WaitingWorkerOfAnyEngine : public WorkerThread {
 protected:
  WaitingWorkerOfAnyEngine() : WorkerThread(false, uring::EngineChoice::automatic) {}
};

// Clients that have connected and sent a request, of which the workers know nothing yet.
std::vector<uring::Fd> connect_many(sockaddr* address, socklen_t size) {
  std::vector<uring::Fd> clients;
  const std::string request = lab::head_of("GET", "/hello.txt");
  for (int i = 0; i < 200; ++i) {
    clients.emplace_back(::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(clients.back().get(), address, size), 0);
    EXPECT_EQ(::send(clients.back().get(), request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
  }
  return clients;
}

void WorkerThread::serve_queue_and_drain() {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* const at = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::getsockname(listener_, at, &size), 0);
  const std::vector<uring::Fd> clients = connect_many(at, size);
  worker_->begin_accepting();
  worker_->drain();
  for (const uring::Fd& client : clients) {
    EXPECT_TRUE(receive(client.get(), "hello\n").starts_with("HTTP/1.1 200 OK\r\n"));
  }
  expect_end();
}

TEST_F(WaitingWorker, serves_clients_that_have_connected_before_it_drains) {
  serve_queue_and_drain();
}

TEST_F(WaitingWorkerOfAnyEngine, serves_clients_that_have_connected_before_it_drains) {
  serve_queue_and_drain();
}

// The first one that stops must not end the socket for the other one.
TEST_F(WaitingWorker, serves_the_clients_of_a_socket_that_another_worker_stops_to_share) {
  for (int round = 0; round < 10; ++round) {
    Listeners shared_listeners;
    const std::string path = (root_ / "socket").string();
    ASSERT_FALSE(shared_listeners.open({ListenAddress{.unix_path = path}}, 2));
    std::vector<std::unique_ptr<Worker>> workers;
    for (unsigned i = 0; i < 2; ++i) {
      workers.push_back(std::make_unique<Worker>(shared_, uring::EngineChoice::automatic,
                                                 shared_listeners.of_worker(i)));
      ASSERT_FALSE(workers[i]->start(state_event_.get(), notice_event_.get()));
      ASSERT_TRUE(read_event(state_event_.get()));
    }
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const std::vector<uring::Fd> clients =
        connect_many(reinterpret_cast<sockaddr*>(&address), sizeof address);
    for (const std::unique_ptr<Worker>& worker : workers) worker->begin_accepting();
    for (const std::unique_ptr<Worker>& worker : workers) worker->drain();
    for (const uring::Fd& client : clients) {
      EXPECT_TRUE(receive(client.get(), "hello\n").ends_with("hello\n"));
    }
    for (const std::unique_ptr<Worker>& worker : workers) worker->join();
  }
}

TEST_F(WorkerThread, adopts_the_generation_that_was_published_last) {
  const uring::Fd client = connect();
  EXPECT_TRUE(worker_->has_adopted());
  const auto publish = [&](const char* header) {
    auto next = std::make_shared<Generation>(*shared_.generation);
    EXPECT_EQ(add_header(header, next->site.extra_fields), "");
    finish_site(next->site);
    worker_->publish(std::make_unique<LiveGeneration>(next));
    return std::weak_ptr<const Generation>(next);
  };
  const std::weak_ptr<const Generation> first = publish("Number: 1");
  publish("Number: 2");
  EXPECT_TRUE(test_support::eventually([&] { return worker_->has_adopted(); }));
  EXPECT_TRUE(read_event(notice_event_.get()));
  EXPECT_TRUE(first.expired());
  EXPECT_NE(get(client.get(), "/hello.txt").find("\r\nNumber: 2\r\n"), std::string::npos);
  worker_->drain();
  expect_end();
  publish("Number: 3");
  EXPECT_TRUE(worker_->has_adopted()) << "a worker that has ended is not waited for";
}

TEST_F(WaitingWorker, ends_when_it_is_aborted) {
  worker_->abort();
  expect_end();
}

TEST_F(WorkerThread, reports_its_counters_once_for_each_request) {
  const uring::Fd client = connect();
  get(client.get(), "/hello.txt");
  EXPECT_EQ(worker_->take_report(), "");
  worker_->request_report();
  ASSERT_TRUE(read_event(notice_event_.get()));
  const std::string report = worker_->take_report();
  EXPECT_TRUE(report.starts_with(" connections=1 iterations=")) << report;
  EXPECT_NE(report.find(" cache_dropped=0"), std::string::npos) << report;
  EXPECT_EQ(worker_->take_report(), "");
  worker_->drain();
  expect_end();
}

TEST_F(WorkerThread, ends_a_connection_that_waits_for_the_rest_of_a_head_when_it_is_aborted) {
  const uring::Fd client = connect();
  EXPECT_EQ(::send(client.get(), "GET / H", 7, MSG_NOSIGNAL), 7);
  const auto connections = [&] {
    worker_->request_report();
    EXPECT_TRUE(read_event(notice_event_.get()));
    return worker_->take_report();
  };
  EXPECT_TRUE(
      test_support::eventually([&] { return connections().starts_with(" connections=1 "); }));
  worker_->abort();
  EXPECT_EQ(receive(client.get(), "no such end"), "");
  expect_end();
}

TEST_F(WorkerThread, ignores_a_drain_after_an_abort_and_an_abort_after_its_end) {
  worker_->abort();
  worker_->drain();
  expect_end();
  worker_->abort();
  EXPECT_TRUE(worker_->has_ended());
  EXPECT_EQ(worker_->accept_error(), 0);
  EXPECT_EQ(worker_->failed_accepts(), 0U);
}

}  // namespace
}  // namespace server
