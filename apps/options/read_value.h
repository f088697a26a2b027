// The values of options, from text: sizes, times, counts, choices. Pure.
//
// Each value is judged by its row of the table alone. Covered by tests/options/read_value_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/options/table.h"

namespace options {

// Reads a number of bytes with an optional unit: "4096", "64K", "10M", "2G", "1T" (powers of 1024,
// at most 2^63 - 1). Nothing: it is none.
[[nodiscard]] std::optional<std::uint64_t> parse_bytes(std::string_view text);

// Reads a whole number in decimal, without a sign.
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text);

// Reads seconds, with or without a fraction, as milliseconds. A time above zero and below half a
// millisecond counts as one millisecond, for zero often means no limit.
[[nodiscard]] std::optional<std::int64_t> parse_seconds(std::string_view text);

// Reads "true", "on", "yes", "enable" and "1", or "false", "off", "no", "disable" and "0", in any
// letter case.
[[nodiscard]] std::optional<bool> parse_flag(std::string_view text);

// Says why `text` is no value of `option`: "is no whole number". Empty: it is one.
[[nodiscard]] std::string_view problem_of(const Option& option, std::string_view text);

// Describes the values of `option`, to follow the word "give": "bytes from 256 to 63K".
[[nodiscard]] std::string allowed_values(const Option& option);

// Writes a number as parse_bytes() and parse_seconds() read it, in as few characters as possible.
[[nodiscard]] std::string format_bytes(std::uint64_t bytes);
[[nodiscard]] std::string format_seconds(std::uint64_t milliseconds);

}  // namespace options
