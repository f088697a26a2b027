// Masking and formatting. Covered by tests/server/log/head_log_test.cc.
#include "apps/server/log/head_log.h"

#include <algorithm>

namespace server {

namespace {

// A terminal may interpret bytes beyond ASCII, which HTTP gives no meaning.
void append_printable(std::string& out, std::string_view text) {
  for (const char byte : text) out += byte >= 0x20 && byte < 0x7f ? byte : '?';
}

}  // namespace

bool has_credentials(http1::FieldName name) {
  using http1::FieldName;
  return name == FieldName::authorization || name == FieldName::proxy_authorization ||
         name == FieldName::cookie || name == FieldName::set_cookie;
}

void format_heads(std::string_view remote, const http1::RequestHead& request,
                  std::string_view refused_line, std::string_view response, std::string& out) {
  out += "* ";
  out += remote;
  out += '\n';
  if (request.size() == 0) {
    out += "> (not a valid request head)";
    if (!refused_line.empty()) out += ' ';
    append_printable(out, refused_line);
    out += '\n';
  } else {
    out += "> ";
    append_printable(out, request.method_text());
    out += ' ';
    append_printable(out, request.target());
    out += ' ';
    out += http1::text_of(request.version());
    out += '\n';
    for (const http1::Field field : request.fields()) {
      out += "> ";
      append_printable(out, field.name);
      out += ": ";
      append_printable(out, has_credentials(field.id) ? "(masked)" : field.value);
      out += '\n';
    }
  }
  while (!response.empty()) {
    const std::size_t end = std::min(response.find("\r\n"), response.size());
    out += "< ";
    append_printable(out, response.substr(0, end));
    out += '\n';
    response.remove_prefix(std::min(end + 2, response.size()));
  }
}

}  // namespace server
