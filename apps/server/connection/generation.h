// Generation: everything that a reload of the configuration replaces as a whole.
//
// The main thread makes a Generation and publishes it to each worker, which adopts it between two
// loop iterations (WorkerState::adopt()). It is constant from then on, and read without a lock. A
// request keeps the generation that it began with, which is deleted when no exchange of any worker
// uses it. Covered by tests/server/connection/worker_state_test.cc and
// tests/end_to_end/reload_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "apps/crypto/server_context.h"
#include "apps/server/connection/request_ids.h"
#include "apps/server/files/mime.h"
#include "apps/server/listen/address_counts.h"
#include "apps/server/log/log_format.h"
#include "apps/server/plan/forwarded.h"
#include "apps/server/plan/site.h"
#include "apps/server/plan/trust.h"

namespace server {

class Accounts;  // auth/accounts.h

struct Generation {
  std::uint32_t number = 1;  // of the first one; each further one has the next number
  Site site;                 // judges each request
  // Never null. The next generation has the same table if no type has changed, so that the file
  // cache keeps its views of it.
  std::shared_ptr<const Mime> mime = std::make_shared<const Mime>();
  Trust trust;                                                 // proxies that are believed
  ForwardedField forwarded = ForwardedField::x_forwarded_for;  // the field that proxies write
  // For connections that speak TLS; null: there are none.
  std::shared_ptr<const crypto::ServerContext> tls;
  bool proxy_protocol = false;  // trusted peers begin with a PROXY header
  bool logs_requests = false;   // Shared::access_log gets a line for each request
  bool logs_durations = false;  // with its duration
  std::shared_ptr<const LogFormat> log_format = std::make_shared<const LogFormat>();  // never null
  bool gives_request_ids = false;         // responses have X-Request-Id
  bool logs_heads = false;                // Shared::head_log gets the heads
  std::uint64_t cache_bytes = 0;          // of each worker's file cache; 0: no cache
  std::uint64_t most_connections = 1024;  // of all workers; further clients get a 503
  std::uint64_t most_from_address = 0;    // connections of one address; 0: any
  // Counts the connections of each address. Null until a generation needs it; all later generations
  // have the same one.
  std::shared_ptr<AddressCounts> addresses;

  // The users and tokens; null: there are no such files.
  std::shared_ptr<const Accounts> accounts;

  // Whether the address of a peer is used for anything.
  bool needs_peers() const {
    return logs_peers() || most_from_address > 0 || site.is_guarded || !trust.networks.empty();
  }
  // Whether the log line of a request has texts of that request's own.
  bool has_own_texts() const { return gives_request_ids || site.is_guarded; }
  // Whether a log has the address of a client.
  bool logs_peers() const { return logs_requests || logs_heads; }
};

// A Generation as one worker uses it: the current one, or an older one that exchanges still use.
// Only the worker's thread uses it, once it is adopted.
struct LiveGeneration {
  explicit LiveGeneration(std::shared_ptr<const Generation> adopted)
      : generation(std::move(adopted)) {}

  std::shared_ptr<const Generation> generation;
  std::unique_ptr<RequestIds> request_ids;  // for a worker that has none yet
  std::uint32_t exchanges = 0;              // the number of exchanges that use it, with idle ones
  bool is_current = true;                   // new requests use it
  bool records_responses = false;           // each response is logged or counted when it was sent
  bool answers_from_cache = false;  // requests may be answered by the fast path (from_cache.h)
};

}  // namespace server
