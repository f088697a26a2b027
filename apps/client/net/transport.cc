// The steps below an exchange. Covered by tests/client/net/exchange_test.cc.
#include "apps/client/net/transport.h"

#include <algorithm>
#include <utility>

#include "apps/client/command/clause.h"
#include "parser/parse.h"

namespace client {

namespace {

// Servers send one or two, or a 102 of some fifty bytes now and then. A server that sends more
// keeps the client from its response.
constexpr std::size_t max_interim_bytes = 1024 * 1024;
// The server is not ours: as large as the parser can take.
constexpr http1::Limits limits{.head_bytes = http1::max_head_bytes, .fields = http1::max_fields};

// A deadline may pass in the moment of success: bytes that moved count more.
void forgive(uring::Io& io) {
  if (io.timed_out() && !io.stopped()) io.renew();
}

ExitReason bad_head(const Channel& channel) {
  const http1::Failure failure = channel.head.failure();
  return exit_with(ExitCode::weird_reply,
                   channel.server + " sent a response that is not HTTP: " + clause(failure.error) +
                       ", at byte " + std::to_string(failure.offset) + "; check host and port");
}

ExitReason ended_in_head(const Channel& channel) {
  if (!channel.responded) {
    return exit_with(ExitCode::empty_reply,
                     channel.server + " closed the connection without a response; try again");
  }
  const bool between = channel.begin == channel.end;
  return exit_with(ExitCode::receive_error,
                   channel.server + " closed the connection " +
                       (between ? "after an interim response, before the final one"
                                : "in the middle of the response's head") +
                       "; try again");
}

ExitReason broken_tls(const Channel& channel, ExitCode code) {
  return exit_with(code, "TLS with " + channel.server + " failed: " +
                             failure_with_advice(*channel.secure->session, "; try again"));
}

// Copies the head out of the connection's buffer, where the body will overwrite it.
void keep_head(Channel& channel) {
  channel.head_text.assign(channel.received().data(), channel.head.size());
  channel.head.rebase(channel.head_text.data());
  channel.head_complete = true;
  if (channel.head.status() < 200) channel.interim_bytes += channel.head.size();
  channel.consume(channel.head.size());
  channel.session.report.show_response(channel.head_text);
}

}  // namespace

void begin_head(Channel& channel) {
  channel.head.reset();
  channel.head_complete = false;
}

namespace {

// The time for the next piece of a transfer: that of --idle-timeout, or a shorter one until
// --speed-limit is judged. 0: no limit.
std::int64_t wait_ms(const Channel& channel, std::int64_t timeout_ms) {
  if (!channel.speed.is_active()) return timeout_ms;
  const std::int64_t left_ms = channel.speed.left_ms(channel.session.now());
  return timeout_ms > 0 ? std::min(timeout_ms, left_ms) : left_ms;
}

// Says whether a wait that timed out is to go on: it was the end of a window of --speed-limit in
// which enough bytes have moved.
bool waits_on(const Channel& channel, const uring::Io& io) {
  const Session& session = channel.session;
  return channel.speed.is_over(session.now()) && io.timed_out() && !session.stopping();
}

// Counts bytes that have moved, and waits as --limit-rate asks. Fails with timeout where the
// transfer is too slow, and sets `error`.
uring::Task<ExitCode> keep_pace(Channel& channel, uring::Io& io, std::size_t bytes,
                                ExitReason& error) {
  Session& session = channel.session;
  channel.speed.add(bytes);
  if (channel.speed.is_too_slow(session.now())) {
    error = too_slow(channel);
    co_return ExitCode::timeout;
  }
  const std::int64_t pause_ms = session.pace.spend(bytes, session.now());
  if (pause_ms > 0) co_await io.sleep(pause_ms);
  co_return ExitCode::ok;
}

bool has_pace(const Channel& channel) {
  return channel.session.pace.is_limited() || channel.speed.is_active();
}

// Sends bytes as they are.
uring::Task<ExitCode> send_raw(Channel& channel, uring::Io& io, std::string_view bytes,
                               ExitReason& error) {
  const std::int64_t timeout_ms = channel.session.settings.idle_timeout_ms;
  const std::size_t most = channel.session.pace.most_at_once();
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, most);
    if (const std::int64_t limit_ms = wait_ms(channel, timeout_ms); limit_ms > 0) {
      io.set_deadline(limit_ms);
    }
    const uring::Result sent = co_await io.send(channel.fd, piece);
    io.clear_deadline();
    bytes.remove_prefix(std::min(sent.count(), bytes.size()));
    if (sent.count() > 0) forgive(io);
    if (has_pace(channel) && (sent.count() > 0 || waits_on(channel, io))) {
      if (sent.count() == 0) io.renew();
      const ExitCode kept = co_await keep_pace(channel, io, sent.count(), error);
      if (kept != ExitCode::ok) co_return kept;
      if (!io.stopped()) continue;
    }
    if (bytes.empty() || (sent.count() > 0 && !io.stopped())) continue;
    if (io.stopped() || sent.fault() == uring::Fault::cancelled) {
      error = cancelled(channel, io);
    } else {
      error = exit_with(ExitCode::send_error, "sending to " + channel.server + " failed: " +
                                                  std::string(uring::describe(sent.fault())) +
                                                  "; try again");
    }
    co_return code_of(error);
  }
  co_return ExitCode::ok;
}

