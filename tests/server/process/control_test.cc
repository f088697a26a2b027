// Both sides of a replacement in one process, and the time limits of each step by a clock of the
// test.
#include "apps/server/process/control.h"

#include <cerrno>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/process/control_socket.h"
#include "apps/server/process/take_over.h"

namespace server {
namespace {

using Event = Control::Event;
using Kind = ControlMessage::Kind;

class Replacing : public ::testing::Test {
 protected:
  Replacing() {
    EXPECT_FALSE(listeners_.open({*parse_listen("127.0.0.1:0")}, 3));
    EXPECT_FALSE(control_.open({}));
  }

  // Lets the living server go on until something has happened.
  Event attend() {
    Event event = Event::none;
    while (event == Event::none) {
      pollfd ready{.fd = control_.fd(), .events = POLLIN, .revents = 0};
      constexpr int patience_ms = 30'000;
      if (::poll(&ready, 1, patience_ms) != 1) break;
      event = control_.advance(0);
    }
    control_.confirm();
    return event;
  }
  // A peer that has connected, and that the living server has accepted at 0.
  uring::Fd connect() {
    uring::Fd peer;
    EXPECT_FALSE(connect_to_control(path_, peer));
    EXPECT_TRUE(peer.valid());
    EXPECT_EQ(control_.advance(0), Event::none);
    return peer;
  }
  ControlMessage receive(const uring::Fd& peer) {
    ControlMessage message;
    EXPECT_EQ(receive_within(peer.get(), 30'000, message, descriptors_), Received::message);
    return message;
  }
  bool exists() const { return ::access(path_.c_str(), F_OK) == 0; }

  const std::string path_ = ::testing::TempDir() + "/quoit-control-" + std::to_string(::getpid());
  Listeners listeners_;
  Listeners admin_{"--admin"};
  Control control_{listeners_, admin_, path_};
  std::vector<uring::Fd> descriptors_;
};

TEST_F(Replacing, hands_all_sockets_over) {
  options::ExitReason begun;
  options::ExitReason finished;
  Listeners next;
  TakeOver take_over;
  std::jthread successor([&] {
    begun = take_over.begin(path_);
    EXPECT_FALSE(next.open({*parse_listen("127.0.0.1:0")}, 2, take_over.sockets()));
    finished = take_over.finish();
    next.own_taken_paths();
  });
  EXPECT_EQ(attend(), Event::replaced);
  successor.join();
  EXPECT_EQ(begun.text, "");
  EXPECT_EQ(finished.text, "");
  EXPECT_EQ(control_.successor(), ::getpid());
  EXPECT_EQ(control_.fd(), -1);
  EXPECT_EQ(next.offered().size(), 3U);
  EXPECT_EQ(next.urls(), listeners_.urls());
  control_.close();
  EXPECT_TRUE(exists()) << "the successor has the control socket";
  Listeners unused;
  Control second(unused, admin_, path_);
  EXPECT_FALSE(second.open(take_over.take_control_socket()));
  uring::Fd peer;
  EXPECT_FALSE(connect_to_control(path_, peer));
  EXPECT_TRUE(peer.valid());
  second.close();
  EXPECT_FALSE(exists());
}

TEST_F(Replacing, goes_on_when_the_new_server_fails) {
  std::jthread successor([&] {
    TakeOver take_over;
    EXPECT_FALSE(take_over.begin(path_));
    EXPECT_EQ(take_over.sockets().size(), 3U);
  });
  EXPECT_EQ(attend(), Event::failed);
  EXPECT_TRUE(exists());
  EXPECT_FALSE(control_.is_busy());
  EXPECT_NE(control_.fd(), -1);
}

TEST_F(Replacing, without_a_living_server_takes_nothing) {
  control_.close();
  TakeOver take_over;
  EXPECT_FALSE(take_over.begin(path_));
  EXPECT_TRUE(take_over.sockets().empty());
  EXPECT_FALSE(take_over.finish());
  EXPECT_FALSE(take_over.take_control_socket().valid());
}

TEST_F(Replacing, waits_half_a_minute_for_the_first_message) {
  const uring::Fd peer = connect();
  EXPECT_EQ(control_.wait_ms(0), 30'000);
  EXPECT_FALSE(control_.is_busy());
  EXPECT_EQ(control_.advance(29'999), Event::none);
  EXPECT_EQ(control_.advance(30'000), Event::none);
  EXPECT_EQ(receive(peer).kind, Kind::refuse);
  EXPECT_EQ(control_.wait_ms(30'000), -1);
}

TEST_F(Replacing, waits_a_minute_until_the_new_server_is_ready) {
  const uring::Fd peer = connect();
  EXPECT_TRUE(send_message(peer.get(), {.kind = Kind::take}));
  EXPECT_EQ(control_.advance(1'000), Event::none);
  EXPECT_TRUE(control_.is_busy());
  const ControlMessage offer = receive(peer);
  EXPECT_EQ(offer.sockets.size(), 4U);
  EXPECT_EQ(descriptors_.size(), 4U);
  EXPECT_EQ(control_.wait_ms(1'000), 60'000);
  EXPECT_EQ(control_.advance(60'999), Event::none);
  EXPECT_EQ(control_.advance(61'000), Event::failed);
  EXPECT_EQ(receive(peer).reason, "it takes too long");
}

TEST_F(Replacing, waits_for_the_new_server_until_it_has_to_stop) {
  const uring::Fd peer = connect();
  EXPECT_TRUE(send_message(peer.get(), {.kind = Kind::take}));
  EXPECT_EQ(control_.advance(0), Event::none);
  control_.hurry(7'000);
  control_.hurry(8'000);
  EXPECT_EQ(control_.wait_ms(2'000), 5'000);
  EXPECT_EQ(control_.advance(7'000), Event::failed);
}

// It must not leave its place to a process that is gone.
TEST_F(Replacing, goes_on_when_the_new_server_is_gone_after_it_was_ready) {
  uring::Fd peer = connect();
  EXPECT_TRUE(send_message(peer.get(), {.kind = Kind::take}));
  EXPECT_EQ(control_.advance(0), Event::none);
  receive(peer);
  EXPECT_TRUE(send_message(peer.get(), {.kind = Kind::ready, .uses = std::vector<bool>(4, true)}));
  peer.reset();
  EXPECT_EQ(control_.advance(0), Event::failed);
  EXPECT_NE(control_.fd(), -1);
}

TEST_F(Replacing, offers_sockets_in_several_messages) {
  Listeners many;
  ASSERT_FALSE(many.open({*parse_listen("127.0.0.1:0")}, 200));
  const std::string path = path_ + "-many";
  Control living(many, admin_, path);
  ASSERT_FALSE(living.open({}));
  std::size_t taken = 0;
  std::jthread successor([&] {
    TakeOver take_over;
    EXPECT_FALSE(take_over.begin(path));
    taken = take_over.sockets().size();
  });
  pollfd ready{.fd = living.fd(), .events = POLLIN, .revents = 0};
  Event event = Event::none;
  while (event == Event::none && ::poll(&ready, 1, 30'000) == 1) {
    event = living.advance(0);
    ready.fd = living.fd();
  }
  successor.join();
  EXPECT_EQ(event, Event::failed);
  EXPECT_EQ(taken, 200U);
}

TEST(ControlPaths, that_are_too_long_are_refused) {
  uring::Fd socket;
  const std::string path(200, 'x');
  EXPECT_EQ(connect_to_control(path, socket).status, EX_USAGE);
  EXPECT_EQ(listen_for_control(path, socket).status, EX_USAGE);
}

TEST(ControlPaths, of_another_program_are_refused) {
  const std::string path = ::testing::TempDir() + "/quoit-other-" + std::to_string(::getpid());
  Listeners listeners;
  ASSERT_FALSE(listeners.open({*parse_listen("unix:" + path)}, 1));
  uring::Fd socket;
  const options::ExitReason reason = connect_to_control(path, socket);
  EXPECT_EQ(reason.status, EX_USAGE);
  EXPECT_NE(reason.text.find("another program"), std::string::npos) << reason.text;
}

}  // namespace
}  // namespace server
