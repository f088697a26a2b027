// The steps of an exchange. Covered by tests/client/exchange_test.cc and program_test.cc.
#include "apps/client/exchange.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "apps/client/connect.h"
#include "apps/client/progress.h"
#include "parser/parse.h"
#include "parser/write.h"

namespace client {

namespace {

// As curl and browsers have it, near enough; more is a loop.
constexpr int most_redirects = 10;
// Servers send one or two; whoever sends more keeps us from our answer.
constexpr int most_interim_heads = 16;
// A body worth reading away for the connection's sake: an error page.
constexpr std::uint64_t most_skipped_bytes = 65536;
// The server is not ours: as large as the parser can take.
constexpr http1::Limits limits{.head_bytes = http1::max_head_bytes, .fields = http1::max_fields};

std::string_view view_of(std::span<char> bytes) { return {bytes.data(), bytes.size()}; }

// A deadline may pass in the moment of success; what moved counts more.
void forgive(uring::Io& io) {
  if (io.timed_out() && !io.stopped()) io.renew();
}

// While an upload waits for its input, the server cannot be expected to send anything.
void set_deadline(Session& s, std::int64_t patience_ms) {
  if (patience_ms > 0 && !s.input_awaited) s.io.set_deadline(patience_ms);
}

ExitCode fail_head(Session& s) {
  const http1::Failure failure = s.head.failure();
  return s.fail(ExitCode::weird_reply,
                s.connection.server +
                    " does not answer in HTTP: " + std::string(http1::describe(failure.error)) +
                    " (byte " + std::to_string(failure.offset) + "); check host and port");
}

ExitCode fail_ended_in_head(Session& s) {
  if (!s.connection.answered) {
    return s.fail(ExitCode::empty_reply,
                  s.connection.server + " closed the connection without an answer; try again");
  }
  return s.fail(ExitCode::receive_error,
                s.connection.server +
                    " closed the connection in the middle of its answer's head; "
                    "try again");
}

// Copies the head out of the connection's buffer, where the body will overwrite it.
void keep_head(Session& s) {
  s.head_text.assign(s.connection.received().data(), s.head.size());
  s.head.rebase(s.head_text.data());
  s.head_complete = true;
  s.connection.consume(s.head.size());
  s.report.show_response(s.head_text);
}

void begin_head(Session& s) {
  s.head.reset();
  s.head_complete = false;
}

// What is worth a second try on a new connection: nothing of an answer has come.
bool is_stale(const Connection& connection, ExitCode code) {
  const bool broken = code == ExitCode::send_error || code == ExitCode::receive_error ||
                      code == ExitCode::empty_reply;
  return connection.reused && !connection.answered && broken;
}

bool redirects(const http1::ResponseHead& head) {
  switch (head.status()) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308: return head.has(http1::FieldName::location);
    default: return false;
  }
}

ExitCode follow(Session& s, const Location& from, Location& next) {
  const std::string_view reference = s.head.value_of(http1::FieldName::location);
  const Complaint complaint = resolve(from, reference, next);
  if (complaint.failed()) {
    return s.fail(complaint.code, from.text() + " redirects, and " + complaint.text);
  }
  if (next.userinfo.empty() && next.server() == from.server()) next.userinfo = from.userinfo;
  return ExitCode::ok;
}

ExitCode fail_partial(Session& s, const BodyReader& body, std::uint64_t received) {
  std::string text =
      "the connection to " + s.connection.server + " ended after " + format_bytes(received);
  if (body.total()) text += " of " + format_bytes(*body.total());
  return s.fail(ExitCode::partial_file, text + ", before the end of the file; try again");
}

}  // namespace

uring::Task<ExitCode> exchange(Session& s, const Request& request) {
  while (true) {
    const ExitCode connected = co_await connect(s, *request.where);
    if (connected != ExitCode::ok) co_return connected;
    ExitCode code = ExitCode::ok;
    const ExitCode sent = co_await send_head(s, request);
    code = sent;
    if (sent == ExitCode::ok) {
      const ExitCode read = co_await read_final_head(s, request.method);
      code = read;
    }
    if (code == ExitCode::ok) co_return code;
    const bool again = is_stale(s.connection, code) && !s.stopping();
    disconnect(s);
    if (!again) co_return code;
  }
}

uring::Task<ExitCode> exchange_following(Session& s, http1::Method method, Location& where) {
  const std::string home = where.server();
  for (int hops = 0; hops <= most_redirects; ++hops) {
    const Request request{.method = method, .where = &where, .trusted = where.server() == home};
    const ExitCode answered = co_await exchange(s, request);
    if (answered != ExitCode::ok || !redirects(s.head)) co_return answered;
    Location next;
    const ExitCode followed = follow(s, where, next);
    co_await skip_body(s);
    if (followed != ExitCode::ok) co_return followed;
    where = std::move(next);
  }
  co_return s.fail(ExitCode::too_many_redirects, "more than " + std::to_string(most_redirects) +
                                                     " redirects, the last to " + where.text() +
                                                     "; the server may be redirecting in circles");
}

uring::Task<ExitCode> send_head(Session& s, const Request& request) {
  std::vector<char> room(most_request_head_bytes);
  const std::string_view head = write_request(request, s.settings, room);
  if (head.empty()) {
    co_return s.fail(ExitCode::usage,
                     "the request's head would be too large; shorten the URL or "
                     "the headers");
  }
  begin_head(s);
  s.connection.answered = false;
  s.report.show_request(head);
  const ExitCode sent = co_await send_all(s, s.io, head);
  co_return sent;
}

