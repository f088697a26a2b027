// HTTP dates: reads the three formats of RFC 9110 5.6.7, writes the one that may be written.
//
// Pure arithmetic on seconds since 1970 in UTC; no locale, no time zone, no libc. Reading is
// strict: exact spelling, a day that exists, the right day of the week (RFC 5322 3.3). Covered by
// tests/parser/date_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace http1 {

// The size of "Sun, 06 Nov 1994 08:49:37 GMT".
inline constexpr std::size_t date_size = 29;

// Reads an HTTP-date as Unix seconds. `now`, in Unix seconds, determines the century of an
// rfc850-date: one that seems more than 50 years in the future is in the past. Empty if it is no
// HTTP-date.
[[nodiscard]] std::optional<std::int64_t> parse_date(std::string_view text,
                                                     std::int64_t now) noexcept;

// Writes an IMF-fixdate. Years 0000 to 9999 can be written; other times are clamped to them.
void write_date(std::int64_t unix_seconds, std::span<char, date_size> room) noexcept;

}  // namespace http1
