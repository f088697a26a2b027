// The steps of a replacement, on the side of the new server. Covered by
// tests/server/process/control_test.cc and tests/end_to_end/replacement_test.cc.
#include "apps/server/process/take_over.h"

#include <utility>

#include "apps/server/process/control.h"
#include "apps/server/process/control_socket.h"

namespace server {

using options::ExitReason;
using Kind = ControlMessage::Kind;

namespace {

// The living server's main thread answers at once unless the machine is very busy.
constexpr int offer_ms = 30'000;
// Its workers stop accepting within a loop iteration, unless one hangs.
constexpr int released_ms = 5'000;

}  // namespace

ExitReason TakeOver::refusal(const std::string& reason) const {
  return {EX_UNAVAILABLE, "--control: the server at " + path_ + " keeps its place: " + reason};
}

ExitReason TakeOver::begin(const std::string& path) {
  path_ = path;
  uring::Fd peer;
  if (ExitReason reason = connect_to_control(path, peer)) return reason;
  if (!peer.valid()) return {};
  pid_t process = 0;
  if (!is_peer_allowed(peer.get(), process)) {
    return {EX_NOPERM, "--control: the server at " + path +
                           " runs as another user; start this one as that user, or as root"};
  }
  peer_ = std::move(peer);
  if (!send_message(peer_.get(), {.kind = Kind::take})) {
    peer_.reset();  // the other server has just ended
    return {};
  }
  return receive_offers(offer_ms);
}

// A server that ends before it has sent an offer had begun to stop: this one makes its own sockets.
ExitReason TakeOver::receive_offers(int timeout_ms) {
  std::size_t rest = 0;
  do {
    ControlMessage message;
    std::vector<uring::Fd> descriptors;
    const Received received = receive_within(peer_.get(), timeout_ms, message, descriptors);
    if (received == Received::none_yet) {
      return refusal("it does not answer within " + std::to_string(timeout_ms / 1000) +
                     " seconds; see whether it is stopped");
    }
    if (received == Received::end) {
      peer_.reset();
      sockets_.clear();
      control_.reset();
      return {};
    }
    if (received == Received::message && message.kind == Kind::refuse) {
      return refusal(message.reason);
    }
    const bool is_offer = received == Received::message && message.kind == Kind::offer &&
                          message.sockets.size() == descriptors.size();
    const bool is_next = sockets_.empty() && !control_.valid();
    if (!is_offer || (!is_next && message.rest + message.sockets.size() != rest)) {
      return refusal(
          "its message is of another version, malformed, or has more sockets than "
          "this process may open");
    }
    rest = message.rest;
    if (ExitReason reason = add_offer(message, descriptors)) return reason;
  } while (rest > 0);
  if (!control_.valid()) return refusal("it does not pass on its control socket");
  return {};
}

ExitReason TakeOver::add_offer(const ControlMessage& offer, std::vector<uring::Fd>& descriptors) {
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    const ControlMessage::Socket& socket = offer.sockets[i];
    if (!control_.valid()) {  // the first one of all
      if (socket.endpoint != control_endpoint)
        return refusal("it does not pass on its control socket");
      control_ = std::move(descriptors[i]);
      continue;
    }
    const std::string problem = problem_of_socket(descriptors[i].get());
    if (!problem.empty()) return refusal("its socket for " + socket.address + " " + problem);
    sockets_.push_back({.socket = std::move(descriptors[i]),
                        .endpoint = socket.endpoint,
                        .address = socket.address,
                        .removes_path = socket.removes_path,
                        .is_shared = socket.is_shared});
  }
  return {};
}

// A server that dies after the message that this one is ready has left its place. One that was
// stopped reads the message when it goes on: it then leaves its place, too.
ExitReason TakeOver::finish() {
  if (!peer_.valid()) return {};
  ControlMessage ready{.kind = Kind::ready, .uses = {true}};
  for (const PassedSocket& socket : sockets_) ready.uses.push_back(!socket.socket.valid());
  sockets_.clear();
  ControlMessage message;
  std::vector<uring::Fd> descriptors;
  send_message(peer_.get(), ready);
  // From here on the other server leaves its place. Its answer is read without memory, unless it is
  // a refusal.
  const Received received = receive_within(peer_.get(), released_ms, message, descriptors);
  peer_.reset();
  if (received == Received::message && message.kind == Kind::refuse) return refusal(message.reason);
  return {};
}

}  // namespace server
