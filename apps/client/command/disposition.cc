// Covered by tests/client/command/disposition_test.cc.
#include "apps/client/command/disposition.h"

#include <algorithm>

#include "apps/client/command/listing.h"
#include "apps/client/command/url.h"
#include "parser/fields.h"

namespace client {

namespace {

// Takes a value behind "=": a token, or a quoted string without its quotes and escapes.
std::string take_value(std::string_view& rest) {
  std::string value;
  if (!rest.starts_with('"')) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    value = http1::trim(rest.substr(0, end));
    rest.remove_prefix(end);
    return value;
  }
  rest.remove_prefix(1);
  while (!rest.empty() && rest.front() != '"') {
    if (rest.front() == '\\' && rest.size() > 1) rest.remove_prefix(1);
    value += rest.front();
    rest.remove_prefix(1);
  }
  rest.remove_prefix(std::min<std::size_t>(rest.size(), 1));
  return value;
}

// A character of ISO-8859-1 as UTF-8.
std::string from_latin1(std::string_view text) {
  std::string converted;
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    if (code >= 0x80) converted += static_cast<char>(0xc0 | code >> 6);
    converted += code < 0x80 ? byte : static_cast<char>(0x80 | (code & 0x3f));
  }
  return converted;
}

// The value of filename*: charset'language'percent-encoded. RFC 8187 3.2.1.
std::optional<std::string> decoded(std::string_view value) {
  const std::size_t first = value.find('\'');
  const std::size_t second = value.find('\'', first == std::string_view::npos ? first : first + 1);
  if (second == std::string_view::npos) return {};
  const std::string_view charset = value.substr(0, first);
  const std::string text = decode_percent(value.substr(second + 1));
  if (http1::equal_ignoring_case(charset, "UTF-8")) return text;
  if (http1::equal_ignoring_case(charset, "ISO-8859-1")) return from_latin1(text);
  return {};
}

std::optional<std::string> last_segment(std::string_view path) {
  const std::size_t slash = path.find_last_of("/\\");
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  if (name.starts_with('.') || !is_allowed_name(name)) return {};
  return std::string(name);
}

}  // namespace

std::optional<std::string> suggested_name(std::string_view content_disposition) {
  std::string_view rest = content_disposition;
  std::optional<std::string> plain;
  std::optional<std::string> extended;
  rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  while (!rest.empty()) {
    rest.remove_prefix(1);  // a semicolon, or a byte that does not belong there
    const std::size_t equals = rest.find_first_of("=;");
    if (equals == std::string_view::npos) break;
    const std::string_view name = http1::trim(rest.substr(0, equals));
    rest.remove_prefix(equals);
    if (rest.front() == ';') continue;
    rest.remove_prefix(1);
    rest = rest.substr(std::min(rest.find_first_not_of(" \t"), rest.size()));
    const std::string value = take_value(rest);
    if (http1::equal_ignoring_case(name, "filename*") && !extended) extended = decoded(value);
    if (http1::equal_ignoring_case(name, "filename") && !plain) plain = value;
    rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  }
  std::optional<std::string> chosen;
  if (extended) chosen = last_segment(*extended);
  if (!chosen && plain) chosen = last_segment(*plain);
  return chosen;
}

}  // namespace client
