// DELETE. Covered by tests/client/jobs/delete_test.cc.
#include <utility>

#include "apps/client/jobs/jobs.h"
#include "apps/client/net/exchange.h"

namespace client {

uring::Task<ExitCode> remove(Channel& channel, const Job& job) {
  const Request request{
      .method = http1::Method::delete_, .where = &job.where, .condition = &job.condition};
  const ExitCode responded = co_await exchange(channel, request);
  if (responded != ExitCode::ok) co_return responded;

  const http1::ResponseHead& head = channel.head;
  ExitReason failure =
      unrequested(head, http1::Method::delete_, channel.session.settings, job.where);
  if (!failure && head.status_class() != 2) failure = refused(head, job.where);
  if (!failure) {
    channel.session.report.count_saved(0);
    channel.session.report.confirm("deleted " + job.where.text() + ": " + status_text(head));
  }
  const ExitCode code = failure ? channel.fail(std::move(failure)) : ExitCode::ok;
  co_await skip_body(channel);
  co_return code;
}

}  // namespace client
