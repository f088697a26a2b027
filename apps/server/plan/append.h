// Appending text to a buffer of fixed size. Pure. Covered by tests/server/plan/append_test.cc.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

namespace server {

// Copies `more` behind `text`, which is at the front of `buffer`, and returns both as one view.
// Text that does not fit is cut off: callers size the buffer by their limits.
inline std::string_view append(std::span<char> buffer, std::string_view text,
                               std::string_view more) {
  const std::size_t count = std::min(more.size(), buffer.size() - text.size());
  std::copy_n(more.data(), count, buffer.data() + text.size());
  return {buffer.data(), text.size() + count};
}

}  // namespace server
