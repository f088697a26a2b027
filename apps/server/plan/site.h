// Site: everything that one request is judged by, apart from its own bytes and the file system.
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
#include "parser/limits.h"

namespace server {

// What an answered write outlasts. A reader sees a whole file in any case.
enum class Durability : std::uint8_t {
  none,  // the end of this process, but no power cut within the half minute of the kernel's buffers
  data,  // a power cut leaves the old file or the new one, whole: fdatasync before the rename
  full,  // a power cut after the answer: fsync of the file, then of the directories
};

// How long a peer may take, in milliseconds, and how slow it may be.
struct Timeouts {
  // From the first byte of a request to its blank line: an honest client sends both in one go.
  std::int64_t head_ms = 10'000;
  // Between two requests: browsers and proxies keep a connection for about a minute.
  std::int64_t idle_ms = 60'000;
  // Until the next bytes of a body, received or sent: a phone in a tunnel comes back within half a
  // minute.
  std::int64_t body_ms = 30'000;
  // Bytes a second that a body must make on average after that; 0: any.
  std::uint64_t lowest_rate = 256;
};

struct Site {
  bool writable = false;
  bool dot_files = false;      // names that begin with a dot are served, too
  bool listing = true;         // a directory without an index file is shown as a list
  bool precompressed = false;  // a.css.gz for a.css; off: up to three look-ups more for each file
  std::vector<std::string> index = {"index.html"};
  std::string not_found;       // page for 404; empty: 404.html in root where it exists
  std::string fallback;        // page for 200 where nothing is found; empty: none
  std::uint64_t max_body = 0;  // bytes of one PUT; 0: no limit but the disk
  std::uint64_t reserve = 0;   // bytes of the disk that uploads leave free
  Durability durability = Durability::none;  // as caches want it; a sync takes milliseconds
  std::uint32_t max_requests = 0;            // on one connection; 0: any number
  Timeouts timeouts;
  http1::Limits limits;
  ExtraFields extra_fields;  // --header and --cors
  // Policy, computed by finish_site(): nothing in this Site makes the answer to a GET of a cached
  // file depend on more than the file and the fields of the request. Requests may then take the
  // fast path (read/from_cache.h).
  bool answers_from_cache = false;
};

// Computes what follows from the options of `site`. To be called once all of them are set, before
// any request sees it.
void finish_site(Site& site);

}  // namespace server
