// Escaping. Covered by tests/client/command/printable_test.cc.
#include "apps/client/command/printable.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "apps/client/command/code_points.h"
#include "parser/utf8.h"

namespace client {

namespace {

constexpr std::array<CodePoints, 6> controls = {{
    {0x0000, 0x001f},  // C0
    {0x007f, 0x009f},  // DEL and C1
    {0x061c, 0x061c},  // these, and the last two: direction of text (Unicode, UAX 9)
    {0x200e, 0x200f},
    {0x2028, 0x202e},  // line and paragraph separators as well
    {0x2066, 0x2069},
}};

bool is_control(char32_t code) { return holds(controls, code); }

void append_escape(std::string& to, const char* format, unsigned number) {
  std::array<char, 16> escape;
  const int size = std::snprintf(escape.data(), escape.size(), format, number);
  to.append(escape.data(), static_cast<std::size_t>(size));
}

}  // namespace

std::string printable(std::string_view text, LineFeeds line_feeds) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t length = http1::utf8_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    const char32_t code = length > 0 ? http1::utf8_code(character) : 0;
    const auto byte = static_cast<unsigned char>(character.front());
    const bool is_kept = character == "\n" && line_feeds == LineFeeds::kept;
    if (length == 0 || (code < 0x80 && is_control(code) && !is_kept))
      append_escape(shown, "\\x%02x", byte);
    else if (!is_kept && is_control(code))
      append_escape(shown, "\\u%04x", static_cast<unsigned>(code));
    else
      shown += character;
    text.remove_prefix(character.size());
  }
  return shown;
}

bool has_control(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = http1::utf8_length(text);
    if (length > 0 && is_control(http1::utf8_code(text.substr(0, length)))) return true;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return false;
}

}  // namespace client
