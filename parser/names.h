// Recognising methods and field names, and the text of each.
//
// Recognition is one hash of the length and the outer bytes into a table that the compiler computes
// and that has no collisions, then one comparison.
// Covered by tests/parser/names_test.cc.
#pragma once

#include <string_view>

#include "parser/vocabulary.h"

namespace http1 {

// Returns the method of that exact text, or unknown.
[[nodiscard]] Method method_of(std::string_view text) noexcept;
// Returns the name of that text in any case, or other.
[[nodiscard]] FieldName field_name_of(std::string_view text) noexcept;

// Each returns a constant of the program: as the RFCs spell it; empty for unknown and other.
[[nodiscard]] std::string_view text_of(Method method) noexcept;
[[nodiscard]] std::string_view text_of(FieldName name) noexcept;
[[nodiscard]] std::string_view text_of(Version version) noexcept;

}  // namespace http1
