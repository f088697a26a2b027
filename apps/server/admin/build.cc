// The only file that is compiled again for each commit. Covered by
// tests/server/admin/metrics_test.cc.
#include "apps/server/admin/build.h"

namespace server {

std::string_view build_version() { return QUOIT_VERSION; }
std::string_view build_commit() { return QUOIT_COMMIT; }

}  // namespace server
