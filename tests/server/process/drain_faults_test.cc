// Every single operation of a worker that starts, serves and drains fails or is delayed.
//
// The worker ends, nothing leaks, and each client whose connection did not fail gets its whole
// response: also the clients that wait in the accept queue when the worker is asked to drain.
#include <cerrno>
#include <functional>
#include <string>
#include <string_view>
#include <sys/eventfd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/process/worker.h"
#include "tests/server/world.h"

namespace server {
namespace {

using FaultPlan = uring::Simulated::FaultPlan;

// An engine whose peers act at each wait().
class Driven final : public uring::Simulated {
 public:
  std::function<void(int)> at_wait;  // with the number of the call, from 1

  std::size_t wait(uring::Milliseconds timeout, std::span<uring::Completion> space) override {
    at_wait(++waits_);
    return Simulated::wait(timeout, space);
  }

 private:
  int waits_ = 0;
};

enum class End : std::uint8_t { drain, retire };

// A worker and its clients: one that is served before the worker is asked to end, one whose request
// arrives in two parts around that moment, and two that wait in the accept queue then.
class Play {
 public:
  explicit Play(End end) : end_(end) { root_.put("a", "hello"); }

  void run() {
    engine.at_wait = [this](int wait) { act(wait); };
    worker_.begin_accepting();
    worker_.serve_on(engine);
  }

  // The statuses of the responses, which are 0 for a client without a response.
  std::vector<int> statuses() const {
    std::vector<int> all;
    for (const int client : clients_) {
      const std::vector<int> own = lab::statuses_of(engine.peer_received(client));
      all.push_back(own.empty() ? 0 : own.front());
    }
    return all;
  }

  Driven engine;
  bool hangs = false;

 private:
  int arrive(std::string_view bytes) {
    clients_.push_back(engine.arrive(listener_));
    engine.peer_sends(clients_.back(), bytes);
    return clients_.back();
  }

  bool has_ended(int client) const {
    return engine.closed(client) || !engine.peer_received(client).empty();
  }

  // The steps follow each other without a wait in which nothing happens, because the simulated
  // clock would pass the time limits of the clients.
  void act(int wait) {
    static constexpr int too_many = 100'000;
    static constexpr int late_step = 12;  // the first client is not accepted yet
    const std::string request = lab::head_of("GET", "/a");
    if (wait == 1) {
      arrive(request);
      arrive(request.substr(0, 10));
    } else if (clients_.size() == 2 && (wait == late_step || has_ended(clients_[0]))) {
      arrive(request);
      arrive(request);
      if (end_ == End::retire) socket_.hand_over();
      end_ == End::retire ? worker_.retire() : worker_.drain();
    } else if (clients_.size() == 4 && !std::exchange(is_sent_, true)) {
      if (!engine.closed(clients_[1])) engine.peer_sends(clients_[1], request.substr(10));
    }
    if (wait == too_many) {
      hangs = true;
      worker_.abort();
    }
  }

  const End end_;
  lab::Folder root_;
  Claims claims_;
  const int listener_ = engine.listen();
  ListeningSocket socket_{uring::Fd(listener_), 0, ListeningSocket::Owner::this_process};
  Shared shared_{.claims = claims_,
                 .generation = std::make_shared<const Generation>(Generation{}),
                 .root = root_.fd()};
  Worker worker_{shared_, uring::EngineChoice::epoll, {[this] {
                   socket_.add_worker();
                   return &socket_;
                 }()}};
  std::vector<int> clients_;
  bool is_sent_ = false;  // the rest of the second client's request
};

struct Outcome {
  std::uint64_t operations = 0;
  std::size_t lost = 0;  // clients that the worker has accepted and not served
};

// Runs one worker whose operation `number` gets the fault.
Outcome play(End end, std::uint64_t number, FaultPlan fault) {
  Play play(end);
  if (number > 0) play.engine.plan_fault(number, fault);
  play.run();
  EXPECT_FALSE(play.hangs);
  EXPECT_EQ(play.engine.buffers_in_use(), 0U);
  EXPECT_EQ(play.engine.open_files(), 0U);
  // The queue of a socket that another process has is left to that process.
  const std::size_t queued = play.engine.open_sockets();
  if (end == End::drain) {
    EXPECT_EQ(queued, 0U);
  }
  EXPECT_LE(queued, 2U);
  std::size_t served = 0;
  for (const int status : play.statuses()) served += status == 200 ? 1U : 0U;
  return {.operations = play.engine.started(), .lost = 4 - served - queued};
}

class Drain : public ::testing::TestWithParam<std::pair<End, FaultPlan>> {};

TEST_P(Drain, survives_a_fault_of_each_operation) {
  const auto [end, fault] = GetParam();
  const Outcome without_faults = play(end, 0, {});
  ASSERT_EQ(without_faults.lost, 0U);
  ASSERT_GT(without_faults.operations, 5U);
  for (std::uint64_t number = 1; number <= without_faults.operations; ++number) {
    SCOPED_TRACE(number);
    // An operation belongs to one client at most.
    EXPECT_LE(play(end, number, fault).lost, fault.error == 0 ? 0U : 1U);
    if (HasFailure()) return;
  }
}

constexpr FaultPlan with_error(int error) { return {.error = error, .most = 0, .delay = 0}; }
constexpr FaultPlan late{.error = 0, .most = 0, .delay = 3};

INSTANTIATE_TEST_SUITE_P(Faults, Drain,
                         ::testing::Values(std::pair(End::drain, with_error(EIO)),
                                           std::pair(End::drain, with_error(ENOMEM)),
                                           std::pair(End::drain, with_error(EMFILE)),
                                           std::pair(End::drain, with_error(ECONNRESET)),
                                           std::pair(End::drain, late),
                                           std::pair(End::retire, with_error(EIO)),
                                           std::pair(End::retire, with_error(ENOMEM)),
                                           std::pair(End::retire, with_error(EMFILE)),
                                           std::pair(End::retire, late)));

}  // namespace
}  // namespace server
