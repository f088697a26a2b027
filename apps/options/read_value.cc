// Reading and judging values. Covered by tests/options/read_value_test.cc.
#include "apps/options/read_value.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "apps/options/whole_number.h"
#include "parser/fields.h"

namespace options {

namespace {

constexpr std::string_view units = "KMGT";
constexpr std::uint64_t unlimited = std::numeric_limits<std::int64_t>::max();

// How far a unit shifts its number; 0: the letter is none.
int shift_of(char unit) {
  const std::size_t index = units.find(static_cast<char>(unit & ~0x20));
  return index == std::string_view::npos ? 0 : 10 * (static_cast<int>(index) + 1);
}

bool is_one_of(std::string_view text, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return http1::equal_ignoring_case(text, word); });
}

template <typename Number>
std::string_view judge_number(const Option& option, std::optional<Number> number,
                              std::string_view no_number) {
  if (!number) return no_number;
  const auto value = static_cast<std::uint64_t>(*number);
  return value < option.least || value > option.most ? "is out of range" : std::string_view();
}

// An empty text says "none" where the default is none.
std::string_view judge_text(const Option& option, std::string_view text) {
  const bool may_be_empty = option.default_text.empty() && !option.repeatable && !option.is_operand;
  return text.empty() && !may_be_empty ? "is empty" : std::string_view();
}

std::string limit_text(Kind kind, std::uint64_t limit) {
  return kind == Kind::bytes     ? format_bytes(limit)
         : kind == Kind::seconds ? format_seconds(limit)
                                 : std::to_string(limit);
}

std::string range_of(const Option& option) {
  const std::string from = " from " + limit_text(option.kind, option.least);
  if (option.most == unlimited) return option.least == 0 ? "" : from;
  return from + " to " + limit_text(option.kind, option.most);
}

std::string listed(std::span<const std::string_view> words) {
  std::string list;
  for (std::size_t i = 0; i < words.size(); ++i) {
    list += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
    list += words[i];
  }
  return list;
}

}  // namespace

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  const int shift = text.empty() ? 0 : shift_of(text.back());
  if (shift > 0) text.remove_suffix(1);
  const std::optional<std::uint64_t> number = parse_count(text);
  if (!number || *number > unlimited >> shift) return {};
  return *number << shift;
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  return whole_number<std::uint64_t>(text);
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
  const std::optional<double> seconds = whole_number<double>(text);
  // A million years, which leaves no doubt about the conversion.
  if (!seconds || !(*seconds >= 0 && *seconds <= 3e13)) return {};
  const std::int64_t milliseconds = std::llround(*seconds * 1000);
  return *seconds > 0 ? std::max<std::int64_t>(milliseconds, 1) : 0;
}

std::optional<bool> parse_flag(std::string_view text) {
  static constexpr std::array<std::string_view, 5> yes = {"true", "on", "yes", "enable", "1"};
  static constexpr std::array<std::string_view, 5> no = {"false", "off", "no", "disable", "0"};
  if (is_one_of(text, yes)) return true;
  if (is_one_of(text, no)) return false;
  return {};
}

std::string_view problem_of(const Option& option, std::string_view text) {
  switch (option.kind) {
    case Kind::flag: return parse_flag(text) ? std::string_view() : "is neither true nor false";
    case Kind::choice: {
      const std::vector<std::string_view> choices = choices_of(option);
      const bool is_known = std::find(choices.begin(), choices.end(), text) != choices.end();
      return is_known ? std::string_view() : "is none of the choices";
    }
    case Kind::count: return judge_number(option, parse_count(text), "is no whole number");
    case Kind::bytes: return judge_number(option, parse_bytes(text), "is no number of bytes");
    case Kind::seconds: return judge_number(option, parse_seconds(text), "is no number of seconds");
    case Kind::text:
    case Kind::file:
    case Kind::directory: return judge_text(option, text);
  }
  return {};
}

std::string allowed_values(const Option& option) {
  if (!option.allowed.empty()) return std::string(option.allowed);
  switch (option.kind) {
    case Kind::flag: return "true or false";
    case Kind::choice: return listed(choices_of(option));
    case Kind::count: return "a whole number" + range_of(option);
    case Kind::bytes: {
      const std::string range = range_of(option);
      return range.empty() ? "bytes, perhaps with K, M, G or T" : "bytes" + range;
    }
    case Kind::seconds: return "seconds" + range_of(option);
    case Kind::file: return "the path of a file";
    case Kind::directory: return "the path of a directory";
    case Kind::text: break;
  }
  return "a text";
}

std::string format_bytes(std::uint64_t bytes) {
  std::size_t unit = 0;
  while (unit < units.size() && bytes > 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return std::to_string(bytes) + (unit == 0 ? "" : std::string(1, units[unit - 1]));
}

std::string format_seconds(std::uint64_t milliseconds) {
  std::string text = std::to_string(milliseconds / 1000);
  if (milliseconds % 1000 == 0) return text;
  std::string fraction = std::to_string(1000 + milliseconds % 1000);
  fraction.front() = '.';
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return text + fraction;
}

}  // namespace options
