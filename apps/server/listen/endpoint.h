// Endpoint: what is special about a listener, and the Site that its requests are judged by.
//
// One for each --listen of each worker; a connection names its endpoint by index. All endpoints of
// a worker are used by its thread alone. Covered by tests/server/connection/worker_state_test.cc.
#pragma once

#include <cstdint>
#include <memory>

#include "apps/server/plan/site.h"

namespace server {

struct Endpoint {
  enum class Purpose : std::uint8_t {
    files,  // the served tree
    admin,  // health and metrics, apart from what is served
  };

  Purpose purpose = Purpose::files;
  bool speaks_tls = false;
  bool reads_proxy_header = false;   // a PROXY header tells the client's address
  std::shared_ptr<const Site> site;  // never null; replaced as a whole
};

}  // namespace server
