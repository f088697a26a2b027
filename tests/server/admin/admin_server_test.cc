// The thread of the admin listener, with workers that answer, hang, or are far too many.
#include "apps/server/admin/admin_server.h"

#include <array>
#include <atomic>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/listen/listener.h"
#include "tests/server/world.h"

namespace server {
namespace {

using lab::head_of;

class AdminThread : public ::testing::Test {
 protected:
  AdminThread() : published_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    EXPECT_FALSE(listeners_.open({ListenAddress{.host = "127.0.0.1"}}, 1));
    AdminSources sources{.published = published_.get()};
    for (WorkerCounters& worker : workers_) sources.workers.push_back(&worker);
    sources.wake = [this](std::size_t index) { wake(index); };
    sources.facts = [this] { return ProcessFacts{.readiness = {.is_starting = is_starting_}}; };
    server_ = std::make_unique<AdminServer>(std::move(sources));
    listener_ = listeners_.of_worker(0).front()->fd();
    EXPECT_FALSE(server_->start(listener_));
    server_->begin_accepting();
  }
  ~AdminThread() override { server_->stop(); }

  // As a worker does, unless it hangs.
  void wake(std::size_t index) {
    if (hangs_.load() == static_cast<int>(index)) return;
    workers_[index].connections.set(42);
    workers_[index].answered = workers_[index].asked.load();
    const std::uint64_t one = 1;
    EXPECT_EQ(::write(published_.get(), &one, sizeof one), 8);
  }

  uring::Fd connect() const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto* const at = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::getsockname(listener_, at, &size), 0);
    uring::Fd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(client.get(), at, size), 0);
    return client;
  }
  static void send(const uring::Fd& client, std::string_view bytes) {
    EXPECT_EQ(::send(client.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  static std::string read_to_end(const uring::Fd& client) {
    std::string all;
    std::array<char, 4096> bytes;
    for (ssize_t count = 0; (count = ::recv(client.get(), bytes.data(), bytes.size(), 0)) > 0;) {
      all.append(bytes.data(), static_cast<std::size_t>(count));
    }
    return all;
  }
  std::string ask(std::string_view request) const {
    const uring::Fd client = connect();
    send(client, request);
    return read_to_end(client);
  }

  std::array<WorkerCounters, 3> workers_;
  std::atomic<int> hangs_ = -1;
  std::atomic<bool> is_starting_ = false;
  uring::Fd published_;
  Listeners listeners_{"--admin"};
  int listener_ = -1;
  std::unique_ptr<AdminServer> server_;
};

TEST_F(AdminThread, answers_one_request_and_closes) {
  const std::string answer = ask(head_of("GET", "/healthz") + head_of("GET", "/metrics"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nok\n")) << answer;
}

TEST_F(AdminThread, waits_for_the_numbers_of_the_workers) {
  const std::string answer = ask(head_of("GET", "/metrics"));
  EXPECT_NE(answer.find("quoit_connections{state=\"idle\"} 126\n"), std::string::npos) << answer;
}

TEST_F(AdminThread, answers_while_a_worker_hangs) {
  hangs_ = 1;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(ask(head_of("GET", "/metrics")).starts_with("HTTP/1.1 200 OK\r\n"));
  }
}

TEST_F(AdminThread, asks_no_worker_that_has_not_started) {
  is_starting_ = true;
  EXPECT_TRUE(ask(head_of("GET", "/readyz")).starts_with("HTTP/1.1 503 "));
  EXPECT_TRUE(ask(head_of("GET", "/healthz")).starts_with("HTTP/1.1 200 "));
}

TEST_F(AdminThread, reads_a_request_in_pieces) {
  const uring::Fd client = connect();
  for (const char byte : head_of("GET", "/livez")) send(client, {&byte, 1});
  EXPECT_TRUE(read_to_end(client).ends_with("ok\n"));
}

TEST_F(AdminThread, refuses_what_is_no_request) {
  EXPECT_TRUE(ask("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  const std::string long_field = "X: " + std::string(9000, 'x') + "\r\n";
  EXPECT_TRUE(ask(head_of("GET", "/healthz", long_field)).starts_with("HTTP/1.1 431 "));
}

TEST_F(AdminThread, answers_the_next_client_when_silent_ones_have_had_their_time) {
  std::vector<uring::Fd> silent;
  for (std::size_t i = 0; i < AdminServer::most_connections; ++i) silent.push_back(connect());
  EXPECT_TRUE(ask(head_of("GET", "/healthz")).ends_with("ok\n"));
  for (const uring::Fd& client : silent) EXPECT_EQ(read_to_end(client), "");
}

TEST_F(AdminThread, ends_with_clients_that_wait) {
  const uring::Fd client = connect();
  send(client, "GET ");
  EXPECT_TRUE(ask(head_of("GET", "/livez")).ends_with("ok\n")) << "the first one is accepted, too";
  server_->stop();
  EXPECT_EQ(read_to_end(client), "");
}

}  // namespace
}  // namespace server
