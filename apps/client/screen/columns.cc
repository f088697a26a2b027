// Counting columns. Covered by tests/client/screen/columns_test.cc.
#include "apps/client/screen/columns.h"

#include <array>

#include "apps/client/command/code_points.h"
#include "parser/utf8.h"

namespace client {

namespace {

// The blocks whose characters are combining marks or have no width.
constexpr std::array<CodePoints, 8> narrow = {{{0x0300, 0x036f},
                                               {0x0591, 0x05bd},
                                               {0x0610, 0x061a},
                                               {0x064b, 0x065f},
                                               {0x200b, 0x200d},
                                               {0x20d0, 0x20ff},
                                               {0xfe00, 0xfe0f},
                                               {0xfe20, 0xfe2f}}};

// The blocks whose characters are wide (Unicode, UAX 11).
constexpr std::array<CodePoints, 13> wide = {{{0x1100, 0x115f},
                                              {0x2e80, 0x303e},
                                              {0x3041, 0x33ff},
                                              {0x3400, 0x4dbf},
                                              {0x4e00, 0x9fff},
                                              {0xa000, 0xa4cf},
                                              {0xac00, 0xd7a3},
                                              {0xf900, 0xfaff},
                                              {0xfe30, 0xfe6f},
                                              {0xff00, 0xff60},
                                              {0x1f300, 0x1f64f},
                                              {0x1f680, 0x1f9ff},
                                              {0x20000, 0x3fffd}}};

struct Character {
  std::size_t bytes = 1;
  std::size_t columns = 1;
};

Character first_of(std::string_view text) {
  const std::size_t length = http1::utf8_length(text);
  if (length <= 1) return {};
  const char32_t code = http1::utf8_code(text.substr(0, length));
  const std::size_t columns = holds(narrow, code) ? 0U : holds(wide, code) ? 2U : 1U;
  return {.bytes = length, .columns = columns};
}

// The bytes of the longest front that takes at most `columns` columns.
std::size_t front_within(std::string_view text, std::size_t columns) {
  std::size_t end = 0;
  while (end < text.size()) {
    const Character next = first_of(text.substr(end));
    if (next.columns > columns) break;
    columns -= next.columns;
    end += next.bytes;
  }
  return end;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character next = first_of(text);
    columns += next.columns;
    text.remove_prefix(next.bytes);
  }
  return columns;
}

std::string shortened(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  return std::string(text.substr(0, front_within(text, columns - 1))) + "…";
}

}  // namespace client
