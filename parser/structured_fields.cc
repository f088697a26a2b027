// The parsing algorithms of RFC 9651 section 4.2, one function for each. They take what they parse
// off the front of the text. Covered by tests/parser/structured_fields_test.cc and
// fuzz/structured_fields_fuzzer.cc.
#include "parser/structured_fields.h"

#include <algorithm>
#include <cstddef>

#include "parser/base64.h"
#include "parser/fields.h"

namespace http1 {

namespace {

using Kind = StructuredItem::Kind;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) { return is_lower(c) || (c >= 'A' && c <= 'Z'); }
bool is_printable(char c) { return c >= ' ' && c <= '~'; }

bool is_key_character(char c) {
  return is_lower(c) || is_digit(c) || c == '_' || c == '-' || c == '.' || c == '*';
}

// Takes the longest prefix whose characters all satisfy `is_part`.
template <class IsPart>
std::string_view take_while(std::string_view& text, IsPart is_part) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_part);
  const std::string_view taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(taken.size());
  return taken;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

void skip_spaces(std::string_view& text) {
  take_while(text, [](char c) { return c == ' '; });
}

// Section 4.2.4.
bool take_number(std::string_view& text, StructuredItem& item) {
  constexpr std::size_t most_digits = 15;
  constexpr std::size_t most_whole_digits = 12;
  constexpr std::size_t most_fraction_digits = 3;
  const std::string_view begin = text;
  const bool is_negative = take(text, '-');
  const std::string_view digits = take_while(text, is_digit);
  if (digits.empty() || digits.size() > most_digits) return false;
  item.kind = Kind::integer;
  item.integer = 0;
  for (const char c : digits) item.integer = item.integer * 10 + (c - '0');
  if (is_negative) item.integer = -item.integer;
  if (!take(text, '.')) return true;
  const std::string_view fraction = take_while(text, is_digit);
  item.kind = Kind::decimal;
  item.text = begin.substr(0, begin.size() - text.size());
  return digits.size() <= most_whole_digits && !fraction.empty() &&
         fraction.size() <= most_fraction_digits;
}

// Section 4.2.5: behind the first quote.
bool take_string(std::string_view& text, StructuredItem& item) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') {
      item.kind = Kind::string;
      item.text = text.substr(0, at);
      text.remove_prefix(at + 1);
      return true;
    }
    if (!is_printable(text[at])) return false;
    if (text[at] != '\\') continue;
    ++at;
    if (at == text.size() || (text[at] != '"' && text[at] != '\\')) return false;
  }
  return false;
}

// Section 4.2.6.
bool take_token(std::string_view& text, StructuredItem& item) {
  item.kind = Kind::token;
  item.text = take_while(text, [](char c) { return c == ':' || c == '/' || is_token({&c, 1}); });
  return true;
}

// Section 4.2.7: behind the first colon. The bytes are decoded where they are used.
bool take_bytes(std::string_view& text, StructuredItem& item) {
  item.kind = Kind::bytes;
  item.text = take_while(text, [](char c) { return is_base64_digit(c) || c == '='; });
  return take(text, ':');
}

// Section 4.2.8: behind the question mark.
bool take_boolean(std::string_view& text, StructuredItem& item) {
  item.kind = Kind::boolean;
  item.integer = text.starts_with('1') ? 1 : 0;
  return take(text, '0') || take(text, '1');
}

// Section 4.2.9: behind the at sign.
bool take_date(std::string_view& text, StructuredItem& item) {
  if (!take_number(text, item) || item.kind != Kind::integer) return false;
  item.kind = Kind::date;
  return true;
}

// Section 4.2.10: behind the percent sign. Whether the bytes are UTF-8 is left open, because no
// display string is ever shown.
bool take_display_string(std::string_view& text, StructuredItem& item) {
  const auto is_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  if (!take(text, '"')) return false;
  for (std::size_t at = 0; at < text.size() && is_printable(text[at]); ++at) {
    if (text[at] == '"') {
      item.kind = Kind::display_string;
      item.text = text.substr(0, at);
      text.remove_prefix(at + 1);
      return true;
    }
    if (text[at] != '%') continue;
    if (text.size() - at < 3 || !is_hex(text[at + 1]) || !is_hex(text[at + 2])) return false;
    at += 2;
  }
  return false;
}

