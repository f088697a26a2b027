// Covered by tests/client/command/part_record_test.cc and upload_record_test.cc.
#include "apps/client/command/record_text.h"

#include <algorithm>
#include <cstddef>

namespace client {

bool is_record_value(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(),
                                       [](char byte) { return byte == '\n' || byte == '\0'; });
}

bool take_prefix(std::string_view& rest, std::string_view prefix) {
  if (!rest.starts_with(prefix)) return false;
  rest.remove_prefix(prefix.size());
  return true;
}

std::string_view take_record_value(std::string_view& rest, std::string_view name) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos || !rest.substr(0, end).starts_with(name)) return {};
  const std::string_view value = rest.substr(name.size(), end - name.size());
  rest.remove_prefix(end + 1);
  return value;
}

}  // namespace client
