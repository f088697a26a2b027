// Bringing: PUT of a file or of standard input.
//
// put() is the corridor of an upload: input → head → (may I?) → body → answer. The body goes out in
// a task of its own, while this one listens: a server that says no in the middle is heard at once,
// and not only when it has reset the connection. Covered by tests/client/put_test.cc.
#include <memory>
#include <optional>
#include <string>

#include "apps/client/connect.h"
#include "apps/client/exchange.h"
#include "apps/client/input_file.h"
#include "apps/client/jobs.h"

namespace client {

namespace {

// Smaller bodies are sent sooner than they could be refused.
constexpr std::uint64_t expect_above_bytes = 1024 * 1024;
// RFC 9110 10.1.1: a server may not know Expect; whoever does answers at once.
constexpr std::int64_t continue_patience_ms = 1000;
// After the connection broke while sending, an answer that is already here is read; none will come.
constexpr std::int64_t last_words_ms = 2000;

// The body of a PUT on its way. A task of its own sends it, so that an early response is read while
// the body is still being sent.
struct Upload {
  explicit Upload(Session& home) : session(home), io(home.scope) {}

  uring::FramePool& frames() { return io.frames(); }

  Session& session;
  uring::Io io;  // the sender's
  InputFile input;
  bool running = false;    // the sender's task has not ended
  bool reading = false;    // the sender waits for a stream, which nothing can cancel
  bool awaited = false;    // put() sleeps until the sender ends
  bool abandoned = false;  // put() has returned: the sender owns the upload, and deletes it
  Complaint error = {};    // why the sender ended early
};

// --- The sender ---

// While a stream is waited for, the server cannot be expected to send anything.
void begin_reading(Upload& up) {
  if (!up.input.is_stream) return;
  up.reading = up.session.input_awaited = true;
  ++up.session.stream_reads;
  if (!up.awaited) up.session.io.clear_deadline();
}

void end_reading(Upload& up) {
  Session& s = up.session;
  if (up.reading) --s.stream_reads;
  up.reading = false;
  if (up.abandoned) return;
  s.input_awaited = false;
  if (s.settings.idle_timeout_ms > 0 && !up.awaited) {
    s.io.set_deadline(s.settings.idle_timeout_ms);
  }
}

uring::Task<ExitCode> send_pieces(Upload& up) {
  Session& s = up.session;
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
    const ExitCode sent = co_await send_all(s, up.io, input.piece);
    if (sent != ExitCode::ok) {
      up.error = s.complaint;
      co_return sent;
    }
    s.report.moved(input.size - before, s.now());
  }
  co_return ExitCode::ok;
}

// Sends the body, as a task of the scope. The coroutine that reads the response notices its end.
uring::Task<> send_body(Upload& up) {
  const ExitCode sent = co_await send_pieces(up);
  up.running = false;
  if (up.abandoned) {
    close_input(up.io.engine(), up.input);
    delete &up;
    co_return;
  }
  uring::Io& reader = up.session.io;
  // A broken connection may still hold a response; any other failure ends the wait for one.
  const bool broken = sent == ExitCode::send_error;
  if (broken && !up.awaited) reader.set_deadline(last_words_ms);
  if (up.awaited || (sent != ExitCode::ok && !broken)) reader.stop();
}

// Stops the sender, if it still runs, and waits for its end. A read of a stream may never end: the
// sender is left in it, and the process ends around it.
uring::Task<> stop_sender(Upload& up) {
  up.io.stop();
  up.awaited = true;
  while (up.running && !up.reading) {
    up.session.io.renew();
    co_await up.session.io.sleep(continue_patience_ms);
  }
  up.awaited = false;
}

// --- The answer ---

// Waits for the permission to send the body. True: there is a final answer instead of it.
uring::Task<bool> wait_for_continue(Session& s, http1::Method method) {
  for (int count = 0; count < 16; ++count) {
    const ExitCode read = co_await read_head(s, method, continue_patience_ms);
    if (read == ExitCode::ok && s.head.status() == 100) co_return false;
    if (read == ExitCode::ok && s.head.status() >= 200) co_return true;
    if (read != ExitCode::ok) break;
  }
  // A server that does not know Expect says nothing. Any other failure comes again, later.
  if (s.io.timed_out() && !s.stopping()) s.io.renew();
  co_return false;
}

// What the whole upload came to: the sender's own failure is the cause of the reader's.
ExitCode judge_upload(Session& s, const Complaint& sending, ExitCode read) {
  const bool answered = read == ExitCode::ok;
  if (s.stopping()) return s.fail_cancelled(s.io);
  if (sending.failed() && (!answered || sending.code == ExitCode::read_error)) {
    s.complaint = sending;
    return sending.code;
  }
  return read;
}

uring::Task<ExitCode> upload(Upload& up, const Request& request) {
  Session& s = up.session;
  const ExitCode connected = co_await connect(s, *request.where);
  if (connected != ExitCode::ok) co_return connected;
  const ExitCode sent = co_await send_head(s, request);
  if (sent != ExitCode::ok) co_return sent;
  if (request.expects_continue) {
    const bool refused = co_await wait_for_continue(s, request.method);
    if (refused) co_return ExitCode::ok;
  }
  up.running = true;
  s.report.begin(up.input.name, up.input.is_stream ? std::nullopt : std::optional(up.input.length),
                 s.now());
  s.scope.spawn(send_body(up));
  const ExitCode read = co_await read_final_head(s, request.method);
  if (up.running) co_await stop_sender(up);
  s.report.end();
  co_return judge_upload(s, up.error, read);
}

ExitCode conclude(const Upload& up, const Job& job) {
  Session& s = up.session;
  if (s.head.status_class() != 2) return fail_refused(s, job.where);
  if (!up.input.at_end || up.error.failed()) {
    return s.fail(ExitCode::weird_reply, job.where.text() + ": the server answered " +
                                             status_text(s.head) +
                                             " before it had the whole body; look what is there");
  }
  s.report.confirm("stored " + up.input.name + " (" + std::to_string(up.input.size) +
                   " bytes) at " + job.where.text() + ": " + status_text(s.head));
  return ExitCode::ok;
}

// Closes the input and frees the upload; both are left to the sender where it still runs.
void end_upload(std::unique_ptr<Upload> up) {
  if (up->running) {
    up->abandoned = true;
    up->session.input_awaited = false;
    static_cast<void>(up.release());
    return;
  }
  close_input(up->io.engine(), up->input);
}

}  // namespace

uring::Task<ExitCode> put(Session& s, const Job& job) {
  std::unique_ptr<Upload> up = std::make_unique<Upload>(s);
  const InputFile& input = up->input;
  const ExitCode opened = co_await open_input(s.io, up->input, job.file);
  if (opened != ExitCode::ok) {
    const Complaint error = input.error;
    end_upload(std::move(up));
    co_return s.fail(error);
  }
  const Request request{
      .method = http1::Method::put,
      .where = &job.where,
      .body = input.is_stream ? RequestBody::chunked : RequestBody::length,
      .length = input.length,
      .expects_continue = input.length > expect_above_bytes && !user_decides(s.settings, "Expect")};
  const ExitCode answered = co_await upload(*up, request);
  const ExitCode code = answered == ExitCode::ok ? conclude(*up, job) : answered;
  end_upload(std::move(up));
  disconnect(s);
  co_return code;
}

}  // namespace client
