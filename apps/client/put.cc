// Bringing: PUT of a file or of standard input.
//
// put() is the corridor of an upload: input → head → (may I?) → body → answer. The body goes out in
// a task of its own, while this one listens: a server that says no in the middle is heard at once,
// and not only when it has reset the connection. Covered by tests/client/put_test.cc.
#include <array>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/client/connect.h"
#include "apps/client/exchange.h"
#include "apps/client/interrupt.h"
#include "apps/client/jobs.h"

namespace client {

namespace {

// Smaller bodies are sent sooner than they could be refused.
constexpr std::uint64_t expect_above_bytes = 1024 * 1024;
// RFC 9110 10.1.1: a server may not know Expect; whoever does answers at once.
constexpr std::int64_t continue_patience_ms = 1000;
// After the connection broke while sending, an answer that is already here is read; none will come.
constexpr std::int64_t last_words_ms = 2000;

constexpr std::size_t data_bytes = Connection::buffer_bytes;
// "ffffffff\r\n" in front of a chunk, "\r\n" behind it.
constexpr std::size_t front_bytes = 16;
constexpr std::size_t back_bytes = 2;
constexpr std::string_view last_chunk = "0\r\n\r\n";

constexpr auto file_position = static_cast<std::uint64_t>(-1);

ExitCode fail_reading(Session& s, const std::string& name, std::string_view why) {
  return s.fail(ExitCode::read_error, "cannot read " + name + ": " + std::string(why));
}

// --- The input ---

ExitCode look_at_input(Session& s) {
  Upload& up = s.upload;
  struct stat facts {};
  if (::fstat(up.fd, &facts) != 0) {
    return fail_reading(s, up.name, uring::describe(uring::fault_of(errno)));
  }
  if (S_ISDIR(facts.st_mode)) {
    return fail_reading(s, up.name, "it is a directory; name a file in it");
  }
  up.is_chunked = !S_ISREG(facts.st_mode);
  up.length = up.is_chunked ? 0 : static_cast<std::uint64_t>(facts.st_size);
  return ExitCode::ok;
}

uring::Task<ExitCode> open_input(Session& s, const std::string& file) {
  Upload& up = s.upload;
  up.buffer.resize(front_bytes + data_bytes + back_bytes);
  up.name = file;
  if (file == standard_stream) {
    up.name = "standard input";
    up.fd = STDIN_FILENO;
    up.is_chunked = true;
    co_return ExitCode::ok;
  }
  const uring::OpenHow how{.flags = O_RDONLY | O_CLOEXEC | O_NOCTTY};
  const Interrupt::Helpless helpless;  // a named pipe waits for its writer
  const uring::Result opened = co_await s.io.open(AT_FDCWD, file.c_str(), how);
  if (!opened.ok()) {
    const std::string why(uring::describe(opened.fault()));
    co_return fail_reading(s, file, why + "; check the path");
  }
  up.fd = opened.value;
  co_return look_at_input(s);
}

void close_input(Session& s) {
  if (s.upload.fd > STDERR_FILENO && !s.upload.running) s.io.engine().close(s.upload.fd);
  s.upload.fd = -1;
}

// Puts the chunk's frame around the `count` bytes of data in the buffer. RFC 9112 7.1.
std::string_view framed(std::vector<char>& buffer, std::size_t count) {
  if (count == 0) return last_chunk;
  std::array<char, front_bytes + 1> size{};
  const int digits = std::snprintf(size.data(), size.size(), "%zx\r\n", count);
  char* begin = buffer.data() + front_bytes - digits;
  std::memcpy(begin, size.data(), static_cast<std::size_t>(digits));
  std::memcpy(buffer.data() + front_bytes + count, "\r\n", back_bytes);
  return {begin, static_cast<std::size_t>(digits) + count + back_bytes};
}

// While a stream is waited for, the server cannot be expected to move.
void begin_reading(Session& s) {
  s.upload.reading = s.upload.is_chunked;
  if (s.upload.reading && !s.upload.awaited) s.io.clear_deadline();
}

void end_reading(Session& s) {
  s.upload.reading = false;
  if (s.settings.idle_timeout_ms > 0 && !s.upload.awaited) {
    s.io.set_deadline(s.settings.idle_timeout_ms);
  }
}

// Reads what goes out next.
uring::Task<ExitCode> read_piece(Session& s) {
  Upload& up = s.upload;
  std::span<char> room = std::span(up.buffer).subspan(front_bytes, data_bytes);
  if (!up.is_chunked) {
    room = room.first(
        static_cast<std::size_t>(std::min<std::uint64_t>(room.size(), up.length - up.sent)));
  }
  const std::uint64_t offset = up.is_chunked ? file_position : up.sent;
  begin_reading(s);
  const uring::Result read = co_await s.upload_io.read(up.fd, room, offset);
  end_reading(s);
  if (read.fault() == uring::Fault::try_again) {
    pollfd polled{up.fd, POLLIN, 0};  // somebody made the stream non-blocking
    const Interrupt::Helpless helpless;
    ::poll(&polled, 1, -1);
    up.piece = {};
    co_return ExitCode::ok;
  }
  if (!read.ok()) co_return fail_reading(s, up.name, uring::describe(read.fault()));
  if (!up.is_chunked && read.count() == 0) {
    co_return fail_reading(s, up.name, "it became shorter while it was sent; send it again");
  }
  up.sent += read.count();
  up.is_last = up.is_chunked ? read.count() == 0 : up.sent == up.length;
  up.piece = up.is_chunked ? framed(up.buffer, read.count())
                           : std::string_view(up.buffer.data() + front_bytes, read.count());
  co_return ExitCode::ok;
}

// --- The sender ---

uring::Task<ExitCode> send_pieces(Session& s) {
  Upload& up = s.upload;
  up.is_last = !up.is_chunked && up.length == 0;
  while (!up.is_last) {
    const std::uint64_t before = up.sent;
    const ExitCode read = co_await read_piece(s);
    if (read != ExitCode::ok) co_return read;
    const ExitCode sent = co_await send_all(s, s.upload_io, up.piece);
    if (sent != ExitCode::ok) co_return sent;
    s.report.moved(up.sent - before, s.now());
  }
  co_return ExitCode::ok;
}

// Sends the body, as a task of the scope. Its end is seen by whoever reads the answer.
uring::Task<> send_body(Session& s) {
  Upload& up = s.upload;
  const ExitCode sent = co_await send_pieces(s);
  if (sent != ExitCode::ok) up.complaint = s.complaint;
  up.running = false;
  // A broken connection may still hold an answer; anything else ends the wait for one.
  const bool broken = sent == ExitCode::send_error;
  if (broken && !up.awaited) s.io.set_deadline(last_words_ms);
  if (up.awaited || (sent != ExitCode::ok && !broken)) s.io.stop();
}

// Stops the sender, if it still runs, and waits for its end. A read of a stream has no end that
// could be waited for: the sender is left in it, and the process will end around it.
uring::Task<> stop_sender(Session& s) {
  s.upload_io.stop();
  s.upload.awaited = true;
  while (s.upload.running && !s.upload.reading) {
    s.io.renew();
    co_await s.io.sleep(continue_patience_ms);
  }
  s.upload.awaited = false;
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
ExitCode judge_upload(Session& s, ExitCode read) {
  const Complaint& sending = s.upload.complaint;
  const bool answered = read == ExitCode::ok;
  if (s.stopping()) return s.fail_cancelled(s.io);
  if (sending.failed() && (!answered || sending.code == ExitCode::read_error)) {
    s.complaint = sending;
    return sending.code;
  }
  return read;
}

uring::Task<ExitCode> upload(Session& s, const Request& request) {
  const ExitCode connected = co_await connect(s, *request.where);
  if (connected != ExitCode::ok) co_return connected;
  const ExitCode sent = co_await send_head(s, request);
  if (sent != ExitCode::ok) co_return sent;
  if (request.expects_continue) {
    const bool refused = co_await wait_for_continue(s, request.method);
    if (refused) co_return ExitCode::ok;
  }
  s.upload.running = true;
  s.report.begin(s.upload.name, s.upload.is_chunked ? std::nullopt : std::optional(s.upload.length),
                 s.now());
  s.scope.spawn(send_body(s));
  const ExitCode read = co_await read_final_head(s, request.method);
  if (s.upload.running) co_await stop_sender(s);
  s.report.end();
  co_return judge_upload(s, read);
}

ExitCode conclude(Session& s, const Job& job) {
  if (s.head.status_class() != 2) return fail_refused(s, job.where);
  if (!s.upload.is_last || s.upload.complaint.failed()) {
    return s.fail(ExitCode::weird_reply, job.where.text() + ": the server answered " +
                                             status_text(s.head) +
                                             " before it had the whole body; look what is there");
  }
  s.report.confirm("stored " + s.upload.name + " (" + std::to_string(s.upload.sent) +
                   " bytes) at " + job.where.text() + ": " + status_text(s.head));
  return ExitCode::ok;
}

}  // namespace

uring::Task<ExitCode> put(Session& s, const Job& job) {
  const ExitCode opened = co_await open_input(s, job.file);
  if (opened != ExitCode::ok) co_return opened;
  const Upload& up = s.upload;
  const Request request{
      .method = http1::Method::put,
      .where = &job.where,
      .body = up.is_chunked ? RequestBody::chunked : RequestBody::length,
      .length = up.length,
      .expects_continue = up.length > expect_above_bytes && !user_decides(s.settings, "Expect")};
  const ExitCode answered = co_await upload(s, request);
  const ExitCode code = answered == ExitCode::ok ? conclude(s, job) : answered;
  close_input(s);
  if (!up.running) disconnect(s);
  co_return code;
}

}  // namespace client
