// Validation of --header, and the names that it may not set. Covered by
// tests/server/plan/extra_fields_test.cc.
#include "apps/server/plan/extra_fields.h"

#include <algorithm>
#include <array>

#include "parser/fields.h"

namespace server {

namespace {

// Fields that frame messages, that belong to the connection, or that quoitd sets by itself.
constexpr std::array<std::string_view, 24> reserved = {
    "Accept-Ranges",
    "Allow",
    "Connection",
    "Content-Encoding",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "Date",
    "ETag",
    "HTTP2-Settings",
    "Keep-Alive",
    "Last-Modified",
    "Location",
    "Proxy-Authenticate",
    "Proxy-Authentication-Info",
    "Proxy-Connection",
    "Retry-After",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "WWW-Authenticate",
    "X-OC-MTime",
    "X-Request-Id",
};

bool is_reserved(std::string_view name) {
  return std::any_of(reserved.begin(), reserved.end(), [name](std::string_view other) {
    return http1::equal_ignoring_case(name, other);
  });
}

// Whether the pages of the server have that field by themselves.
bool is_of_pages(std::string_view name) {
  return http1::equal_ignoring_case(name, "Content-Security-Policy") ||
         http1::equal_ignoring_case(name, "X-Content-Type-Options");
}

// Bytes of all lines, each with ": " and CR LF.
std::size_t size_of(const ExtraFields& fields) {
  std::size_t size = 0;
  for (const ExtraFields::Line& line : fields.lines)
    size += line.name.size() + line.value.size() + 4;
  return size;
}

}  // namespace

std::string_view add_header(std::string_view text, ExtraFields& fields) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return "has no colon";
  const std::string_view name = text.substr(0, colon);
  const std::string_view value = http1::trim(text.substr(colon + 1));
  std::array<char, most_extra_bytes> buffer{};
  http1::HeadWriter writer(buffer);
  writer.field(name, value);
  if (!writer.ok()) return "cannot stand in the head of a response, or is too long";
  if (is_reserved(name)) return "is a field that quoitd writes itself";
  fields.lines.push_back({std::string(name), std::string(value)});
  if (size_of(fields) > most_extra_bytes)
    return "makes all headers together longer than 2048 bytes";
  return {};
}

void write_extra_fields(const ExtraFields& fields, bool is_page, http1::HeadWriter& writer) {
  for (const ExtraFields::Line& line : fields.lines) {
    if (!is_page || !is_of_pages(line.name)) writer.field(line.name, line.value);
  }
}

}  // namespace server
