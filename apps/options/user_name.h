// Names of users, which quoitd reads from files and rules, and for which quoit writes lines.
//
// Covered by tests/options/user_name_test.cc.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace options {

inline constexpr std::size_t most_name_bytes = 255;

// Whether the name of a user or of a token may be `name`: 1 to most_name_bytes bytes, no white
// space, no control byte, no colon, and neither `anyone` nor `users`.
[[nodiscard]] constexpr bool is_user_name(std::string_view name) {
  if (name.empty() || name.size() > most_name_bytes) return false;
  if (name == "anyone" || name == "users") return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != '\x7f' && c != ':';
  });
}

}  // namespace options
