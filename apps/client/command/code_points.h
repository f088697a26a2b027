// Ranges of Unicode code points, as tables of characters with a property consist of them.
//
// Covered by tests/client/command/printable_test.cc and tests/client/screen/columns_test.cc.
#pragma once

#include <algorithm>
#include <span>

namespace client {

struct CodePoints {
  char32_t first, last;  // both included
};

[[nodiscard]] inline bool holds(std::span<const CodePoints> ranges, char32_t code) {
  return std::any_of(ranges.begin(), ranges.end(), [code](const CodePoints& range) {
    return code >= range.first && code <= range.last;
  });
}

}  // namespace client
