// The part of a Site that follows from its options. Covered by tests/server/plan/site_test.cc.
#include "apps/server/plan/site.h"

namespace server {

// An option that can change the answer to a GET of a cached file without being part of the cached
// head is named here. max_requests: the last answer of a connection says close. precompressed: the
// answer depends on Accept-Encoding and on files beside the one that was requested.
void finish_site(Site& site) {
  const bool has_names = site.has_accounts || site.has_certificates;
  site.rules.finish(has_names);
  site.extra_fields.allows_credentials = has_names;
  site.is_guarded = has_names || !site.rules.empty();
  site.answers_from_cache = site.max_requests == 0 && !site.precompressed;
}

}  // namespace server
