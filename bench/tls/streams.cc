// Handshakes, kept connections and idle ones; see streams.h.
#include "bench/tls/streams.h"

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <sys/epoll.h>
#include <unistd.h>
#include <vector>

#include "bench/load/counters.h"
#include "bench/load/socket.h"
#include "bench/tls/client.h"

namespace load {

namespace {

// What the server has used from the first measured request to the last.
class Meter {
 public:
  Meter(const Counters& counters, double seconds)
      : counters_(counters),
        before_(counters.read()),
        began_ns_(now_ns()),
        end_ns_(began_ns_ + static_cast<std::uint64_t>(seconds * 1e9)) {}
  bool is_over() const { return now_ns() >= end_ns_; }
  void print(std::uint64_t requests, const crypto::TlsSession& session) const {
    const double elapsed_s = static_cast<double>(now_ns() - began_ns_) / 1e9;
    const Usage used = counters_.read() - before_;
    const auto count = static_cast<double>(requests);
    std::printf("requests=%lu seconds=%.3f rate=%.0f cpu_us=%.3f version=%s cipher=%s\n", requests,
                elapsed_s, count / elapsed_s, static_cast<double>(used.cpu_ns) / count / 1e3,
                session.version(), session.cipher());
  }

 private:
  const Counters& counters_;
  Usage before_;
  std::uint64_t began_ns_;
  std::uint64_t end_ns_;
};

void expect_only_200(const Shared& shared) {
  for (std::size_t status = 0; status < shared.responses.size(); ++status) {
    if (status != 200 && shared.responses[status] > 0) {
      give_up("a response has the status " + std::to_string(status));
    }
  }
}

}  // namespace

int measure_handshakes(const crypto::ClientContext& context, const Target& target, bool resumes) {
  constexpr int warm = 50;
  Shared shared;
  std::unique_ptr<Client> before;
  std::uint64_t unexpected = 0;  // full handshakes where a ticket was offered
  const auto once = [&] {
    auto next = std::make_unique<Client>(context, target.port, shared, before.get());
    if (next->session().is_resumed() != (before != nullptr)) ++unexpected;
    if (!next->exchange(last_request)) give_up("the response is not complete");
    next->drain();
    if (resumes) before = std::move(next);
  };
  for (int i = 0; i < warm; ++i) once();
  const Client sample(context, target.port, shared);  // for the names of version and cipher
  const Counters counters(target.server);
  const Meter meter(counters, target.seconds);
  std::uint64_t requests = 0;
  for (; !meter.is_over(); ++requests) once();
  if (unexpected > requests / 50) give_up("the server does not resume sessions");
  meter.print(requests, sample.session());
  expect_only_200(shared);
  return 0;
}

int measure_kept(const crypto::ClientContext& context, const Target& target, std::string_view path,
                 unsigned connections) {
  const std::string request = "GET " + std::string(path) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  Shared shared;
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<std::unique_ptr<Client>> clients;
  for (unsigned i = 0; i < connections; ++i) {
    clients.push_back(std::make_unique<Client>(context, target.port, shared));
    Client& client = *clients.back();
    for (int warm = 0; warm < 8; ++warm) {  // some caches admit a file only at its second request
      if (!client.exchange(request)) give_up("the server has closed a connection");
    }
    client.set_nonblocking();
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &client;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, client.fd(), &event);
  }
  const Counters counters(target.server);
  const Meter meter(counters, target.seconds);
  std::uint64_t requests = 0;
  for (const auto& client : clients) client->send(request);
  std::array<epoll_event, 64> events;
  while (!meter.is_over()) {
    const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 1000);
    for (int i = 0; i < count; ++i) {
      Client& client = *static_cast<Client*>(events[static_cast<std::size_t>(i)].data.ptr);
      const Client::Progress progress = client.receive();
      if (progress == Client::Progress::ended) give_up("the server has closed a connection");
      if (progress != Client::Progress::done) continue;
      ++requests;
      client.send(request);
    }
  }
  meter.print(requests, clients.front()->session());
  expect_only_200(shared);
  ::close(epoll);
  return 0;
}

int measure_idle_tls(const crypto::ClientContext& context, const Target& target, unsigned count) {
  Shared shared;
  for (int i = 0; i < 100; ++i) {  // memory that grows only once does not belong to a connection
    Client(context, target.port, shared).exchange(small_request);
  }
  const std::uint64_t before = memory_kib(target.server, "Anonymous");
  std::vector<std::unique_ptr<Client>> idle;
  for (unsigned i = 0; i < count; ++i) {
    idle.push_back(std::make_unique<Client>(context, target.port, shared));
    if (!idle.back()->exchange(small_request)) give_up("a connection was not answered");
  }
  const std::uint64_t after = memory_kib(target.server, "Anonymous");
  std::printf("connections=%u grown_kib=%lu rss_kib=%lu\n", count, after - before,
              memory_kib(target.server, "Rss"));
  return 0;
}

}  // namespace load
