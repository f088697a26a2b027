// The width of text on a terminal.
//
// Pure. Covered by tests/client/screen/columns_test.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace client {

// The columns that a text without control characters takes: combining marks take none, characters
// of East Asian scripts and emoji two. Terminals differ on rare characters.
[[nodiscard]] std::size_t columns_of(std::string_view text);

// `text`, or its front with "…" where it takes more than `columns` columns.
[[nodiscard]] std::string shortened(std::string_view text, std::size_t columns);

}  // namespace client
