// A lack of memory in either process of a replacement leaves the place to the living server, or
// completes the replacement: never both, and never neither.
//
// Each allocation fails once, and in further runs that allocation and all later ones.
#include <atomic>
#include <filesystem>
#include <new>
#include <optional>
#include <poll.h>
#include <string>
#include <thread>
#include <unistd.h>

#include <gtest/gtest.h>

#include "apps/server/process/control.h"
#include "apps/server/process/control_socket.h"
#include "apps/server/process/take_over.h"
#include "tests/server/failing_allocations.h"

namespace server {
namespace {

using lab::Scarce;
using Event = Control::Event;
using Kind = ControlMessage::Kind;

constexpr std::size_t most_failures = 10'000;

std::size_t open_files() {
  std::size_t number = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++number;
  return number;
}

// A living server that listens on a port, on a unix socket and on another one for --admin.
class Scarcity : public ::testing::TestWithParam<bool> {
 protected:
  Scarcity() {
    EXPECT_FALSE(listeners_.open(
        {*parse_listen("127.0.0.1:0"), *parse_listen("unix:" + path_ + "-for-clients")}, 2));
    EXPECT_FALSE(admin_.open({*parse_listen("unix:" + path_ + "-for-admin")}, 1));
    EXPECT_FALSE(control_.open({}));
  }

  bool exists() const { return ::access(path_.c_str(), F_OK) == 0; }
  void expect_that_it_goes_on() {
    EXPECT_TRUE(exists());
    EXPECT_FALSE(control_.is_busy());
    EXPECT_EQ(listeners_.offered().size(), 3U);
    EXPECT_EQ(admin_.offered().size(), 1U);
    for (const Listeners* listeners : {&listeners_, &admin_}) {
      for (const Listeners::Offered& offered : listeners->offered()) {
        EXPECT_FALSE(offered.is_shared);
        EXPECT_EQ(offered.removes_path, offered.address.find("unix:") != std::string::npos);
      }
    }
  }

  const std::string path_ =
      ::testing::TempDir() + "/quoit-scarce-control-" + std::to_string(::getpid());
  Listeners listeners_;
  Listeners admin_{"--admin"};
  Control control_{listeners_, admin_, path_};
};

// One replacement up to the living server's last step, by a peer that has all the memory it needs.
class Living : public Scarcity {
 protected:
  Event advance(std::size_t failure, std::size_t& spent) {
    const Scarce scarce(failure > spent ? failure - spent : 0, GetParam());
    const bool all_fail_already = GetParam() && failure > 0 && failure <= spent;
    if (all_fail_already) lab::first_failure = 1;
    const Event event = control_.advance(now_ms_);
    spent += lab::allocations;
    return event;
  }

  // True: this server is replaced.
  bool try_once(std::size_t failure) {
    now_ms_ += 1000;  // accepting may pause after a failure
    std::size_t spent = 0;
    uring::Fd peer;
    EXPECT_FALSE(connect_to_control(path_, peer));
    advance(failure, spent);
    send_message(peer.get(), {.kind = Kind::take});
    if (control_.fd() >= 0) advance(failure, spent);
    ControlMessage message;
    std::vector<uring::Fd> descriptors;
    receive_message(peer.get(), message, descriptors);
    send_message(peer.get(), {.kind = Kind::ready, .uses = std::vector<bool>(5, true)});
    const bool is_replaced = advance(failure, spent) == Event::replaced;
    if (is_replaced) {
      const Scarce scarce(1, true);
      control_.confirm();
    }
    message = {};
    const Received received = receive_message(peer.get(), message, descriptors);
    if (is_replaced) {
      EXPECT_EQ(message.kind, Kind::released);
      EXPECT_EQ(received, Received::message);
    }
    return is_replaced;
  }

 private:
  uring::Milliseconds now_ms_ = 0;
};

TEST_P(Living, server_goes_on_until_it_is_replaced) {
  std::size_t failure = 1;
  const std::size_t files = open_files();
  while (!try_once(failure)) {
    SCOPED_TRACE(failure);
    // The end of the peer.
    control_.advance(1'000'000'000);
    control_.advance(1'000'000'000);
    expect_that_it_goes_on();
    EXPECT_EQ(open_files(), files);
    ASSERT_FALSE(HasFailure());
    ASSERT_LT(++failure, most_failures);
  }
  EXPECT_GT(failure, 10U);
  EXPECT_EQ(control_.fd(), -1);
  control_.close();
  EXPECT_TRUE(exists()) << "the successor has the control socket";
  ::unlink(path_.c_str());
  ::unlink((path_ + "-for-clients").c_str());
  ::unlink((path_ + "-for-admin").c_str());
}

INSTANTIATE_TEST_SUITE_P(Memory, Living, ::testing::Bool());

// The living server in a thread, which has all the memory it needs.
class Successor : public Scarcity {
 protected:
  // Does the successor's steps with that allocation failing. Returns whether it serves, and sets
  // `was_replaced`.
  bool try_once(std::size_t failure, bool& was_replaced) {
    std::atomic<bool> ends = false;
    std::atomic<bool> is_replaced = false;
    std::jthread living([&] {
      while (!is_replaced && (!ends || control_.is_busy())) {
        pollfd ready{.fd = control_.fd(), .events = POLLIN, .revents = 0};
        constexpr int longest_ms = 10;
        ::poll(&ready, 1, longest_ms);
        if (control_.advance(0) == Event::replaced) is_replaced = true;
        if (is_replaced) control_.confirm();
      }
    });
    bool serves = false;
    {
      std::optional<TakeOver> take_over(std::in_place);
      std::optional<Listeners> listeners(std::in_place);
      std::optional<Listeners> admin(std::in_place, "--admin");
      try {
        const Scarce scarce(failure, GetParam());
        serves = take_place(*take_over, *listeners, *admin);
      } catch (const std::bad_alloc&) {
        serves = false;
      }
    }
    ends = true;
    living.join();
    was_replaced = is_replaced;
    return serves;
  }

 private:
  bool take_place(TakeOver& take_over, Listeners& listeners, Listeners& admin) {
    if (take_over.begin(path_)) return false;
    const std::vector<ListenAddress> addresses = {*parse_listen("127.0.0.1:0"),
                                                  *parse_listen("unix:" + path_ + "-for-clients")};
    if (listeners.open(addresses, 2, take_over.sockets())) return false;
    const std::vector<ListenAddress> for_admin = {*parse_listen("unix:" + path_ + "-for-admin")};
    if (admin.open(for_admin, 1, take_over.sockets())) return false;
    Control control(listeners, admin, path_);
    if (take_over.finish()) return false;
    // The other server has left its place: nothing may fail any more.
    listeners.own_taken_paths();
    admin.own_taken_paths();
    EXPECT_FALSE(control.open(take_over.take_control_socket()));
    return true;
  }
};

TEST_P(Successor, serves_if_the_living_server_has_left_its_place) {
  std::size_t failure = 1;
  const std::size_t files = open_files();
  for (;; ++failure) {
    SCOPED_TRACE(failure);
    ASSERT_LT(failure, most_failures);
    bool was_replaced = false;
    const bool serves = try_once(failure, was_replaced);
    ASSERT_EQ(serves, was_replaced);
    if (serves) break;
    expect_that_it_goes_on();
    EXPECT_EQ(open_files(), files);
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(failure, 20U);
  EXPECT_FALSE(exists()) << "the successor has ended and removed the control socket";
}

INSTANTIATE_TEST_SUITE_P(Memory, Successor, ::testing::Bool());

}  // namespace
}  // namespace server
