// The steps of a replacement, on the side of the server that is replaced. Covered by
// tests/server/process/control_test.cc and tests/end_to_end/replacement_test.cc.
#include "apps/server/process/control.h"

#include <algorithm>
#include <new>
#include <poll.h>
#include <span>
#include <unistd.h>
#include <utility>

#include "apps/server/process/control_socket.h"

namespace server {

using options::ExitReason;
using Kind = ControlMessage::Kind;

namespace {

// A server asks for the sockets as soon as it has connected, if the machine lets it.
constexpr uring::Milliseconds take_ms = 30'000;
// The time for its start: a cold file system, a large list of types, many workers.
constexpr uring::Milliseconds ready_ms = 60'000;
// The pause after a failed accept.
constexpr uring::Milliseconds pause_ms = 100;

}  // namespace

Control::Control(Listeners& files, Listeners& admin, const std::string& path)
    : listeners_(files),
      admin_(admin),
      path_(path),
      no_memory_(write_message({.kind = Kind::refuse, .reason = "its memory is exhausted"})) {}

ExitReason Control::open(uring::Fd taken) {
  if (taken.valid()) {
    socket_ = std::move(taken);
  } else if (ExitReason reason = listen_for_control(path_, socket_)) {
    return reason;
  }
  owns_path_ = true;
  return {};
}

int Control::fd() const {
  if (step_ == Step::released) return -1;
  if (peer_.valid()) return peer_.get();
  return resumes_ms_ == 0 ? socket_.get() : -1;
}

int Control::wait_ms(uring::Milliseconds now_ms) const {
  if (step_ == Step::released) return -1;
  const uring::Milliseconds end_ms = peer_.valid() ? deadline_ms_ : resumes_ms_;
  if (end_ms == 0) return -1;
  return static_cast<int>(std::max<std::int64_t>(0, end_ms - now_ms));
}

Control::Event Control::advance(uring::Milliseconds now_ms) {
  try {
    return step(now_ms);
  } catch (const std::bad_alloc&) {
    send_packet(peer_.get(), no_memory_);
    return give_up("");
  }
}

Control::Event Control::step(uring::Milliseconds now_ms) {
  if (!peer_.valid()) {
    accept_peer(now_ms);
    return Event::none;
  }
  ControlMessage message;
  std::vector<uring::Fd> descriptors;  // none are expected, and all are closed
  switch (receive_message(peer_.get(), message, descriptors)) {
    case Received::message: return take(message, now_ms);
    case Received::none_yet:
      return now_ms < deadline_ms_ ? Event::none : give_up("it takes too long");
    case Received::end: return give_up("");
    case Received::malformed: return give_up("the message is of another version, or malformed");
  }
  return Event::none;
}

void Control::accept_peer(uring::Milliseconds now_ms) {
  resumes_ms_ = 0;
  if (!socket_.valid()) return;
  peer_.reset(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!peer_.valid()) {  // no descriptors are left, or the peer is gone
    resumes_ms_ = now_ms + pause_ms;
    return;
  }
  step_ = Step::take;
  deadline_ms_ = now_ms + take_ms;
  pid_t process = 0;
  if (!is_peer_allowed(peer_.get(), process)) {
    give_up("only root and the user of the living server may take its place");
    return;
  }
  successor_ = process;
}

Control::Event Control::take(const ControlMessage& message, uring::Milliseconds now_ms) {
  if (step_ == Step::ready) return release(message);
  if (message.kind != Kind::take) return give_up("the message does not belong here");
  if (!offer()) return give_up("the sockets cannot be sent");
  step_ = Step::ready;
  deadline_ms_ = now_ms + ready_ms;
  return Event::none;
}

// Sends all sockets, in as many messages as their number needs. The control socket is the first.
bool Control::offer() {
  std::vector<ControlMessage::Socket> sockets = {
      {.endpoint = control_endpoint, .removes_path = true, .address = control_address}};
  std::vector<int> descriptors = {socket_.get()};
  const auto add = [&](const Listeners& listeners, std::size_t first_endpoint) {
    for (const Listeners::Offered& offered : listeners.offered()) {
      sockets.push_back({.endpoint = static_cast<std::uint8_t>(first_endpoint + offered.endpoint),
                         .removes_path = offered.removes_path,
                         .is_shared = offered.is_shared,
                         .address = offered.address});
      descriptors.push_back(offered.socket);
    }
  };
  add(listeners_, 0);
  add(admin_, listeners_.size());
  offered_ = sockets.size();
  if (offered_ > most_offered) return false;
  for (std::size_t begin = 0; begin < offered_; begin += most_sockets) {
    const std::size_t count = std::min(most_sockets, offered_ - begin);
    const auto first = sockets.begin() + static_cast<std::ptrdiff_t>(begin);
    const ControlMessage message{.kind = Kind::offer,
                                 .sockets = {first, first + static_cast<std::ptrdiff_t>(count)},
                                 .rest = static_cast<std::uint16_t>(offered_ - begin - count)};
    if (!send_message(peer_.get(), message, std::span(descriptors).subspan(begin, count))) {
      return false;
    }
  }
  return true;
}

// If the successor is gone although it was ready, this server goes on.
Control::Event Control::release(const ControlMessage& message) {
  if (message.kind != Kind::ready || message.uses.size() != offered_ || !message.uses[0]) {
    return give_up("the message does not belong here");
  }
  pollfd peer{.fd = peer_.get(), .events = 0, .revents = 0};
  if (::poll(&peer, 1, 0) != 0) return give_up("");
  // Both are made before the first one is used, because that may lack memory.
  const auto end = message.uses.end();
  const auto admin_begin = end - static_cast<std::ptrdiff_t>(admin_.offered().size());
  const std::vector<bool> uses(message.uses.begin() + 1, admin_begin);
  const std::vector<bool> admin_uses(admin_begin, end);
  listeners_.hand_over(uses);
  admin_.hand_over(admin_uses);
  owns_path_ = false;
  socket_.reset();
  step_ = Step::released;
  return Event::replaced;
}

void Control::confirm() {
  if (step_ != Step::released || !peer_.valid()) return;
  send_message(peer_.get(), {.kind = Kind::released});
  peer_.reset();
}

void Control::refuse(const char* reason) {
  try {
    send_message(peer_.get(), {.kind = Kind::refuse, .reason = reason});
  } catch (const std::bad_alloc&) {
    send_packet(peer_.get(), no_memory_);
  }
}

// Ends the connection to the other server; an empty reason: it is gone, or knows the reason.
Control::Event Control::give_up(const char* reason) {
  if (*reason != '\0') refuse(reason);
  peer_.reset();
  return step_ == Step::ready ? Event::failed : Event::none;
}

void Control::hurry(uring::Milliseconds deadline_ms) {
  deadline_ms_ = std::min(deadline_ms_, deadline_ms);
}

void Control::close() {
  if (step_ == Step::released) return;
  if (peer_.valid()) give_up("the server stops");
  socket_.reset();
  if (std::exchange(owns_path_, false)) ::unlink(path_.c_str());
}

}  // namespace server
