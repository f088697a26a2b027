// Covered by tests/server/pages/directory_page_test.cc, listing_test.cc and
// fuzz/listing_fuzzer.cc.
#include "apps/server/pages/page_text.h"

#include <chrono>

#include "parser/hex.h"
#include "parser/utf8.h"

namespace server {

namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";  // U+FFFD

std::string_view escape_html(char byte) {
  switch (byte) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    default: return {};
  }
}

std::string_view escape_json(char byte) {
  return byte == '"' ? "\\\"" : byte == '\\' ? "\\\\" : "";
}

// Whether the character controls text or is invisible, so that it may mislead a reader. Without
// U+200C and U+200D, which Persian words and joined emoji need.
bool is_control(std::uint32_t code) {
  struct Range {
    std::uint32_t first;
    std::uint32_t last;
  };
  constexpr std::array<Range, 14> ranges = {{{0x80, 0x9f},
                                             {0xad, 0xad},
                                             {0x61c, 0x61c},
                                             {0x115f, 0x1160},
                                             {0x180e, 0x180e},
                                             {0x200b, 0x200b},
                                             {0x200e, 0x200f},
                                             {0x2028, 0x202e},
                                             {0x2060, 0x206f},
                                             {0x3164, 0x3164},
                                             {0xfeff, 0xfeff},
                                             {0xffa0, 0xffa0},
                                             {0xfff9, 0xfffb},
                                             {0xe0000, 0xe007f}}};
  return std::any_of(ranges.begin(), ranges.end(),
                     [code](Range range) { return code >= range.first && code <= range.last; });
}

// Adds the element that shows the character `code`, whose bytes are `character`.
void add_sign(std::string_view character, std::uint32_t code, Out& out) {
  std::array<char, 8> digits{};
  std::size_t count = 0;
  for (std::uint32_t rest = code; rest > 0 || count < 4; rest >>= 4) ++count;
  for (std::size_t i = 0; i < count; ++i) {
    digits[i] = http1::upper_hex_digits[(code >> (4 * (count - 1 - i))) & 15];
  }
  out.add("<i class=sign data-sign=U+");
  out.add({digits.data(), count});
  out.add(">");
  out.add(character);
  out.add("</i>");
}

// Calls add(character) for each character of `name`, or add(U+FFFD) for a byte that is none.
template <class Add>
void for_each_character(std::string_view name, const Add& add) {
  while (!name.empty()) {
    const std::size_t size = http1::utf8_length(name);
    add(size == 0 ? replacement : name.substr(0, size));
    name.remove_prefix(std::max<std::size_t>(size, 1));
  }
}

}  // namespace

void add_html(std::string_view name, Out& out) {
  for_each_character(name, [&out](std::string_view character) {
    const std::string_view escaped = escape_html(character.front());
    const std::uint32_t code = http1::utf8_code(character);
    if (is_control(code)) return add_sign(character, code, out);
    out.add(escaped.empty() ? character : escaped);
  });
}

void add_plain_html(std::string_view name, Out& out) {
  for_each_character(name, [&out](std::string_view character) {
    const std::string_view escaped = escape_html(character.front());
    if (is_control(http1::utf8_code(character))) return out.add(replacement);
    out.add(escaped.empty() ? character : escaped);
  });
}

void add_json(std::string_view name, Out& out) {
  for_each_character(name, [&out](std::string_view character) {
    const std::string_view escaped = escape_json(character.front());
    out.add(escaped.empty() ? character : escaped);
  });
}

void add_size(std::uint64_t bytes, Out& out) {
  constexpr std::array<std::string_view, 7> units = {" B",   " KiB", " MiB", " GiB",
                                                     " TiB", " PiB", " EiB"};
  std::size_t unit = 0;
  std::uint64_t rest = 0;
  for (; bytes >= 1024; ++unit) {
    rest = bytes % 1024;
    bytes /= 1024;
  }
  out.add(bytes);
  if (unit > 0) {
    out.add(".");
    out.add(rest * 10 / 1024);
  }
  out.add(units[unit]);
}

void add_time(std::int64_t seconds, std::string_view between, Out& out) {
  using namespace std::chrono;
  const sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  out.add(static_cast<std::uint64_t>(std::max(0, static_cast<int>(date.year()))), 4);
  out.add("-");
  out.add(static_cast<unsigned>(date.month()), 2);
  out.add("-");
  out.add(static_cast<unsigned>(date.day()), 2);
  out.add(between);
  out.add(static_cast<std::uint64_t>(clock.hours().count()), 2);
  out.add(":");
  out.add(static_cast<std::uint64_t>(clock.minutes().count()), 2);
  out.add(":");
  out.add(static_cast<std::uint64_t>(clock.seconds().count()), 2);
}

}  // namespace server
