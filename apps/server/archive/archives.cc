// Covered by tests/server/archive/archive_stream_test.cc.
#include "apps/server/archive/archives.h"

namespace server {

Archives::Archives() : utf8(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {}

Archives::~Archives() {
  if (utf8) ::freelocale(utf8);
}

bool Archives::enter(std::uint64_t most) {
  if (running_.fetch_add(1) < most) return true;
  leave();
  return false;
}

}  // namespace server
