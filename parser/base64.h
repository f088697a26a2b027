// Base64 of RFC 4648 section 4: decoding, for credentials and for byte sequences in structured
// fields, and encoding. Pure.
//
// Covered by tests/parser/base64_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace http1 {

// Says whether `c` is one of the 64 digits; the padding `=` is none.
bool is_base64_digit(char c);

// Decodes `text` into `buffer` and returns a view of the decoded bytes. Empty: `text` has other
// bytes, a length that no bytes have, or bits that encoders leave zero; or the bytes do not fit.
// `needs_padding`: the text has to be padded to a multiple of four digits.
std::optional<std::string_view> decode_base64(std::string_view text, std::span<char> buffer,
                                              bool needs_padding);

// The number of digits, with padding, for that number of bytes.
constexpr std::size_t base64_size(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

// Encodes `bytes` with padding into `buffer`, which has base64_size() bytes, and returns a view of
// the text.
std::string_view encode_base64(std::span<const unsigned char> bytes, std::span<char> buffer);

}  // namespace http1
