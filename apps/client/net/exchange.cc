// The steps of an exchange. Covered by tests/client/net/exchange_test.cc and program_test.cc.
#include "apps/client/net/exchange.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "apps/client/command/clause.h"
#include "apps/client/net/connect.h"
#include "apps/client/screen/progress.h"
#include "parser/parse.h"

namespace client {

namespace {

// About as many as curl and browsers follow; more is a loop.
constexpr int max_redirects = 10;
// Servers send one or two, or a 102 of some fifty bytes now and then. A server that sends more
// keeps the client from its response.
constexpr std::size_t max_interim_bytes = 1024 * 1024;
// A longer error page is not worth reading for the connection's sake.
constexpr std::uint64_t max_skipped_bytes = 65536;
// The server is not ours: as large as the parser can take.
constexpr http1::Limits limits{.head_bytes = http1::max_head_bytes, .fields = http1::max_fields};

std::string_view view_of(std::span<char> bytes) { return {bytes.data(), bytes.size()}; }

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

ExitReason bad_body(const Channel& channel, http1::Error error) {
  return exit_with(ExitCode::weird_reply,
                   channel.server + " sent a malformed body: " + clause(error) + "; try again");
}

// `begin`: the bytes of the file before this body.
ExitReason cut_off(const Channel& channel, const BodyReader& body, std::uint64_t begin,
                   std::uint64_t size) {
  std::string text = "the connection to " + channel.server + " ended after " + format_bytes(size);
  if (body.total()) text += " of " + format_bytes(begin + *body.total());
  return exit_with(ExitCode::partial_file, text + ", before the end of the file; try again");
}

ExitReason too_long(const Channel& channel) {
  return exit_with(ExitCode::weird_reply,
                   channel.server + " sent more bytes than it announced; try again");
}

// The length of the body is not known, so that only the end as TLS demands it shows that the body
// is whole.
ExitReason may_be_cut_off(const Channel& channel) {
  return exit_with(ExitCode::receive_error,
                   channel.server +
                       " ended the connection without the alert of TLS that says that "
                       "the file is complete; try again");
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

void begin_head(Channel& channel) {
  channel.head.reset();
  channel.head_complete = false;
}

// Says whether a second try on a new connection makes sense: the server closed the kept connection
// before it sent anything of a response.
bool is_stale(const Channel& channel, ExitCode code) {
  const bool broken = code == ExitCode::send_error || code == ExitCode::receive_error ||
                      code == ExitCode::empty_reply;
  return channel.reused && !channel.responded && broken;
}

// Resolves the Location field of a redirect. The user's credentials stay with the user's server.
ExitReason follow(const http1::ResponseHead& head, const Url& from, Url& next) {
  const std::string_view reference = head.value_of(http1::FieldName::location);
  const ExitReason reason = resolve(from, reference, next);
  if (reason) {
    return exit_with(code_of(reason), from.text() + " redirects, and " + reason.text);
  }
  if (next.userinfo.empty() && next.origin() == from.origin()) {
    next.userinfo = from.userinfo;
    next.authorization = from.authorization;
  }
  return {};
}

}  // namespace

uring::Task<ExitCode> exchange(Channel& channel, const Request& request) {
  while (true) {
    const ExitCode connected = co_await connect(channel, *request.where);
    if (connected != ExitCode::ok) co_return connected;
    ExitCode code = ExitCode::ok;
    const ExitCode sent = co_await send_head(channel, request);
    code = sent;
    if (sent == ExitCode::ok) {
      const ExitCode read = co_await read_final_head(channel, request.method);
      code = read;
    }
    if (code == ExitCode::ok) co_return code;
    const bool again = is_stale(channel, code) && !channel.session.stopping();
    disconnect(channel);
    if (!again) co_return code;
  }
}

uring::Task<ExitCode> exchange_following(Channel& channel, Request wish, Url& where) {
  const std::string home = where.origin();
  for (int hops = 0; hops <= max_redirects; ++hops) {
    wish.where = &where;
    wish.trusted = where.origin() == home;
    const ExitCode responded = co_await exchange(channel, wish);
    if (responded != ExitCode::ok || !redirects(channel.head)) co_return responded;
    Url next;
    ExitReason astray = follow(channel.head, where, next);
    co_await skip_body(channel);
    if (astray) co_return channel.fail(std::move(astray));
    where = std::move(next);
  }
  co_return channel.fail(ExitCode::too_many_redirects,
                         "more than " + std::to_string(max_redirects) + " redirects, the last to " +
                             where.text() + "; the server may be redirecting in circles");
}

uring::Task<ExitCode> send_head(Channel& channel, const Request& request) {
  std::vector<char> space(max_request_head_bytes);
  const std::string_view head = write_request(request, channel.session.settings, space);
  if (head.empty()) {
    co_return channel.fail(ExitCode::usage,
                           "the request's head would be too large; shorten the URL or the headers");
  }
  begin_head(channel);
  channel.responded = false;
  channel.interim_bytes = 0;
  channel.session.report.show_request(head);
  const ExitCode sent = co_await send_all(channel, channel.io, head, channel.error);
  co_return sent;
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
bool waits_on(Channel& channel, uring::Io& io) {
  return channel.speed.is_active() && io.timed_out() && !channel.session.stopping();
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

uring::Task<ExitCode> receive(Channel& channel, std::int64_t timeout_ms) {
  if (channel.secure) {
    const ExitCode code = co_await receive_secure(channel, timeout_ms);
    co_return code;
  }
  std::size_t count = 0;
  const ExitCode code = co_await receive_raw(channel, timeout_ms, channel.free_space(), count);
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

uring::Task<ExitCode> receive_body(Channel& channel, BodyReader& body, OutputFile& output,
                                   std::uint64_t most) {
  const Session& session = channel.session;
  const std::uint64_t begin = output.size;
  const Moving moving(channel);
  while (true) {
    const BodyReader::Piece piece = body.take(channel.received());
    if (piece.failure.error != http1::Error::none) {
      co_return channel.fail(bad_body(channel, piece.failure.error));
    }
    if (piece.data.size() > most - (output.size - begin)) co_return channel.fail(too_long(channel));
    if (!piece.data.empty()) {
      const ExitCode written = co_await write_output(channel.io, output, view_of(piece.data));
      if (written != ExitCode::ok) co_return channel.fail(output.error);
      session.report.moved(channel.lane, piece.data.size(), session.now());
    }
    channel.consume(piece.used);
    if (body.done()) co_return ExitCode::ok;
    if (channel.is_cut && body.may_end()) co_return channel.fail(may_be_cut_off(channel));
    if (channel.ended && body.may_end()) co_return ExitCode::ok;
    if (channel.ended) {
      co_return channel.fail(cut_off(channel, body, begin, output.size));
    }
    const ExitCode got = co_await receive(channel, session.settings.idle_timeout_ms);
    if (got == ExitCode::receive_error) {
      co_return channel.fail(cut_off(channel, body, begin, output.size));
    }
    if (got != ExitCode::ok) co_return got;
  }
}

uring::Task<> skip_body(Channel& channel) {
  const ExitReason before = channel.error;
  BodyReader body(channel.head.body());
  std::uint64_t skipped = 0;
  bool usable = channel.head.keep_alive() && body.total().value_or(0) <= max_skipped_bytes;
  while (usable) {
    const BodyReader::Piece piece = body.take(channel.received());
    skipped += piece.used;
    channel.consume(piece.used);
    if (body.done()) break;
    usable =
        piece.failure.error == http1::Error::none && skipped <= max_skipped_bytes && !channel.ended;
    if (!usable) break;
    const ExitCode got = co_await receive(channel, channel.session.settings.idle_timeout_ms);
    usable = got == ExitCode::ok;
  }
  channel.error = before;
  if (usable)
    finish_exchange(channel);
  else
    disconnect(channel);
}

void finish_exchange(Channel& channel) {
  // Bytes behind the response would be taken for the next one.
  if (!channel.head.keep_alive() || channel.ended || !channel.received().empty()) {
    disconnect(channel);
  }
}

}  // namespace client
