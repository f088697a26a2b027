// The measured requests leave at fixed times, whether or not the responses before have arrived: a
// response that is late delays those behind it, and each counts from the time at which its request
// was due. One thread sends them, with a higher priority than the other one where that is allowed,
// so that the other one, on the same CPU, disturbs only the server. See beside.h.
#include "bench/tls/beside.h"

#include <atomic>
#include <cstdio>
#include <fstream>
#include <memory>
#include <netinet/in.h>
#include <sched.h>
#include <string>
#include <thread>
#include <time.h>
#include <utility>
#include <vector>

#include "bench/load/counters.h"
#include "bench/load/histogram.h"
#include "bench/load/socket.h"
#include "bench/tls/client.h"
#include "tests/support/base64.h"

namespace load {

namespace {

constexpr unsigned kept_connections = 16;
constexpr std::uint64_t probes_per_second = 1000;
constexpr std::uint64_t second_ns = 1'000'000'000;

void sleep_until(std::uint64_t ns) {
  const timespec time{.tv_sec = static_cast<time_t>(ns / second_ns),
                      .tv_nsec = static_cast<long>(ns % second_ns)};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

// The base of both measurements: requests on kept connections at a fixed rate.
class Probes {
 public:
  Probes(const crypto::ClientContext& context, std::uint16_t port, std::string request)
      : request_(std::move(request)) {
    for (unsigned i = 0; i < kept_connections; ++i) {
      clients_.push_back(std::make_unique<Client>(context, port, shared_));
      for (int warm = 0; warm < 8; ++warm) clients_.back()->exchange(request_);
    }
    sleep_until(now_ns() + second_ns / 4);  // while other programs get the CPU that they waited for
  }

  Histogram run(double seconds) {
    Histogram times;
    const std::uint64_t began = now_ns();
    const auto count = static_cast<std::uint64_t>(seconds * probes_per_second);
    for (std::uint64_t i = 0; i < count; ++i) {
      std::uint64_t due = began + i * second_ns / probes_per_second;
      if (now_ns() < due) {
        sleep_until(due);
        due = now_ns();  // a late wake-up is not the server's
      }
      if (!clients_[i % clients_.size()]->exchange(request_)) give_up("a connection was closed");
      times.add(now_ns() - due);
    }
    return times;
  }

  const Shared& shared() const { return shared_; }

 private:
  Shared shared_;
  std::string request_;
  std::vector<std::unique_ptr<Client>> clients_;
};

// Makes this thread a real-time task, if that is allowed; a higher priority preempts a lower one.
void become_real_time(int priority) {
  const sched_param parameter{.sched_priority = priority};
  ::sched_setscheduler(0, SCHED_FIFO, &parameter);
}

// Another thread, which calls `once` with a number at a fixed rate until it is destroyed.
class Disturber {
 public:
  template <class Once>
  Disturber(unsigned rate, Once once)
      : thread_([this, rate, once] {
          become_real_time(1);
          const std::uint64_t began = now_ns();
          while (!is_over_) {
            const std::uint64_t number = count_++;
            sleep_until(began + number * second_ns / rate);
            once(number);
          }
        }) {}
  ~Disturber() {
    is_over_ = true;
    thread_.join();
  }
  Disturber(const Disturber&) = delete;
  Disturber& operator=(const Disturber&) = delete;
  std::uint64_t count() const { return count_; }

 private:
  std::atomic<bool> is_over_ = false;
  std::atomic<std::uint64_t> count_ = 0;
  std::thread thread_;
};

void print(const Histogram& alone, const Histogram& beside, double rate, const Shared& probes) {
  const auto us = [](const Histogram& times, double share) {
    return static_cast<double>(times.at(share)) / 1e3;
  };
  std::uint64_t wrong = 0;
  for (const std::uint64_t count : probes.responses) wrong += count;
  wrong -= probes.responses[200];
  if (wrong > 0) give_up("a measured request was refused");
  std::printf("alone_p50_us=%.1f alone_p99_us=%.1f p50_us=%.1f p99_us=%.1f disturbances=%.0f",
              us(alone, 0.5), us(alone, 0.99), us(beside, 0.5), us(beside, 0.99), rate);
}

}  // namespace

// Time sharing, the usual policy of the kernel, lets a loop preempt such a thread. A real-time
// thread would keep the CPU from the loop until its work is done. So that the work is done although
// other programs want the CPU, the session of the server gets a high share of it (sched(7),
// autogroups).
void share_time_of_new_threads(pid_t server) {
  const std::vector<pid_t> threads = threads_of(server);
  if (threads.size() < 2) return;
  for (const pid_t thread : threads) {
    sched_param parameter{};
    if (::sched_getscheduler(thread) != SCHED_FIFO) continue;
    ::sched_getparam(thread, &parameter);
    ::sched_setscheduler(thread, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameter);
  }
  std::ofstream("/proc/" + std::to_string(server) + "/autogroup") << -15;
}

int measure_beside_handshakes(const crypto::ClientContext& context, const Target& target,
                              unsigned rate) {
  Probes probes(context, target.port, std::string(small_request));
  std::uint64_t count = 0;
  Histogram alone;
  Histogram beside;
  std::thread([&] {
    become_real_time(10);
    alone = probes.run(target.seconds);
    Shared shared;
    const Disturber handshakes(rate, [&](std::uint64_t) {
      Client client(context, target.port, shared);
      client.exchange(last_request);
    });
    beside = probes.run(target.seconds);
    count = handshakes.count();
  }).join();
  print(alone, beside, static_cast<double>(count) / target.seconds, probes.shared());
  std::printf("\n");
  return 0;
}

namespace {

std::string request_of(const std::string& password) {
  return "GET /1k HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic " +
         test_support::base64("guest:" + password) + "\r\n\r\n";
}

}  // namespace

int measure_beside_passwords(const crypto::ClientContext& context, const Target& target,
                             unsigned rate, unsigned addresses) {
  Probes probes(context, target.port, request_of("open sesame"));
  std::uint64_t count = 0;
  Histogram alone;
  Histogram beside;
  Shared shared;
  std::vector<std::unique_ptr<Client>> guessing;
  const auto open = [&](std::size_t i) {
    const std::uint32_t source = INADDR_LOOPBACK + 1 + static_cast<std::uint32_t>(i);
    auto client = std::make_unique<Client>(context, target.port, shared, nullptr, source);
    client->set_nonblocking();
    return client;
  };
  for (unsigned i = 0; i < addresses; ++i) guessing.push_back(open(i));
  std::thread([&] {
    become_real_time(10);
    alone = probes.run(target.seconds);
    Disturber guesses(rate, [&](std::uint64_t number) {
      auto& client = guessing[number % guessing.size()];
      if (client->awaited() > 0 && client->receive() == Client::Progress::ended) {
        client = open(number % guessing.size());
      }
      client->send(request_of(std::to_string(number)));
    });
    beside = probes.run(target.seconds);
    count = guesses.count();
  }).join();
  for (const auto& client : guessing) client->receive();
  print(alone, beside, static_cast<double>(count) / target.seconds, probes.shared());
  std::printf(" wrong=%lu throttled=%lu busy=%lu\n", shared.responses[401], shared.responses[429],
              shared.responses[503]);
  return 0;
}

}  // namespace load
