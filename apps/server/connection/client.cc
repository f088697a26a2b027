// From announcements to addresses. Covered by tests/server/connection/client_test.cc and
// tests/end_to_end/proxy_test.cc.
#include "apps/server/connection/client.h"

#include "apps/server/connection/worker_state.h"
#include "apps/server/plan/forwarded.h"
#include "apps/server/plan/proxy_header.h"
#include "uring/monotonic.h"

namespace server {

using http1::Progress;

Progress take_proxy_header(Connection& c) {
  Exchange& x = *c.exchange;
  ProxyHeader header;
  const Progress progress = read_proxy_header(x.in.unused(), header);
  if (progress == Progress::more) {
    // The memory of the input is large enough for an incomplete head.
    const bool fits = x.in.unused().size() < x.site->limits.head_bytes;
    return fits ? Progress::more : Progress::failed;
  }
  if (progress == Progress::failed) return progress;
  x.in.begin += header.size;
  c.awaits_proxy_header = false;
  if (!header.unique_id.empty() && c.worker.request_ids) {
    c.worker.request_ids->keep(c, header.unique_id);
  }
  if (!header.client) return progress;
  c.worker.take_client(c, *header.client);
  c.peer = *header.client;
  c.is_trusted = x.live->generation->trust.contains(c.peer);
  return progress;
}

void record_missing_header(const Connection& c) {
  using Reason = Refusals::Reason;
  Refusals* const refusals = c.worker.shared.refusals;
  const std::string_view bytes = c.exchange ? c.exchange->in.unused() : std::string_view();
  const bool is_late = c.io.timed_out();
  if (!refusals || c.io.stopped() || (bytes.empty() && !is_late)) return;
  Reason reason = Reason::malformed_proxy_header;
  if (!may_be_proxy_header(bytes)) reason = Reason::missing_proxy_header;
  if (is_late) reason = Reason::late_proxy_header;
  refusals->record(c.peer, reason, uring::monotonic_us());
}

void take_forwarded_client(Connection& c) {
  const Generation& generation = *c.exchange->live->generation;
  const http1::RequestHead& head = c.exchange->request.head;
  c.worker.take_client(c, client_of(head, generation.forwarded, generation.trust, c.peer));
}

}  // namespace server