uring::Task<ExitCode> send_all(Session& s, uring::Io& io, std::string_view bytes) {
  while (!bytes.empty()) {
    if (s.settings.idle_timeout_ms > 0) io.set_deadline(s.settings.idle_timeout_ms);
    const uring::Result sent = co_await io.send(s.connection.fd, bytes);
    io.clear_deadline();
    bytes.remove_prefix(std::min(sent.count(), bytes.size()));
    if (sent.count() > 0) forgive(io);
    if (bytes.empty() || (sent.count() > 0 && !io.stopped())) continue;
    if (io.stopped() || sent.fault() == uring::Fault::cancelled) co_return s.fail_cancelled(io);
    co_return s.fail(ExitCode::send_error,
                     "sending to " + s.connection.server +
                         " failed: " + std::string(uring::describe(sent.fault())) + "; try again");
  }
  co_return ExitCode::ok;
}

uring::Task<ExitCode> receive(Session& s, std::int64_t patience_ms) {
  Connection& connection = s.connection;
  set_deadline(s, patience_ms);
  const uring::Result got = co_await s.io.recv(connection.fd, connection.room());
  s.io.clear_deadline();
  if (got.fault() == uring::Fault::cancelled) co_return s.fail_cancelled(s.io);
  forgive(s.io);
  if (!got.ok()) {
    co_return s.fail(ExitCode::receive_error,
                     "receiving from " + connection.server +
                         " failed: " + std::string(uring::describe(got.fault())) + "; try again");
  }
  connection.ended = got.count() == 0;
  if (got.count() > 0) connection.answered = true;
  connection.end += got.count();
  co_return ExitCode::ok;
}

uring::Task<ExitCode> read_head(Session& s, http1::Method method, std::int64_t patience_ms) {
  if (s.head_complete) begin_head(s);
  while (true) {
    const http1::Progress progress =
        http1::parse_folded_response(s.connection.received(), s.head, method, limits);
    if (progress == http1::Progress::failed) co_return fail_head(s);
    if (progress == http1::Progress::done) break;
    if (s.connection.ended) co_return fail_ended_in_head(s);
    const ExitCode received = co_await receive(s, patience_ms);
    if (received != ExitCode::ok) co_return received;
  }
  keep_head(s);
  if (s.head.status() != 101) co_return ExitCode::ok;
  co_return s.fail(ExitCode::weird_reply, s.connection.server +
                                              " switches to another protocol, "
                                              "which nobody asked for");
}

uring::Task<ExitCode> read_final_head(Session& s, http1::Method method) {
  for (int count = 0; count <= most_interim_heads; ++count) {
    const ExitCode read = co_await read_head(s, method, s.settings.idle_timeout_ms);
    if (read != ExitCode::ok || s.head.status() >= 200) co_return read;
  }
  co_return s.fail(ExitCode::weird_reply, s.connection.server +
                                              " sends interim answers without "
                                              "an end");
}

uring::Task<ExitCode> receive_body(Session& s, BodyReader& body, OutputFile& output) {
  std::uint64_t received = 0;
  while (true) {
    const BodyReader::Piece piece = body.take(s.connection.received());
    if (piece.failure.error != http1::Error::none) {
      co_return s.fail(ExitCode::weird_reply, s.connection.server + " sends a body that is none: " +
                                                  std::string(describe(piece.failure.error)));
    }
    if (!piece.data.empty()) {
      const ExitCode written = co_await write_output(s.io, output, view_of(piece.data));
      if (written != ExitCode::ok) co_return s.fail(output.error);
      received += piece.data.size();
      s.report.moved(piece.data.size(), s.now());
    }
    s.connection.consume(piece.used);
    if (body.done()) co_return ExitCode::ok;
    if (s.connection.ended) {
      co_return body.may_end() ? ExitCode::ok : fail_partial(s, body, received);
    }
    const ExitCode got = co_await receive(s, s.settings.idle_timeout_ms);
    if (got == ExitCode::receive_error) co_return fail_partial(s, body, received);
    if (got != ExitCode::ok) co_return got;
  }
}

uring::Task<> skip_body(Session& s) {
  BodyReader body(s.head.body());
  std::uint64_t skipped = 0;
  bool usable = s.head.keep_alive() && body.total().value_or(0) <= most_skipped_bytes;
  while (usable) {
    const BodyReader::Piece piece = body.take(s.connection.received());
    skipped += piece.used;
    s.connection.consume(piece.used);
    if (body.done()) break;
    usable = piece.failure.error == http1::Error::none && skipped <= most_skipped_bytes &&
             !s.connection.ended;
    if (!usable) break;
    const Complaint before = s.complaint;
    const ExitCode got = co_await receive(s, s.settings.idle_timeout_ms);
    usable = got == ExitCode::ok;
    s.complaint = before;  // whatever the body does, what was said before it is the news
  }
  if (usable)
    finish_exchange(s);
  else
    disconnect(s);
}

void finish_exchange(Session& s) {
  // Bytes that nobody asked for would be taken for the next answer.
  if (!s.head.keep_alive() || s.connection.ended || !s.connection.received().empty()) disconnect(s);
}

std::string status_text(const http1::ResponseHead& head) {
  std::string text = std::to_string(head.status()) + " ";
  text += head.reason().empty() ? http1::reason_of(head.status()) : head.reason();
  return text;
}

ExitCode fail_refused(Session& s, const Location& where) {
  std::string text = where.text() + ": the server answered " + status_text(s.head);
  const std::string_view elsewhere = s.head.value_of(http1::FieldName::location);
  if (s.head.status_class() == 3 && !elsewhere.empty()) {
    text.append("; give it this URL instead: ").append(elsewhere);
  } else {
    text += advice_on(s.head.status());
  }
  return s.fail(ExitCode::http_error, std::move(text));
}

}  // namespace client