// Section 4.2.3.1.
bool take_bare_item(std::string_view& text, StructuredItem& item) {
  item = {};
  if (text.empty()) return false;
  const char first = text.front();
  if (first == '-' || is_digit(first)) return take_number(text, item);
  if (first == '*' || is_letter(first)) return take_token(text, item);
  text.remove_prefix(1);
  switch (first) {
    case '"': return take_string(text, item);
    case ':': return take_bytes(text, item);
    case '?': return take_boolean(text, item);
    case '@': return take_date(text, item);
    case '%': return take_display_string(text, item);
    default: return false;
  }
}

// Section 4.2.3.3. Empty: there is none.
std::string_view take_key(std::string_view& text) {
  const bool begins = !text.empty() && (is_lower(text.front()) || text.front() == '*');
  return begins ? take_while(text, is_key_character) : std::string_view();
}

// Section 4.2.3.2.
bool take_parameters(std::string_view& text) {
  while (take(text, ';')) {
    skip_spaces(text);
    if (take_key(text).empty()) return false;
    StructuredItem value;
    if (take(text, '=') && !take_bare_item(text, value)) return false;
  }
  return true;
}

// Section 4.2.3.
bool take_item(std::string_view& text, StructuredItem& item) {
  return take_bare_item(text, item) && take_parameters(text);
}

// Section 4.2.1.2: behind the parenthesis.
bool take_inner_list(std::string_view& text, StructuredItem& list) {
  const std::string_view begin = text;
  while (!text.empty()) {
    skip_spaces(text);
    const std::size_t size = begin.size() - text.size();
    if (take(text, ')')) {
      list = {.kind = Kind::inner_list, .integer = 0, .text = begin.substr(0, size)};
      return take_parameters(text);
    }
    StructuredItem item;
    if (!take_item(text, item)) return false;
    if (!text.starts_with(' ') && !text.starts_with(')')) return false;
  }
  return false;
}

bool take_member(std::string_view& text, std::string_view& key, StructuredItem& item) {
  key = take_key(text);
  if (key.empty()) return false;
  if (take(text, '=')) return take(text, '(') ? take_inner_list(text, item) : take_item(text, item);
  item = {.kind = Kind::boolean, .integer = 1, .text = {}};
  return take_parameters(text);
}

}  // namespace

std::optional<StructuredItem> parse_item(std::string_view value) {
  StructuredItem item;
  skip_spaces(value);
  if (!take_item(value, item)) return std::nullopt;
  skip_spaces(value);
  return value.empty() ? std::optional(item) : std::nullopt;
}

std::optional<bool> parse_boolean(std::string_view value) {
  const std::optional<StructuredItem> item = parse_item(value);
  if (!item || item->kind != Kind::boolean) return std::nullopt;
  return item->integer != 0;
}

std::optional<std::int64_t> parse_integer(std::string_view value) {
  const std::optional<StructuredItem> item = parse_item(value);
  if (!item || item->kind != Kind::integer) return std::nullopt;
  return item->integer;
}

DictionaryReader::DictionaryReader(std::string_view value) : rest_(value) { skip_spaces(rest_); }

DictionaryReader::Outcome DictionaryReader::next(std::string_view& key, StructuredItem& item) {
  if (is_over_) return Outcome::end;
  const auto skip_white_space = [this] {
    take_while(rest_, [](char c) { return c == ' ' || c == '\t'; });
  };
  if (!is_first_) skip_white_space();
  is_over_ = true;
  if (rest_.empty()) return Outcome::end;
  if (!is_first_) {
    if (!take(rest_, ',')) return Outcome::malformed;
    skip_white_space();
  }
  if (!take_member(rest_, key, item)) return Outcome::malformed;
  is_first_ = false;
  is_over_ = false;
  return Outcome::member;
}

}  // namespace http1
