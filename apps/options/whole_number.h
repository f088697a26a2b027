// whole_number(): a text that is a number and nothing else. Pure.
//
// Covered by tests/options/whole_number_test.cc.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace options {

// The number that all of `text` is, in decimal digits and without a sign; for a floating-point type
// also with a point or an exponent. Empty: the text is none, or the type does not hold it.
template <typename Number>
std::optional<Number> whole_number(std::string_view text) {
  Number number{};
  const char* const end_of_text = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), end_of_text, number);
  if (text.empty() || text.front() == '-' || error != std::errc() || end != end_of_text) return {};
  return number;
}

}  // namespace options
