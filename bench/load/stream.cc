// The loop of the load generator: epoll, non-blocking sockets, one shared buffer; see stream.h.
#include "bench/load/stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bench/load/mark.h"
#include "bench/load/socket.h"
#include "parser/parse.h"

namespace load {

namespace {

constexpr std::size_t room_bytes = 256 << 10;  // maximum of one receive
constexpr std::size_t upload_bytes = 1 << 20;  // maximum of one send
constexpr std::size_t head_bytes = 16 << 10;   // longest head of a response
constexpr std::uint64_t most_errors = 20;      // more of them mean that the set-up is wrong

}  // namespace

struct Stream::Connection {
  int fd = -1;
  std::string sending;          // heads of requests not sent yet
  std::uint64_t body_left = 0;  // of an upload, not sent yet
  bool polls_out = false;
  unsigned awaited = 0;            // responses
  std::string partial;             // of a head
  std::uint64_t content_left = 0;  // of the response, not received yet
  bool in_content = false;
  std::uint64_t began_ns = 0;
};

Stream::Stream(const Case& of, std::uint16_t port, std::string_view tag, const Counters& server)
    : case_(of),
      port_(port),
      counters_(server),
      requests_(of, port, tag),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      room_(new char[head_bytes + room_bytes]),
      upload_(new char[upload_bytes]) {
  for (std::size_t i = 0; i < upload_bytes; ++i) upload_[i] = static_cast<char>('a' + i % 23);
}

Stream::~Stream() {
  for (const auto& c : connections_) ::close(c->fd);
  ::close(epoll_);
}

Outcome Stream::run(const Limits& limits) {
  limits_ = limits;
  for (unsigned i = 0; i < case_.connections; ++i) {
    connections_.push_back(std::make_unique<Connection>());
    open(*connections_.back());
  }
  if (limits.warm == 0) begin_measuring();
  for (const auto& c : connections_) begin(*c);
  std::array<epoll_event, 256> events;
  std::uint64_t quiet_since = now_ns();
  while (!done_) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 100);
    if (count > 0)
      quiet_since = now_ns();
    else
      nothing_since(quiet_since);
    for (int i = 0; i < count && !done_; ++i) {
      auto& c = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
      if (events[static_cast<std::size_t>(i)].events & EPOLLOUT) send(c);
      if (events[static_cast<std::size_t>(i)].events & ~static_cast<unsigned>(EPOLLOUT)) receive(c);
    }
  }
  return outcome_;
}

// A blocked server must not stop the measurement: responses that it still owes count as received at
// the end of the time, which underestimates their time.
void Stream::nothing_since(std::uint64_t nanoseconds) {
  const std::uint64_t now = now_ns();
  if (measuring_ && limits_.nanoseconds > 0 && now - began_ns_ > limits_.nanoseconds) {
    for (const auto& c : connections_) {
      if (c->awaited > 0) outcome_.times.add(now - c->began_ns);
    }
    finish();
  } else if (now - nanoseconds > 10'000'000'000) {
    std::fprintf(stderr, "bench_load: no response for ten seconds\n");
    std::exit(1);
  }
}

void Stream::open(Connection& c) {
  c = {};
  c.began_ns = now_ns();
  c.fd = connect_to(port_);
  ::fcntl(c.fd, F_SETFL, O_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &c;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, c.fd, &event);
}

void Stream::begin(Connection& c) {
  if (!case_.close_each) c.began_ns = now_ns();
  c.sending = requests_.next();
  c.body_left = case_.kind == Kind::put ? case_.body_bytes : 0;
  c.awaited = case_.depth;
  send(c);
}

