// From announcements to addresses. Covered by tests/server/connection/client_test.cc and
// tests/end_to_end/proxy_test.cc.
#include "apps/server/connection/client.h"

#include "apps/server/connection/worker_state.h"
#include "apps/server/plan/forwarded.h"
#include "apps/server/plan/proxy_header.h"

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
  if (!header.client) return progress;
  c.worker.take_client(c, *header.client);
  c.peer = *header.client;
  c.is_trusted = c.worker.shared.trust->contains(c.peer);
  return progress;
}

void take_forwarded_client(Connection& c) {
  const Shared& shared = c.worker.shared;
  const http1::RequestHead& head = c.exchange->request.head;
  c.worker.take_client(c, client_of(head, shared.forwarded, *shared.trust, c.peer));
}

}  // namespace server
