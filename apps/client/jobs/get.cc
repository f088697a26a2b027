// GET into a file.
//
// get() reads in the order of a download: request, response, file. The file gets its name when the
// last byte has come; before that, and after any failure, an existing file keeps its content.
// Covered by tests/client/jobs/get_test.cc.
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "apps/client/jobs/jobs.h"
#include "apps/client/local/output_file.h"
#include "apps/client/net/exchange.h"
#include "parser/date.h"

namespace client {

namespace {

void confirm_saved(Report& report, const OutputFile& output, const std::string& pace) {
  report.count_saved(output.size);
  if (output.target.empty()) return;
  report.confirm("saved " + output.name + " (" + std::to_string(output.size) + " bytes)" + pace);
}

bool exists(const std::string& file) {
  return file != standard_stream && ::access(file.c_str(), F_OK) == 0;
}

// The value of Last-Modified, in Unix seconds.
std::optional<std::int64_t> modification_of(const http1::ResponseHead& head) {
  const std::string_view text = head.value_of(http1::FieldName::last_modified);
  return http1::parse_date(text, static_cast<std::int64_t>(std::time(nullptr)));
}

// The time of the last modification of a regular file, in Unix seconds.
std::optional<std::int64_t> modification_of(const std::string& file) {
  struct stat facts {};
  if (file == standard_stream || ::stat(file.c_str(), &facts) != 0) return std::nullopt;
  return S_ISREG(facts.st_mode) ? std::optional<std::int64_t>(facts.st_mtim.tv_sec) : std::nullopt;
}

uring::Task<ExitCode> save_body(Channel& channel, const std::string& file) {
  const Session& session = channel.session;
  BodyReader body(channel.head.body());
  OutputFile output{.makes_directories = session.settings.makes_directories};
  if (session.settings.keeps_times) output.modified = modification_of(channel.head);
  const ExitCode opened = co_await open_output(channel.io, output, file);
  if (opened != ExitCode::ok) {
    disconnect(channel);
    co_return channel.fail(output.error);
  }
  session.report.begin(output.name, body.total(), session.now());
  const ExitCode received = co_await receive_body(channel, body, output);
  const std::string pace = session.report.end(session.now());
  // A body that ends with the connection may have ended because the signal reached the server, too.
  const bool stopped = received == ExitCode::ok && session.stopping();
  const ExitCode code = stopped ? channel.fail(cancelled(channel, channel.io)) : received;
  if (code != ExitCode::ok) {
    disconnect(channel);
    co_await discard_output(channel.io, output);
    co_return code;
  }
  finish_exchange(channel);
  const ExitCode published = co_await publish_output(channel.io, output);
  if (published != ExitCode::ok) co_return channel.fail(output.error);
  confirm_saved(session.report, output, pace);
  co_return published;
}

void warn_of_coding(const Session& session, const http1::ResponseHead& head, const Url& where) {
  const std::string coding(unrequested_coding(head, session.settings));
  if (coding.empty()) return;
  session.report.warn(where.text() + ": the server sends the file encoded (" + coding +
                      "), and quoit saves it as it comes; decode it, or try again");
}

}  // namespace

uring::Task<ExitCode> get(Channel& channel, const Job& job) {
  Url where = job.where;
  if (channel.session.settings.keeps_files && exists(job.file)) {
    channel.session.report.confirm(job.file + " exists already, and is left alone");
    co_return ExitCode::ok;
  }
  Request request{.method = http1::Method::get};
  if (channel.session.settings.only_newer) request.newer_than = modification_of(job.file);
  const ExitCode responded = co_await exchange_following(channel, request, where);
  if (responded != ExitCode::ok) co_return responded;

  const http1::ResponseHead& head = channel.head;
  const Settings& settings = channel.session.settings;
  ExitReason astray = unrequested(head, http1::Method::get, settings, where);
  if (astray) {
    disconnect(channel);
    co_return channel.fail(std::move(astray));
  }
  if (head.status() == 304) {
    channel.session.report.confirm(where.text() + " has not changed");
    co_await skip_body(channel);
    co_return ExitCode::ok;
  }
  if (head.status_class() != 2) {
    const ExitCode code = channel.fail(refused(head, where));
    co_await skip_body(channel);
    co_return code;
  }
  warn_of_coding(channel.session, head, where);
  const ExitCode saved = co_await save_body(channel, job.file);
  co_return saved;
}

}  // namespace client
