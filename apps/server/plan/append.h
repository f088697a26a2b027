// Appending text to a buffer of fixed size. Pure. Covered by tests/server/plan/append_test.cc.
#pragma once

#include <algorithm>
#include <cassert>
#include <span>
#include <string_view>

namespace server {

// Copies `more` behind `text`, which is at the front of `buffer`, and returns both as one view.
// Both fit into the buffer, which the caller has sized by its limits.
[[nodiscard]] inline std::string_view append(std::span<char> buffer, std::string_view text,
                                             std::string_view more) {
  assert(more.size() <= buffer.size() - text.size());
  std::copy_n(more.data(), more.size(), buffer.data() + text.size());
  return {buffer.data(), text.size() + more.size()};
}

}  // namespace server
