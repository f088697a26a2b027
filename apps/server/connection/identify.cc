// Choosing the id. Covered by tests/server/connection/identify_test.cc and
// tests/end_to_end/request_id_test.cc.
#include "apps/server/connection/identify.h"

#include "apps/server/connection/worker_state.h"
#include "apps/server/log/log_format.h"
#include "apps/server/plan/request_id.h"

namespace server {

namespace {

// The id that a trusted proxy has sent with the request; empty if there is none, or no valid one.
std::string_view announced_id(const Connection& c) {
  const http1::RequestHead& head = c.exchange->request.head;
  if (!c.is_trusted || head.size() == 0) return {};
  const std::string_view id = unknown_field(head, "X-Request-Id");
  return is_request_id(id) ? id : std::string_view();
}

}  // namespace

void identify_request(Connection& c) {
  Exchange& x = *c.exchange;
  RequestIds& ids = *c.worker.request_ids;
  x.plan.request_id = announced_id(c);
  if (x.plan.request_id.empty()) x.plan.request_id = ids.kept(c);
  if (!x.plan.request_id.empty()) return;
  ids.make(x.made_id);
  x.plan.request_id = {x.made_id.data(), x.made_id.size()};
}

}  // namespace server
