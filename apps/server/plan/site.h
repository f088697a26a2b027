// Site: the configuration that decides how a request is answered.
//
// A Site is immutable once requests see it. A new configuration is a new Site, which replaces the
// old one as a whole; a request keeps the Site that it began with. Covered by
// tests/server/plan/site_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/server/plan/extra_fields.h"
#include "apps/server/plan/rules.h"
#include "parser/limits.h"

namespace server {

// The failures that a confirmed write survives. A reader sees a whole file in any case.
enum class Durability : std::uint8_t {
  none,  // the end of this process. The kernel writes to the disk within about half a minute; a
         // power cut before that may lose the file
  data,  // a power cut leaves the whole old file or the whole new one: fdatasync before the rename
  full,  // a power cut after the response loses nothing: fsync of the file, then of the directories
};

// Timeouts of a peer, in milliseconds, and its lowest rate.
struct Timeouts {
  // From the first byte of a request head to its last: a client sends a head in one piece.
  std::int64_t head_ms = 10'000;
  // Between two requests: browsers and proxies keep an idle connection for about a minute.
  std::int64_t idle_ms = 60'000;
  // Until the next bytes of a body, received or sent. Half a minute bridges the usual interruptions
  // of a mobile connection.
  std::int64_t body_ms = 30'000;
  // Bytes a second: the lowest average rate of a body after that time; 0: no limit.
  std::uint64_t lowest_rate = 256;
};

struct Site {
  bool writable = false;
  bool dot_files = false;  // names that begin with a dot are served
  bool listing = true;     // a directory without an index file gets a listing
  bool archives = true;    // a directory is sent as tar or zip where a request asks for that;
                           // not without `listing`
  std::uint64_t most_archives = 8;  // at once, of all workers
  bool precompressed = false;       // a.css.gz is sent for a.css. Off by default: it costs up to
                                    // three more look-ups a file
  std::vector<std::string> index = {"index.html"};
  std::string not_found;       // the page for 404; empty: 404.html of the root where it exists
  std::string fallback;        // the page for 200 in place of a 404; empty: none
  std::uint64_t max_body = 0;  // bytes of one PUT; 0: no limit
  std::uint64_t reserve = 0;   // bytes of the disk that uploads leave free
  Durability durability = Durability::none;  // a sync takes milliseconds
  bool resumable = false;                    // uploads can be resumed
  // Seconds that an unfinished upload is kept after its last byte: a day, so that a laptop that was
  // closed in the evening goes on in the morning.
  std::int64_t upload_expiry_s = 86'400;
  std::uint32_t max_requests = 0;  // on one connection; 0: no limit
  Timeouts timeouts;
  http1::Limits limits;
  ExtraFields extra_fields;       // --header and --cors
  Rules rules;                    // --allow
  bool has_accounts = false;      // askers may have names: --users and --tokens
  bool has_certificates = false;  // askers may have names of certificates: --tls-client-ca
  // Computed by finish_site(): rules and credentials decide about requests. Else everyone may do
  // all that `writable` says, and credentials are ignored.
  bool is_guarded = false;
  // Policy, computed by finish_site(): nothing in this Site makes the answer to a GET of a cached
  // file depend on more than the file and the fields of the request. Requests may then take the
  // fast path (read/from_cache.h).
  bool answers_from_cache = false;
};

// Computes what follows from the options of `site`. To be called once all of them are set, before
// any request sees it.
void finish_site(Site& site);

}  // namespace server
