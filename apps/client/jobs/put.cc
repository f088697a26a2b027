// PUT of a file or of a stream.
//
// put() reads in the order of an upload: input, head, permission (100 Continue), body, response.
// The body is sent by a task of its own while put() reads: a response that refuses the body is read
// at once, and not only after the server has reset the connection. Covered by
// tests/client/jobs/put_test.cc.
#include <memory>
#include <optional>
#include <string>

#include "apps/client/jobs/jobs.h"
#include "apps/client/local/input_file.h"
#include "apps/client/net/connect.h"
#include "apps/client/net/exchange.h"

namespace client {

namespace {

// A smaller body is sent sooner than the server could refuse it.
constexpr std::uint64_t expect_above_bytes = 1024 * 1024;
// RFC 9110 10.1.1: a server may ignore Expect; one that knows it responds at once.
constexpr std::int64_t continue_timeout_ms = 1000;
// After the connection broke while sending, a response that has arrived is read; no other comes.
constexpr std::int64_t last_response_timeout_ms = 2000;
constexpr int max_interim_heads = 16;

// One upload: the input, and the state of the task that sends it.
struct Upload {
  explicit Upload(Channel& way) : channel(way), io(way.session.scope) {}

  uring::FramePool& frames() const { return io.frames(); }

  Channel& channel;
  uring::Io io;  // the sender's
  InputFile input;
  bool running = false;    // the sender's task has not ended
  bool reading = false;    // the sender waits for a stream, which nothing can cancel
  bool awaited = false;    // put() sleeps until the sender ends
  bool abandoned = false;  // put() has returned: the sender owns the upload, and deletes it
  ExitReason error = {};   // why the sender ended early
};

// --- The sender ---

// While a stream is waited for, the server cannot be expected to send anything.
void begin_reading(Upload& up) {
  if (!up.input.is_stream) return;
  up.reading = up.channel.input_awaited = true;
  ++up.channel.session.stream_reads;
  if (!up.awaited) up.channel.io.clear_deadline();
}

void end_reading(Upload& up) {
  Session& session = up.channel.session;
  if (up.reading) --session.stream_reads;
  up.reading = false;
  if (up.abandoned) return;
  up.channel.input_awaited = false;
  if (session.settings.idle_timeout_ms > 0 && !up.awaited) {
    up.channel.io.set_deadline(session.settings.idle_timeout_ms);
  }
}

uring::Task<ExitCode> send_pieces(Upload& up) {
  const Session& session = up.channel.session;
  InputFile& input = up.input;
  while (!input.at_end) {
    const std::uint64_t before = input.size;
    begin_reading(up);
    const ExitCode read = co_await read_piece(up.io, input);
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
    const ExitCode sent = co_await send_all(up.channel, up.io, input.piece, up.error);
    if (sent != ExitCode::ok) co_return sent;
    session.report.moved(input.size - before, session.now());
  }
  co_return ExitCode::ok;
}

// Sends the body, as a task of the scope. Its end ends or shortens the wait of put().
uring::Task<> send_body(Upload& up) {
  const ExitCode sent = co_await send_pieces(up);
  up.running = false;
  if (up.abandoned) {
    close_input(up.io.engine(), up.input);
    delete &up;
    co_return;
  }
  uring::Io& reader = up.channel.io;
  // A broken connection may still hold a response; any other failure ends the wait for one.
  const bool broken = sent == ExitCode::send_error;
  if (broken && !up.awaited) reader.set_deadline(last_response_timeout_ms);
  if (up.awaited || (sent != ExitCode::ok && !broken)) reader.stop();
}

// Stops the sender, if it still runs, and waits for its end. A read of a stream may never end: the
// sender is left in it.
uring::Task<> stop_sender(Upload& up) {
  up.io.stop();
  up.awaited = true;
  while (up.running && !up.reading) {
    up.channel.io.renew();
    co_await up.channel.io.sleep(continue_timeout_ms);
  }
  up.awaited = false;
}

// --- The response ---

// Waits for the permission to send the body. True: there is a final response instead of it.
uring::Task<bool> wait_for_continue(Channel& channel, http1::Method method) {
  for (int count = 0; count < max_interim_heads; ++count) {
    const ExitCode read = co_await read_head(channel, method, continue_timeout_ms);
    if (read != ExitCode::ok) break;
    if (channel.head.status() == 100) co_return false;
    if (channel.head.status() >= 200) co_return true;
  }
  // A server that ignores Expect sends nothing. Any other failure is met again after the body.
  if (channel.io.timed_out() && !channel.session.stopping()) channel.io.renew();
  co_return false;
}

// How the upload ended: a failure of the sender is the cause of the reader's.
ExitCode judge_upload(Upload& up, ExitCode read) {
  const bool responded = read == ExitCode::ok;
  if (up.channel.session.stopping()) return up.channel.fail(cancelled(up.channel, up.channel.io));
  if (up.error && (!responded || code_of(up.error) == ExitCode::read_error)) {
    return up.channel.fail(up.error);
  }
  return read;
}

uring::Task<ExitCode> upload(Upload& up, const Request& request) {
  Channel& channel = up.channel;
  Session& session = channel.session;
  const ExitCode connected = co_await connect(channel, *request.where);
  if (connected != ExitCode::ok) co_return connected;
  const ExitCode sent = co_await send_head(channel, request);
  if (sent != ExitCode::ok) co_return sent;
  if (request.expects_continue) {
    const bool refused_before = co_await wait_for_continue(channel, request.method);
    if (refused_before) co_return ExitCode::ok;
  }
  up.running = true;
  session.report.begin(up.input.name,
                       up.input.is_stream ? std::nullopt : std::optional(up.input.length),
                       session.now());
  session.scope.spawn(send_body(up));
  const ExitCode read = co_await read_final_head(channel, request.method);
  if (up.running) co_await stop_sender(up);
  session.report.end();
  co_return judge_upload(up, read);
}

ExitCode conclude(Upload& up, const Url& where) {
  Channel& channel = up.channel;
  if (channel.head.status_class() != 2) return channel.fail(refused(channel.head, where));
  if (!up.input.at_end || up.error) {
    return channel.fail(ExitCode::weird_reply,
                        where.text() + ": the server responded " + status_text(channel.head) +
                            " before it had the whole body; check the file there");
  }
  channel.session.report.confirm("stored " + up.input.name + " (" + std::to_string(up.input.size) +
                                 " bytes) at " + where.text() + ": " + status_text(channel.head));
  return ExitCode::ok;
}

// Closes the input and frees the upload; both are left to the sender where it still runs.
void end_upload(std::unique_ptr<Upload> up) {
  if (up->running) {
    up->abandoned = true;
    up->channel.input_awaited = false;
    static_cast<void>(up.release());
    return;
  }
  close_input(up->io.engine(), up->input);
}

}  // namespace

uring::Task<ExitCode> put(Channel& channel, const Job& job) {
  std::unique_ptr<Upload> up = std::make_unique<Upload>(channel);
  const InputFile& input = up->input;
  const ExitCode opened = co_await open_input(channel.io, up->input, job.file);
  if (opened != ExitCode::ok) {
    const ExitCode code = channel.fail(input.error);
    end_upload(std::move(up));
    co_return code;
  }
  const bool asks = input.length > expect_above_bytes;
  const Request request{
      .method = http1::Method::put,
      .where = &job.where,
      .body = input.is_stream ? RequestBody::chunked : RequestBody::length,
      .length = input.length,
      .expects_continue = asks && !user_decides(channel.session.settings, "Expect")};
  const ExitCode responded = co_await upload(*up, request);
  const ExitCode code = responded == ExitCode::ok ? conclude(*up, job.where) : responded;
  end_upload(std::move(up));
  disconnect(channel);
  co_return code;
}

}  // namespace client
