// The man page of a program, in mdoc, as mandoc and groff read it. Pure.
//
// Covered by tests/options/man_page_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "apps/options/table.h"

namespace options {

// The whole page, of section 1. `version` stands at its foot.
[[nodiscard]] std::string man_page(const Program& program, std::string_view version);

}  // namespace options
