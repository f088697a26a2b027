// Endpoint: the properties of one listening address, and the Site that its requests are judged by.
//
// Each worker has one for each --listen; a connection has the index of its endpoint. Only the
// worker's thread uses them. Covered by tests/server/connection/worker_state_test.cc.
#pragma once

#include <cstdint>
#include <memory>

#include "apps/server/plan/site.h"

namespace server {

struct Endpoint {
  enum class Purpose : std::uint8_t {
    files,  // the served tree
    admin,  // health and metrics, which the other purpose does not serve
  };

  Purpose purpose = Purpose::files;
  bool speaks_tls = false;
  bool reads_proxy_header = false;   // a PROXY header contains the client's address
  std::shared_ptr<const Site> site;  // never null; replaced as a whole
};

}  // namespace server
