// Sockets, sessions and responses; see client.h.
#include "bench/tls/client.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/load/socket.h"
#include "parser/parse.h"

namespace load {

using crypto::TlsBuffers;
using crypto::TlsProgress;

void give_up(const std::string& why) {
  std::fprintf(stderr, "bench_tls: %s\n", why.c_str());
  std::exit(1);
}

std::shared_ptr<const crypto::ClientContext> client_context(crypto::TlsVersion version) {
  crypto::Problem problem;
  auto context =
      crypto::ClientContext::make({.verifies = false, .least = version, .most = version}, problem);
  if (!context) give_up(problem.text);
  return context;
}

Client::Client(const crypto::ClientContext& context, std::uint16_t port, Shared& shared,
               const Client* before, std::uint32_t source)
    : shared_(shared),
      session_(context.new_session("127.0.0.1", before ? before->session_.get() : nullptr)),
      fd_(connect_to(port, source)) {
  if (!session_) give_up("there is not enough memory");
  shake_hands();
}

Client::~Client() { ::close(fd_); }

void Client::shake_hands() {
  TlsBuffers buffers{.in = {}, .out = shared_.out};
  while (true) {
    const TlsProgress progress = session_->handshake(buffers);
    send_bytes({shared_.out.data(), shared_.out.size() - buffers.out.size()});
    buffers.out = shared_.out;
    if (progress == TlsProgress::done) break;
    if (progress != TlsProgress::wants_input) give_up("handshake: " + session_->failure());
    const ssize_t count = ::recv(fd_, shared_.received.data(), shared_.received.size(), 0);
    if (count <= 0) give_up("the server has ended a handshake");
    buffers.in = {shared_.received.data(), static_cast<std::size_t>(count)};
  }
  if (!buffers.in.empty()) give_up("the server has sent bytes before the handshake was done");
}

void Client::send_bytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0) give_up("the server has closed a connection that the client was sending on");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void Client::send(std::string_view request) {
  TlsBuffers buffers{.in = {}, .out = shared_.out};
  if (session_->write(buffers, request) != request.size()) give_up(session_->failure());
  ++awaited_;
  send_bytes({shared_.out.data(), shared_.out.size() - buffers.out.size()});
}

Client::Progress Client::receive() {
  const ssize_t size = ::recv(fd_, shared_.received.data(), shared_.received.size(), 0);
  if (size < 0 && errno == EAGAIN) return Progress::more;
  if (size <= 0) return Progress::ended;
  const bool was_awaiting = awaited_ > 0;
  TlsBuffers buffers{.in = {shared_.received.data(), static_cast<std::size_t>(size)},
                     .out = shared_.out};
  while (true) {
    const crypto::TlsSession::Read got = session_->read(buffers, shared_.plain);
    if (got.progress == TlsProgress::wants_input || got.progress == TlsProgress::closed) break;
    if (got.progress != TlsProgress::done) give_up(session_->failure());
    take({shared_.plain.data(), got.count});
  }
  return was_awaiting && awaited_ == 0 ? Progress::done : Progress::more;
}

// Consumes heads and content.
void Client::take(std::string_view plain) {
  while (!plain.empty()) {
    if (content_left_ == 0) {
      const std::size_t before = partial_.size();
      partial_ += plain;
      if (!take_head()) return;
      plain.remove_prefix(shared_.head.size() - before);
      partial_.clear();
    } else {
      const std::uint64_t taken = std::min<std::uint64_t>(content_left_, plain.size());
      plain.remove_prefix(taken);
      content_left_ -= taken;
    }
    if (content_left_ == 0) --awaited_;
  }
}

// Parses the bytes in partial_. False: the head is not complete.
bool Client::take_head() {
  shared_.head.reset();
  const auto progress = http1::parse_response(partial_, shared_.head, http1::Method::get);
  if (progress == http1::Progress::more) return false;
  if (progress != http1::Progress::done || awaited_ == 0) give_up("this is no response");
  const http1::Body body = shared_.head.body();
  if (body.kind > http1::BodyKind::length) give_up("a response has no length");
  content_left_ = body.length;
  ++shared_.responses[static_cast<std::size_t>(shared_.head.status()) % shared_.responses.size()];
  return true;
}

bool Client::exchange(std::string_view request) {
  send(request);
  Progress progress = Progress::more;
  while (progress == Progress::more) progress = receive();
  return progress == Progress::done;
}

void Client::drain() {
  while (receive() != Progress::ended) {
  }
}

void Client::set_nonblocking() { ::fcntl(fd_, F_SETFL, O_NONBLOCK); }

void wait_for_listener(std::uint16_t port) {
  for (int tries = 0; tries < 1000; ++tries) {
    const int fd = try_connect(port);
    if (fd >= 0) {
      ::close(fd);
      return;
    }
    ::usleep(10000);
  }
  give_up("the server does not listen");
}

}  // namespace load
