// HEAD, with the response's head to standard output: its bytes, or on a terminal their printable
// form. Covered by tests/client/jobs/head_test.cc.
#include <string>
#include <utility>

#include "apps/client/jobs/jobs.h"
#include "apps/client/jobs/print.h"
#include "apps/client/net/exchange.h"

namespace client {

namespace {

// A head as text: line feeds alone, and the blank line, which separates it from the next one.
std::string as_lines(std::string_view head) {
  std::string lines;
  for (const char byte : head) {
    if (byte != '\r') lines += byte;
  }
  return lines;
}

}  // namespace

uring::Task<ExitCode> head(Channel& channel, const Job& job) {
  Url where = job.where;
  const Request request{.method = http1::Method::head};
  const ExitCode responded = co_await exchange_following(channel, request, where);
  if (responded != ExitCode::ok) co_return responded;

  const std::string lines = as_lines(channel.head_text);
  const ExitCode printed = co_await print(channel, lines);
  if (printed != ExitCode::ok) co_return printed;
  ExitReason failure =
      unrequested(channel.head, http1::Method::head, channel.session.settings, where);
  if (!failure && channel.head.status_class() > 3) failure = refused(channel.head, where);
  const ExitCode code = failure ? channel.fail(std::move(failure)) : ExitCode::ok;
  co_await skip_body(channel);
  co_return code;
}

}  // namespace client