void Stream::send(Connection& c) {
  while (!c.sending.empty() || c.body_left > 0) {
    const std::size_t from = static_cast<std::size_t>((case_.body_bytes - c.body_left) % 4096);
    iovec parts[2] = {
        {c.sending.data(), c.sending.size()},
        {upload_.get() + from, std::min<std::uint64_t>(c.body_left, upload_bytes - from)}};
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = parts[1].iov_len > 0 ? 2 : 1;
    const ssize_t result = ::sendmsg(c.fd, &message, MSG_NOSIGNAL);
    if (result < 0 && errno != EAGAIN) return fail(c, "sending failed");
    if (result < 0) break;
    const std::size_t of_head = std::min(static_cast<std::size_t>(result), c.sending.size());
    c.sending.erase(0, of_head);
    c.body_left -= static_cast<std::size_t>(result) - of_head;
  }
  const bool wants = !c.sending.empty() || c.body_left > 0;
  if (wants == c.polls_out) return;
  c.polls_out = wants;
  epoll_event event{};
  event.events = wants ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &c;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, c.fd, &event);
}

void Stream::receive(Connection& c) {
  const std::size_t kept = c.partial.size();
  std::memcpy(room_.get(), c.partial.data(), kept);
  const ssize_t count = ::recv(c.fd, room_.get() + kept, room_bytes, 0);
  if (count < 0 && errno == EAGAIN) return;
  if (count <= 0) {
    if (!case_.close_each || c.awaited > 0) return fail(c, "the connection ended early");
    ::close(c.fd);
    open(c);
    return begin(c);
  }
  c.partial.clear();
  std::size_t at = 0;
  const std::size_t end = kept + static_cast<std::size_t>(count);
  while (at < end && !done_) {
    if (!take(c, at, end)) return;
  }
}

// Consumes a head or content from the received bytes. False: the rest has to wait, or is lost.
bool Stream::take(Connection& c, std::size_t& at, std::size_t end) {
  if (c.in_content) {
    const std::uint64_t taken = std::min<std::uint64_t>(c.content_left, end - at);
    at += taken;
    c.content_left -= taken;
    if (c.content_left == 0) answered(c);
    return true;
  }
  const auto method = case_.kind == Kind::head ? http1::Method::head : http1::Method::get;
  const std::string_view bytes(room_.get() + at, end - at);
  head_.reset();
  const auto progress = http1::parse_response(bytes, head_, method);
  if (progress == http1::Progress::more && bytes.size() < head_bytes) {
    c.partial = bytes;
    return false;
  }
  if (progress != http1::Progress::done || c.awaited == 0) return fail(c, "no response"), false;
  if (head_.status() == 100) return at += head_.size(), true;
  const http1::Body body = head_.body();
  const bool right_length =
      case_.kind == Kind::put || case_.status == 404 || body.length == case_.body_bytes;
  if (head_.status() != case_.status || !right_length || body.kind > http1::BodyKind::length) {
    std::fprintf(stderr, "bench_load: status %d, length %lu\n", head_.status(), body.length);
    return fail(c, "not the expected response"), false;
  }
  at += head_.size();
  c.content_left = body.length;
  c.in_content = true;
  if (c.content_left == 0) answered(c);
  return true;
}

void Stream::answered(Connection& c) {
  c.in_content = false;
  --c.awaited;
  ++answered_;
  if (measuring_) {
    outcome_.times.add(now_ns() - c.began_ns);
    if (measured_enough()) return;
  } else if (answered_ >= limits_.warm) {
    begin_measuring();
  }
  if (c.awaited == 0 && !case_.close_each) begin(c);
}

void Stream::fail(Connection& c, const char* what) {
  if (++outcome_.errors >= most_errors) {
    std::fprintf(stderr, "bench_load: %s\n", what);
    std::exit(1);
  }
  ::close(c.fd);
  open(c);
  begin(c);
}

void Stream::begin_measuring() {
  measuring_ = true;
  before_ = counters_.read();
  began_ns_ = now_ns();
  mark_begin();
}

bool Stream::measured_enough() {
  ++outcome_.requests;
  if (outcome_.requests < limits_.requests) {
    if (limits_.nanoseconds == 0) return false;
    if (outcome_.requests % 16 != 0 && case_.body_bytes < 1 << 20) return false;
    if (now_ns() - began_ns_ < limits_.nanoseconds) return false;
  }
  finish();
  return true;
}

void Stream::finish() {
  mark_end();
  outcome_.nanoseconds = now_ns() - began_ns_;
  outcome_.server = counters_.read() - before_;
  done_ = true;
}

}  // namespace load
