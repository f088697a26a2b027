// The checks of options, ROOT and inherited sockets at the start: an option that can never work
// ends the start, and one that does not work yet gets a warning on standard error.
//
// Used by the main thread. Covered by tests/end_to_end/start_test.cc and
// inherited_test.cc.
#pragma once

#include "apps/options/exit_reason.h"
#include "apps/server/config/config.h"
#include "apps/server/listen/inherited.h"
#include "apps/server/plan/site.h"

namespace server {

// Fails if an address is both an option and a socket of a service manager, or if there are several
// sockets for the admin listener.
[[nodiscard]] options::ExitReason check_inherited(const InheritedSockets& inherited,
                                                  const Config& config);

// Warns about each page of `site` that does not exist under the directory `root`. Requests that
// need a page look for it again.
void check_pages(const Site& site, int root);

// With --writable: fails if nothing under ROOT, which `root` refers to, can ever be written, and
// warns if nothing can be created in ROOT itself.
[[nodiscard]] options::ExitReason check_writable(const Config& config, int root);

}  // namespace server
