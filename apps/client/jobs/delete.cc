// DELETE. Covered by tests/client/jobs/delete_test.cc.
#include "apps/client/jobs/jobs.h"
#include "apps/client/net/exchange.h"

namespace client {

uring::Task<ExitCode> remove(Channel& channel, const Job& job) {
  const Request request{.method = http1::Method::delete_, .where = &job.where};
  const ExitCode responded = co_await exchange(channel, request);
  if (responded != ExitCode::ok) co_return responded;

  const http1::ResponseHead& head = channel.head;
  ExitCode code = ExitCode::ok;
  if (head.status_class() == 2) {
    channel.session.report.confirm("deleted " + job.where.text() + ": " + status_text(head));
  } else {
    code = channel.fail(refused(head, job.where));
  }
  co_await skip_body(channel);
  co_return code;
}

}  // namespace client
