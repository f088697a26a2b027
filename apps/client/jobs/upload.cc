// The sender, and the wait for the response. Covered by tests/client/jobs/put_test.cc.
#include "apps/client/jobs/upload.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "apps/client/net/connect.h"
#include "apps/client/net/exchange.h"
#include "uring/file_splice.h"

namespace client {

namespace {

// RFC 9110 10.1.1: a server may ignore Expect; one that knows it responds at once.
constexpr std::int64_t continue_timeout_ms = 1000;
// After the connection broke while sending, a response that has arrived is read; no other comes.
constexpr std::int64_t last_response_timeout_ms = 2000;

// A piece waits until the socket's buffer has space, which the kernel then fills from the file:
// with at most so many bytes until the loop runs again.
constexpr std::size_t passing_piece_bytes = 32 * 1024;
constexpr std::uint64_t most_passed_bytes = 4 * 1024 * 1024;

// --- The sender ---

void begin_reading(Upload& up) {
  up.reading = up.input.may_wait();
  if (up.reading) ++up.channel.session.stream_reads;
}

void end_reading(Upload& up) {
  if (up.reading) --up.channel.session.stream_reads;
  up.reading = false;
}

// Says whether nothing has to see the bytes of the body.
bool may_pass(const Upload& up) {
  const Channel& channel = up.channel;
  return !channel.secure && up.input.is_regular && !up.input.is_stream && up.digest.empty() &&
         !channel.session.pace.is_limited();
}

// Sends as much of the file as fits into the socket's buffer now.
void send_past(Upload& up) {
  Channel& channel = up.channel;
  const Session& session = channel.session;
  const std::uint64_t wanted = std::min(up.input.end - up.input.size, most_passed_bytes);
  if (wanted == 0 || session.stopping()) return;
  const std::size_t sent = uring::send_from_file(channel.fd, up.input.fd, up.input.size, wanted);
  if (sent == 0) return;
  pass_input(up.input, sent);
  channel.speed.add(sent);
  session.report.moved(channel.lane, sent, session.now());
}

uring::Task<ExitCode> send_pieces(Upload& up) {
  const Session& session = up.channel.session;
  InputFile& input = up.input;
  const Moving moving(up.channel);
  const bool passes = may_pass(up);
  const std::size_t most = passes ? passing_piece_bytes : std::numeric_limits<std::size_t>::max();
  while (!input.at_end) {
    const std::uint64_t before = input.size;
    begin_reading(up);
    const ExitCode read = co_await read_piece(up.io, input, most);
    end_reading(up);
    if (up.abandoned) co_return ExitCode::ok;
    if (read != ExitCode::ok) {
      up.error = input.error;
      co_return read;
    }
    // A stream may have ended because the signal ended its writer: its last chunk would make the
    // server store a part of it as a whole.
    if (session.stopping()) {
      up.error = cancelled(up.channel, up.io);
      co_return code_of(up.error);
    }
    // The digest that was announced is not that of a file that has changed.
    if (input.at_end && !up.digest.empty() && has_changed(input)) {
      up.error =
          exit_with(ExitCode::read_error, input.name + " changed while it was sent; send it again");
      co_return ExitCode::read_error;
    }
    const ExitCode sent = co_await send_all(up.channel, up.io, input.piece, up.error);
    if (sent != ExitCode::ok) co_return sent;
    session.report.moved(up.channel.lane, input.size - before, session.now());
    if (passes) send_past(up);
  }
  co_return ExitCode::ok;
}

// The sender has ended: wakes put(), which waits for a response, or leaves it an error.
void end_sending(Upload& up, ExitCode sent) {
  Channel& channel = up.channel;
  channel.sending = false;
  if (up.awaited) {
    up.error = {};  // the sender failed because put() stopped it
    channel.io.stop();
    return;
  }
  const std::int64_t idle_timeout_ms = channel.session.settings.idle_timeout_ms;
  // A broken connection may still hold a response; after any other failure there is none to wait
  // for.
  if (sent == ExitCode::send_error) {
    channel.io.set_deadline(last_response_timeout_ms);
  } else if (sent != ExitCode::ok) {
    channel.io.stop();
  } else if (idle_timeout_ms > 0) {
    channel.io.set_deadline(idle_timeout_ms);
  }
}

// Sends the body, as a task of the scope.
uring::Task<> send_body(Upload& up) {
  const ExitCode sent = co_await send_pieces(up);
  up.running = false;
  up.complete = sent == ExitCode::ok;
  if (!up.abandoned) {
    end_sending(up, sent);
    co_return;
  }
  close_input(up.io.engine(), up.input);
  delete &up;
}

// Stops the sender and waits for its end. A read of a stream may never end: the sender is left in
// it.
uring::Task<> stop_sender(Upload& up) {
  uring::Io& io = up.channel.io;
  up.io.stop();
  up.awaited = true;
  while (up.running && !up.reading) {
    io.renew();
    co_await io.sleep(continue_timeout_ms);
  }
  up.awaited = false;
  if (!up.channel.session.stopping()) io.renew();
}

// --- The response ---

enum class Permission {
  given,      // or not refused in time
  responded,  // there is a final response instead
  failed      // see channel.error
};

// Waits for the permission to send the body. RFC 9110 10.1.1.
uring::Task<Permission> wait_for_continue(Channel& channel, http1::Method method) {
  const std::int64_t until_ms = channel.session.now() + continue_timeout_ms;
  while (channel.session.now() < until_ms) {
    const std::int64_t left_ms = until_ms - channel.session.now();
    const ExitCode read = co_await read_head(channel, method, left_ms);
    if (read == ExitCode::timeout && !channel.session.stopping()) {
      channel.io.renew();
      break;
    }
    if (read != ExitCode::ok) co_return Permission::failed;
    if (channel.head.status() == 100) break;
    if (channel.head.status() >= 200) co_return Permission::responded;
  }
  co_return Permission::given;
}

// How the upload ended: the cause is reported, and not what it made the other task meet.
ExitCode judge_upload(Upload& up, ExitCode read) {
  Channel& channel = up.channel;
  if (channel.session.stopping()) return channel.fail(cancelled(channel, channel.io));
  if (!up.error) return read;
  const ExitCode sent = code_of(up.error);
  if (read == ExitCode::ok) return sent == ExitCode::read_error ? channel.fail(up.error) : read;
  // Both saw the connection break; the reader knows more about it.
  const bool both = sent == ExitCode::send_error && read == ExitCode::receive_error;
  return both ? read : channel.fail(up.error);
}

// Says whether the rest of the body has been read already, and is so small that it needs no task of
// its own.
bool is_at_hand(const Upload& up, const Request& request) {
  const InputFile& input = up.input;
  return !request.expects_continue && !input.is_stream && up.digest.empty() &&
         input.read_ahead == input.end - input.size && input.read_ahead <= most_joined_bytes;
}

// upload() over a connection, for such a body.
uring::Task<ExitCode> upload_at_once(Upload& up, const Request& request) {
  Channel& channel = up.channel;
  Session& session = channel.session;
  InputFile& input = up.input;
  session.report.begin(channel.lane, input.name, input.length, session.now(), input.size);
  if (input.read_ahead > 0) take_read_ahead(input);
  ExitCode read = ExitCode::ok;
  ExitCode sent = ExitCode::ok;
  {
    const Moving moving(channel);
    const ExitCode all = co_await send_head(channel, request, input.piece);
    read = sent = all;
  }
  up.complete = sent == ExitCode::ok;
  if (up.complete) session.report.moved(channel.lane, input.piece.size(), session.now());
  if (sent == ExitCode::send_error) up.error = channel.error;  // a response may have come
  if (up.complete || up.error) {
    const ExitCode responded = co_await read_final_head(channel, request.method);
    read = responded;
  }
  up.pace = session.report.end(channel.lane, session.now());
  co_return judge_upload(up, read);
}

}  // namespace

uring::Task<ExitCode> upload(Upload& up, const Request& request) {
  Channel& channel = up.channel;
  Session& session = channel.session;
  const ExitCode connected = co_await connect(channel, *request.where);
  if (connected != ExitCode::ok) co_return connected;
  if (is_at_hand(up, request)) {
    const ExitCode uploaded = co_await upload_at_once(up, request);
    co_return uploaded;
  }
  const ExitCode sent = co_await send_head(channel, request, {});
  if (sent != ExitCode::ok) co_return sent;
  if (request.expects_continue) {
    const Permission permission = co_await wait_for_continue(channel, request.method);
    if (permission == Permission::responded) co_return ExitCode::ok;
    if (permission == Permission::failed) co_return code_of(channel.error);
  }
  up.running = channel.sending = true;
  session.report.begin(channel.lane, up.input.name,
                       up.input.is_stream ? std::nullopt : std::optional(up.input.length),
                       session.now(), up.input.size);
  session.scope.spawn(send_body(up));
  const ExitCode read = co_await read_final_head(channel, request.method);
  if (up.running) co_await stop_sender(up);
  up.pace = session.report.end(channel.lane, session.now());
  co_return judge_upload(up, read);
}

void restart(Upload& up) {
  disconnect(up.channel);
  seek_input(up.input, 0, up.input.length);
  up.io.renew();
  up.error = {};
  up.complete = false;
}

void end_upload(std::unique_ptr<Upload> up) {
  if (up->running) {
    up->abandoned = true;
    up->channel.sending = false;
    static_cast<void>(up.release());
    return;
  }
  close_input(up->io.engine(), up->input);
}

}  // namespace client
