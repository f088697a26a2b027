// The version of this program and the commit that it was built from, as words without quotes.
// Covered by tests/server/admin/metrics_test.cc.
#pragma once

#include <string_view>

namespace server {

std::string_view build_version();
// "unknown" where the sources are not in a git repository.
std::string_view build_commit();

}  // namespace server
