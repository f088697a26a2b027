// Asking: GET into a file, HEAD to the screen, DELETE.
//
// get() is the corridor of a download: ask → answer → file. The file appears when the last byte has
// come; before that, and after any failure, what was there is there.
// Covered by tests/client/get_test.cc.
#include <string>
#include <unistd.h>

#include "apps/client/exchange.h"
#include "apps/client/jobs.h"
#include "apps/client/output_file.h"

namespace client {

namespace {

void confirm_saved(Session& s, const OutputFile& output) {
  if (output.target.empty()) return;
  s.report.confirm("saved " + output.name + " (" + std::to_string(output.size) + " bytes)");
}

uring::Task<ExitCode> save_body(Session& s, const std::string& file) {
  BodyReader body(s.head.body());
  OutputFile output;
  const ExitCode opened = co_await open_output(s.io, output, file);
  if (opened != ExitCode::ok) {
    disconnect(s);
    co_return s.fail(output.error);
  }
  s.report.begin(output.name, body.total(), s.now());
  const ExitCode received = co_await receive_body(s, body, output);
  s.report.end();
  if (received != ExitCode::ok) {
    disconnect(s);
    co_await discard_output(s.io, output);
    co_return received;
  }
  finish_exchange(s);
  const ExitCode published = co_await publish_output(s.io, output);
  if (published != ExitCode::ok) co_return s.fail(output.error);
  confirm_saved(s, output);
  co_return published;
}

// RFC 9110 15.3.7: a part answers Range, and only who asked for one by -H knows what to do with it.
bool is_unasked_part(const Session& s) {
  return s.head.status() == 206 && !user_decides(s.settings, "Range");
}

// A head as a text: line feeds alone, and the blank line, which parts it from the next one.
std::string as_lines(std::string_view head) {
  std::string lines;
  for (const char byte : head) {
    if (byte != '\r') lines += byte;
  }
  return lines;
}

}  // namespace

uring::Task<ExitCode> get(Session& s, const Job& job) {
  Location where = job.where;
  const ExitCode answered = co_await exchange_following(s, http1::Method::get, where);
  if (answered != ExitCode::ok) co_return answered;

  if (s.head.status() == 304) {  // only when -H made the request conditional
    s.report.confirm(where.text() + " has not changed");
    co_await skip_body(s);
    co_return ExitCode::ok;
  }
  if (s.head.status_class() != 2) {
    const ExitCode refused = fail_refused(s, where);
    co_await skip_body(s);
    co_return refused;
  }
  if (is_unasked_part(s)) {
    disconnect(s);
    co_return s.fail(ExitCode::weird_reply,
                     where.text() + ": the server sent a part that nobody asked for");
  }
  const ExitCode saved = co_await save_body(s, job.file);
  co_return saved;
}

uring::Task<ExitCode> head(Session& s, const Job& job) {
  Location where = job.where;
  const ExitCode answered = co_await exchange_following(s, http1::Method::head, where);
  if (answered != ExitCode::ok) co_return answered;

  const std::string lines = as_lines(s.head_text);
  OutputFile output;
  const std::string standard_output = standard_stream;
  const ExitCode opened = co_await open_output(s.io, output, standard_output);
  if (opened != ExitCode::ok) co_return s.fail(output.error);
  const ExitCode written = co_await write_output(s.io, output, lines);
  if (written != ExitCode::ok) co_return s.fail(output.error);
  const ExitCode code = s.head.status_class() <= 3 ? ExitCode::ok : fail_refused(s, where);
  co_await skip_body(s);
  co_return code;
}

uring::Task<ExitCode> remove(Session& s, const Job& job) {
  const Request request{.method = http1::Method::delete_, .where = &job.where};
  const ExitCode answered = co_await exchange(s, request);
  if (answered != ExitCode::ok) co_return answered;

  const bool done = s.head.status_class() == 2;
  if (done) s.report.confirm("deleted " + job.where.text() + ": " + status_text(s.head));
  const ExitCode code = done ? ExitCode::ok : fail_refused(s, job.where);
  co_await skip_body(s);
  co_return code;
}

}  // namespace client
