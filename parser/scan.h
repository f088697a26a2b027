// Character classes, and where a run of one class ends.
//
// One table of 256 bytes has a bit for each class, and one function finds the end of a run of each
// class. No other code examines bytes one by one in long loops, so a vector version of a function
// would replace it here and nowhere else.
// Covered by tests/parser/scan_test.cc, which compares with the ABNF byte by byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace http1::scan {

enum Class : std::uint8_t {
  token_bit = 1,        // tchar, RFC 9110 5.6.2
  value_bit = 2,        // HTAB / SP / VCHAR / obs-text, RFC 9110 5.5 and RFC 9112 4
  path_bit = 4,         // pchar / "/" without "%", and | ^ [ ] as browsers send them
  query_bit = 8,        // pchar / "/" / "?", and | ^ [ ] ` { } \ as browsers send them
  uri_bit = 16,         // unreserved / gen-delims without "#" / sub-delims: RFC 3986 without "%"
  host_bit = 32,        // reg-name, RFC 3986 3.2.2, without "%" and ","
  digit_bit = 64,       // DIGIT
  hex_digit_bit = 128,  // HEXDIG of either case
};

namespace detail {

constexpr bool contains(const char* set, int byte) noexcept {
  for (; *set != '\0'; ++set) {
    if (*set == byte) return true;
  }
  return false;
}

constexpr bool is_alpha(int byte) noexcept {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

constexpr std::uint8_t classify(int byte) noexcept {
  const bool digit = byte >= '0' && byte <= '9';
  const bool hex = digit || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
  const bool alnum = digit || is_alpha(byte);
  // tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|"
  //         / "~" / DIGIT / ALPHA
  const bool token = alnum || contains("!#$%&'*+-.^_`|~", byte);
  // field-vchar = VCHAR / obs-text;  obs-text = %x80-FF
  const bool value = byte == '\t' || (byte >= 0x20 && byte != 0x7f);
  // unreserved = ALPHA / DIGIT / "-" / "." / "_" / "~"
  // sub-delims = "!" / "$" / "&" / "'" / "(" / ")" / "*" / "+" / "," / ";" / "="
  const bool segment = alnum || contains("-._~!$&'()*+,;=", byte);
  // pchar = unreserved / pct-encoded / sub-delims / ":" / "@"
  const bool path = segment || contains(":@/|^[]", byte);
  const bool query = path || contains("?%`{}\\", byte);
  const bool uri = segment || contains(":@/?[]", byte);
  const bool host = segment && byte != ',';
  return static_cast<std::uint8_t>((token ? token_bit : 0) | (value ? value_bit : 0) |
                                   (path ? path_bit : 0) | (query ? query_bit : 0) |
                                   (uri ? uri_bit : 0) | (host ? host_bit : 0) |
                                   (digit ? digit_bit : 0) | (hex ? hex_digit_bit : 0));
}

constexpr std::array<std::uint8_t, 256> make_classes() noexcept {
  std::array<std::uint8_t, 256> classes{};
  for (int byte = 0; byte < 256; ++byte) {
    classes[static_cast<std::size_t>(byte)] = classify(byte);
  }
  return classes;
}

}  // namespace detail

inline constexpr std::array<std::uint8_t, 256> classes = detail::make_classes();

constexpr bool is(Class wanted, char byte) noexcept {
  return (classes[static_cast<unsigned char>(byte)] & wanted) != 0;
}

// Each returns the first position in [first, last) whose byte is outside the class, or last.
[[nodiscard]] const char* token_end(const char* first, const char* last) noexcept;
[[nodiscard]] const char* value_end(const char* first, const char* last) noexcept;
[[nodiscard]] const char* path_end(const char* first, const char* last) noexcept;
[[nodiscard]] const char* query_end(const char* first, const char* last) noexcept;
[[nodiscard]] const char* uri_end(const char* first, const char* last) noexcept;
[[nodiscard]] const char* host_end(const char* first, const char* last) noexcept;
[[nodiscard]] const char* digits_end(const char* first, const char* last) noexcept;
// Spaces and tabs: OWS of RFC 9110 5.6.3.
[[nodiscard]] const char* space_end(const char* first, const char* last) noexcept;

// Returns the value of a hexadecimal digit of either case, -1 for any other byte.
constexpr int hex_value(char byte) noexcept {
  if (byte >= '0' && byte <= '9') return byte - '0';
  const int folded = byte | 0x20;
  if (folded >= 'a' && folded <= 'f') return folded - 'a' + 10;
  return -1;
}

}  // namespace http1::scan
