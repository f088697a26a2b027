// The steps of an exchange. Covered by tests/client/net/exchange_test.cc and program_test.cc.
#include "apps/client/net/exchange.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "apps/client/command/clause.h"
#include "apps/client/net/connect.h"
#include "apps/client/screen/progress.h"
#include "parser/parse.h"
#include "uring/file_splice.h"

namespace client {

namespace {

// About as many as curl and browsers follow; more is a loop.
constexpr int max_redirects = 10;
// A longer error page is not worth reading for the connection's sake.
constexpr std::uint64_t max_skipped_bytes = 65536;
std::string_view view_of(std::span<char> bytes) { return {bytes.data(), bytes.size()}; }

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

bool is_stale(const Channel& channel, ExitCode code) {
  const bool broken = code == ExitCode::send_error || code == ExitCode::receive_error ||
                      code == ExitCode::empty_reply;
  return channel.reused && !channel.responded && broken;
}

uring::Task<ExitCode> exchange(Channel& channel, const Request& request) {
  while (true) {
    const ExitCode connected = co_await connect(channel, *request.where);
    if (connected != ExitCode::ok) co_return connected;
    ExitCode code = ExitCode::ok;
    const ExitCode sent = co_await send_head(channel, request, {});
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

uring::Task<ExitCode> send_head(Channel& channel, const Request& request, std::string_view body) {
  std::vector<char> space(max_request_head_bytes + body.size());
  const std::span<char> front = std::span(space).first(max_request_head_bytes);
  const std::string_view head = write_request(request, channel.session.settings, front);
  if (head.empty()) {
    co_return channel.fail(ExitCode::usage,
                           "the request's head would be too large; shorten the URL or the headers");
  }
  begin_head(channel);
  channel.responded = false;
  channel.interim_bytes = 0;
  channel.session.report.show_request(head);
  std::copy(body.begin(), body.end(), space.data() + head.size());
  const std::string_view bytes(space.data(), head.size() + body.size());
  const ExitCode sent = co_await send_all(channel, channel.io, bytes, channel.error);
  co_return sent;
}

namespace {

// The bytes of a file that a body belongs to.
struct Span {
  std::uint64_t begin = 0;  // before the body
  std::uint64_t end = 0;    // with the bytes of the body that have come
};

// Receives further bytes of a body, whose received ones are used up. `is_whole`: there are none.
uring::Task<ExitCode> receive_more(Channel& channel, const BodyReader& body, Span span,
                                   bool& is_whole, std::size_t most = Channel::buffer_bytes) {
  is_whole = body.done() || (channel.ended && !channel.is_cut && body.may_end());
  if (is_whole) co_return ExitCode::ok;
  if (channel.is_cut && body.may_end()) co_return channel.fail(may_be_cut_off(channel));
  if (channel.ended) co_return channel.fail(cut_off(channel, body, span.begin, span.end));
  const ExitCode got = co_await receive(channel, channel.session.settings.idle_timeout_ms, most);
  if (got == ExitCode::receive_error) {
    co_return channel.fail(cut_off(channel, body, span.begin, span.end));
  }
  co_return got;
}

// So many bytes at once show that the network is faster than quoit.
constexpr std::uint64_t bulk_bytes = 65536;
// The loop runs again after so many.
constexpr std::uint64_t most_moved_bytes = 1024 * 1024;
// While splice(2) moves the bytes, a receive only waits for the next ones: it takes at most so
// many, and the others are moved.
constexpr std::size_t least_received_bytes = 4096;

// Says whether nothing has to see the bytes that are left of a body, whose length is known.
bool may_move(const Channel& channel, const BodyReader& body, const OutputFile& output) {
  return body.length_left() > 0 && !channel.secure && !output.is_stream && !output.digest &&
         !channel.session.pace.is_limited();
}

// Moves what has arrived of the body into the file; at most `most` bytes.
ExitCode move_arrived(Channel& channel, BodyReader& body, OutputFile& output,
                      uring::ReceivePipe& pipe, std::uint64_t most) {
  const std::uint64_t wanted = std::min({body.length_left(), most, most_moved_bytes});
  if (wanted == 0 || !channel.received().empty()) return ExitCode::ok;
  std::uint64_t count = 0;
  const ExitCode taken = take_arrived(output, pipe, channel.fd, wanted, count);
  if (taken != ExitCode::ok) return channel.fail(output.error);
  body.pass(count);
  channel.speed.add(count);
  const Session& session = channel.session;
  if (count > 0) session.report.moved(channel.lane, count, session.now());
  return ExitCode::ok;
}

}  // namespace

uring::Task<ExitCode> receive_body(Channel& channel, BodyReader& body, OutputFile& output,
                                   std::uint64_t most) {
  const Session& session = channel.session;
  const std::uint64_t begin = output.size;
  const Moving moving(channel);
  uring::ReceivePipe pipe;
  bool is_bulk = false;
  for (bool is_whole = false; !is_whole;) {
    const std::uint64_t before = output.size;
    const BodyReader::Piece piece = body.take(channel.received());
    if (piece.failure.error != http1::Error::none) {
      co_return channel.fail(bad_body(channel, piece.failure.error));
    }
    if (piece.data.size() > most - (output.size - begin)) co_return channel.fail(too_long(channel));
    if (!piece.data.empty()) {
      if (output.digest) output.digest->add(view_of(piece.data));
      const ExitCode written = co_await write_output(channel.io, output, view_of(piece.data));
      if (written != ExitCode::ok) co_return channel.fail(output.error);
      session.report.moved(channel.lane, piece.data.size(), session.now());
    }
    channel.consume(piece.used);
    if (is_bulk) {
      const std::uint64_t left = most - (output.size - begin);
      const ExitCode moved = move_arrived(channel, body, output, pipe, left);
      if (moved != ExitCode::ok) co_return moved;
    }
    is_bulk = output.size - before >= bulk_bytes && may_move(channel, body, output);
    const Span span{.begin = begin, .end = output.size};
    const std::size_t next_bytes = is_bulk ? least_received_bytes : Channel::buffer_bytes;
    const ExitCode got = co_await receive_more(channel, body, span, is_whole, next_bytes);
    if (got != ExitCode::ok) co_return got;
  }
  co_return ExitCode::ok;
}

uring::Task<ExitCode> receive_text(Channel& channel, BodyReader& body, std::string& text,
                                   std::size_t most) {
  const Moving moving(channel);
  for (bool is_whole = false; !is_whole;) {
    const BodyReader::Piece piece = body.take(channel.received());
    if (piece.failure.error != http1::Error::none) {
      co_return channel.fail(bad_body(channel, piece.failure.error));
    }
    if (piece.data.size() > most - text.size()) {
      co_return channel.fail(ExitCode::weird_reply, channel.server + " sent more than " +
                                                        format_bytes(most) +
                                                        ", which is more than quoit reads");
    }
    text += view_of(piece.data);
    channel.consume(piece.used);
    const Span span{.end = text.size()};
    const ExitCode got = co_await receive_more(channel, body, span, is_whole);
    if (got != ExitCode::ok) co_return got;
  }
  co_return ExitCode::ok;
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
