// Masking credentials in heads. Covered by tests/client/command/private_fields_test.cc.
#include "apps/client/command/private_fields.h"

#include <algorithm>

#include "parser/fields.h"

namespace client {

namespace {

using http1::FieldName;

// "Authorization: Basic QWxhZGRpbg==" becomes "Authorization: Basic ***".
std::string masked(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::string(line);
  const FieldName name = http1::field_name_of(line.substr(0, colon));
  if (!is_private(name) && name != FieldName::set_cookie) return std::string(line);
  const std::string_view value = http1::trim(line.substr(colon + 1));
  std::string shown(line.substr(0, colon + 1));
  shown += ' ';
  const bool has_scheme =
      name == FieldName::authorization || name == FieldName::proxy_authorization;
  const std::size_t space = value.find(' ');
  if (has_scheme && space != std::string_view::npos) shown += value.substr(0, space + 1);
  return shown + "***";
}

}  // namespace

bool is_private(FieldName name) {
  return name == FieldName::authorization || name == FieldName::cookie ||
         name == FieldName::proxy_authorization;
}

std::string shown_head(std::string_view head, char mark) {
  std::string shown;
  while (!head.empty()) {
    const std::size_t end = std::min(head.find("\r\n"), head.size());
    if (end > 0) shown.append({mark, ' '}).append(masked(head.substr(0, end))).append("\n");
    head.remove_prefix(std::min(end + 2, head.size()));
  }
  return shown;
}

}  // namespace client
