// TLS between a connection and its first request. Covered by tests/client/net/secure_test.cc.
#include "apps/client/net/handshake.h"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "apps/client/net/secure.h"
#include "apps/client/screen/progress.h"
#include "apps/crypto/client_context.h"

namespace client {

using crypto::TlsBuffers;
using crypto::TlsFault;
using crypto::TlsProgress;
using crypto::TlsSession;

namespace {

ExitReason reason_of(const crypto::Problem& problem) {
  switch (problem.kind) {
    case crypto::Problem::Kind::certificate:
      return exit_with(ExitCode::own_certificate, problem.text + "; see --cert and --key");
    case crypto::Problem::Kind::authorities:
      return exit_with(ExitCode::authorities, problem.text + "; see --cacert");
    default: return exit_with(ExitCode::no_engine, problem.text);
  }
}

// The context of all TLS connections of the run, made for the first one.
ExitReason make_context(Channel& channel) {
  if (channel.session.tls_context) return {};
  const Settings& settings = channel.session.settings;
  crypto::Problem problem;
  channel.session.tls_context =
      crypto::ClientContext::make({.authorities_path = settings.authorities,
                                   .verifies = !settings.insecure,
                                   .certificate_path = settings.certificate,
                                   .key_path = settings.key},
                                  problem);
  return problem ? reason_of(problem) : ExitReason{};
}

ExitReason handshake_failure(const Channel& channel) {
  const TlsSession& session = *channel.secure->session;
  const std::string begin = "no TLS with " + channel.server + ": " + session.failure();
  switch (session.fault()) {
    case TlsFault::peer_certificate:
      return exit_with(ExitCode::server_certificate,
                       begin + "; give the authority with --cacert FILE, or accept any with -k");
    case TlsFault::refused_by_peer:
      return exit_with(ExitCode::tls_failed,
                       "no TLS with " + channel.server + ": " + failure_with_advice(session, ""));
    case TlsFault::memory: return exit_with(ExitCode::no_engine, begin);
    default:
      return exit_with(ExitCode::tls_failed,
                       begin + "; if the server speaks plain HTTP there, write http://");
  }
}

ExitReason handshake_cancelled(const Channel& channel) {
  if (channel.session.stopping()) return cancelled(channel, channel.io);
  const std::int64_t timeout_ms = channel.session.settings.connect_timeout_ms;
  return exit_with(ExitCode::timeout, "no TLS handshake with " + channel.server + " within " +
                                          format_seconds(timeout_ms) +
                                          "; check the port, or raise --connect-timeout");
}

ExitReason handshake_cut(const Channel& channel, uring::Result result) {
  const std::string reason =
      result.ok() ? "it closed the connection" : std::string(uring::describe(result.fault()));
  return exit_with(ExitCode::tls_failed,
                   "no TLS with " + channel.server + ": " + reason + "; check host and port");
}

// Calls the session with the received bytes, and removes those that it has used.
TlsProgress continue_handshake(Secure& secure, std::string_view& written) {
  TlsBuffers buffers{.in = {secure.received.data() + secure.begin, secure.end - secure.begin},
                     .out = secure.block};
  const TlsProgress progress = secure.session->handshake(buffers);
  secure.begin = secure.end - buffers.in.size();
  written = {secure.block.data(), secure.block.size() - buffers.out.size()};
  return progress;
}

uring::Task<ExitCode> shake_hands(Channel& channel) {
  Secure& secure = *channel.secure;
  uring::Io& io = channel.io;
  while (true) {
    std::string_view written;
    const TlsProgress progress = continue_handshake(secure, written);
    while (!written.empty()) {
      const uring::Result sent = co_await io.send(channel.fd, written);
      if (io.stopped() || io.timed_out()) co_return channel.fail(handshake_cancelled(channel));
      if (!sent.ok()) co_return channel.fail(handshake_cut(channel, sent));
      written.remove_prefix(std::min(sent.count(), written.size()));
    }
    if (progress == TlsProgress::done) co_return ExitCode::ok;
    if (progress == TlsProgress::failed) co_return channel.fail(handshake_failure(channel));
    if (progress == TlsProgress::wants_output) continue;
    const uring::Result got = co_await io.recv(channel.fd, space_for_records(secure));
    if (io.stopped() || io.timed_out()) co_return channel.fail(handshake_cancelled(channel));
    if (!got.ok() || got.count() == 0) co_return channel.fail(handshake_cut(channel, got));
    secure.end += got.count();
  }
}

}  // namespace

uring::Task<ExitCode> begin_tls(Channel& channel, const Url& where) {
  ExitReason reason = make_context(channel);
  if (reason) {
    const ExitCode failed = channel.fail(std::move(reason));
    co_return failed;
  }
  std::unique_ptr<TlsSession> session = channel.session.tls_context->new_session(where.host);
  if (!session) {
    co_return channel.fail(ExitCode::tls_failed,
                           "no TLS with " + channel.server + ": the host has too long a name");
  }
  channel.secure = std::make_unique<Secure>(std::move(session));
  const std::int64_t timeout_ms = channel.session.settings.connect_timeout_ms;
  if (timeout_ms > 0) channel.io.set_deadline(timeout_ms);
  const ExitCode code = co_await shake_hands(channel);
  channel.io.clear_deadline();
  if (channel.io.timed_out() && !channel.session.stopping()) channel.io.renew();
  co_return code;
}

}  // namespace client