// Receives bytes as they are into `space`, and returns their number, 0 at the end of the stream, in
// `count`.
uring::Task<ExitCode> receive_raw(Channel& channel, std::int64_t timeout_ms, std::span<char> space,
                                  std::size_t& count) {
  uring::Io& io = channel.io;
  space = space.first(std::min(space.size(), channel.session.pace.most_at_once()));
  uring::Result got;
  while (true) {
    const std::int64_t limit_ms = wait_ms(channel, timeout_ms);
    if (limit_ms > 0 && !channel.sending) io.set_deadline(limit_ms);
    const uring::Result received = co_await io.recv(channel.fd, space);
    io.clear_deadline();
    got = received;
    if (got.fault() != uring::Fault::cancelled || !waits_on(channel, io)) break;
    io.renew();
    if (channel.speed.is_too_slow(channel.session.now())) co_return channel.fail(too_slow(channel));
  }
  if (got.fault() == uring::Fault::cancelled) co_return channel.fail(cancelled(channel, io));
  forgive(io);
  if (!got.ok()) {
    co_return channel.fail(ExitCode::receive_error,
                           "receiving from " + channel.server + " failed: " +
                               std::string(uring::describe(got.fault())) + "; try again");
  }
  count = got.count();
  if (count > 0 && has_pace(channel) && !channel.sending) {
    const ExitCode kept = co_await keep_pace(channel, io, count, channel.error);
    co_return kept;
  }
  co_return ExitCode::ok;
}

// Receives records until one has plain text, or the stream ends.
uring::Task<ExitCode> receive_secure(Channel& channel, std::int64_t timeout_ms) {
  while (true) {
    switch (decrypt(*channel.secure, channel.free_space(), channel.end)) {
      case Decrypted::some: channel.responded = true; co_return ExitCode::ok;
      case Decrypted::end: channel.ended = true; co_return ExitCode::ok;
      case Decrypted::failed: co_return channel.fail(broken_tls(channel, ExitCode::receive_error));
      case Decrypted::needs_bytes: break;
    }
    std::size_t count = 0;
    const ExitCode code =
        co_await receive_raw(channel, timeout_ms, space_for_records(*channel.secure), count);
    if (code != ExitCode::ok) co_return code;
    channel.secure->end += count;
    channel.ended = channel.is_cut = count == 0;
    if (channel.ended) co_return ExitCode::ok;
  }
}

}  // namespace

uring::Task<ExitCode> send_all(Channel& channel, uring::Io& io, std::string_view bytes,
                               ExitReason& error) {
  while (!bytes.empty()) {
    const std::string_view piece =
        channel.secure ? encrypt(*channel.secure, bytes) : std::exchange(bytes, {});
    if (piece.empty()) {
      error = broken_tls(channel, ExitCode::send_error);
      co_return code_of(error);
    }
    const ExitCode sent = co_await send_raw(channel, io, piece, error);
    if (sent != ExitCode::ok) co_return sent;
  }
  co_return ExitCode::ok;
}

uring::Task<ExitCode> receive(Channel& channel, std::int64_t timeout_ms, std::size_t most) {
  if (channel.secure) {
    const ExitCode code = co_await receive_secure(channel, timeout_ms);
    co_return code;
  }
  std::size_t count = 0;
  std::span<char> space = channel.free_space();
  space = space.first(std::min(space.size(), most));
  const ExitCode code = co_await receive_raw(channel, timeout_ms, space, count);
  if (code != ExitCode::ok) co_return code;
  channel.ended = count == 0;
  if (count > 0) channel.responded = true;
  channel.end += count;
  co_return ExitCode::ok;
}

uring::Task<ExitCode> read_head(Channel& channel, http1::Method method, std::int64_t timeout_ms) {
  if (channel.head_complete) begin_head(channel);
  while (true) {
    const http1::Progress progress =
        http1::parse_folded_response(channel.received(), channel.head, method, limits);
    if (progress == http1::Progress::failed) co_return channel.fail(bad_head(channel));
    if (progress == http1::Progress::done) break;
    if (channel.ended) co_return channel.fail(ended_in_head(channel));
    const ExitCode received = co_await receive(channel, timeout_ms);
    if (received != ExitCode::ok) co_return received;
  }
  keep_head(channel);
  if (channel.head.status() == 101) {
    co_return channel.fail(
        ExitCode::weird_reply,
        channel.server + " switched to another protocol, which quoit did not ask for; try again");
  }
  if (channel.interim_bytes > max_interim_bytes) {
    co_return channel.fail(ExitCode::weird_reply,
                           channel.server + " sends interim responses without end; try again");
  }
  co_return ExitCode::ok;
}

uring::Task<ExitCode> read_final_head(Channel& channel, http1::Method method) {
  const std::int64_t timeout_ms = channel.session.settings.idle_timeout_ms;
  while (true) {
    const ExitCode read = co_await read_head(channel, method, timeout_ms);
    if (read != ExitCode::ok || channel.head.status() >= 200) co_return read;
  }
}

}  // namespace client
