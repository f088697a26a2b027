// Covered by tests/client/command/listing_test.cc.
#include "apps/client/command/json_reader.h"

#include <algorithm>

#include "parser/scan.h"
#include "parser/utf8.h"

namespace client {

namespace {

constexpr std::size_t deepest = 64;

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

std::size_t digits_of(std::string_view text) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_digit) -
                                  text.begin());
}

void append_utf8(std::string& text, char32_t code) {
  const auto add = [&text](char32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xc0 | code >> 6);
  } else if (code < 0x10000) {
    add(0xe0 | code >> 12);
    add(0x80 | (code >> 6 & 0x3f));
  } else {
    add(0xf0 | code >> 18);
    add(0x80 | (code >> 12 & 0x3f));
    add(0x80 | (code >> 6 & 0x3f));
  }
  add(0x80 | (code & 0x3f));
}

// The size of the number at the front; 0: there is none.
std::size_t number_size(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits_of(text.substr(at));
  if (whole == 0 || (whole > 1 && text[at] == '0')) return 0;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = digits_of(text.substr(at + 1));
    if (fraction == 0) return 0;
    at += 1 + fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = digits_of(text.substr(at));
    if (exponent == 0) return 0;
    at += exponent;
  }
  return at;
}

}  // namespace

void JsonReader::skip_space() {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
}

bool JsonReader::at_end() {
  skip_space();
  return !failed_ && rest_.empty();
}

bool JsonReader::take(std::string_view word) {
  skip_space();
  if (failed_ || !rest_.starts_with(word)) {
    fail();
    return false;
  }
  rest_.remove_prefix(word.size());
  return true;
}

bool JsonReader::take_open(char bracket) {
  if (depth_ == deepest) fail();
  if (!take(std::string_view(&bracket, 1))) return false;
  ++depth_;
  return true;
}

bool JsonReader::take_next(char closing, bool& is_first) {
  skip_space();
  if (!failed_ && rest_.starts_with(closing)) {
    rest_.remove_prefix(1);
    --depth_;
    return false;
  }
  if (is_first) {
    is_first = false;
    return !failed_;
  }
  return take(",");
}

std::optional<std::string> JsonReader::take_name() {
  std::optional<std::string> name = take_string();
  if (!name || !take(":")) return {};
  return name;
}

JsonReader::Kind JsonReader::kind() {
  skip_space();
  if (failed_ || rest_.empty()) return Kind::none;
  switch (rest_.front()) {
    case '"': return Kind::string;
    case '[': return Kind::array;
    case '{': return Kind::object;
    case 't': return Kind::truth;
    case 'f': return Kind::falsehood;
    case 'n': return Kind::null;
    default: return Kind::number;
  }
}

// The four hex digits behind \u.
std::optional<unsigned> JsonReader::take_unit() {
  unsigned unit = 0;
  for (std::size_t at = 0; at < 4; ++at) {
    const int digit = at < rest_.size() ? http1::scan::hex_value(rest_[at]) : -1;
    if (digit < 0) return {};
    unit = unit * 16 + static_cast<unsigned>(digit);
  }
  rest_.remove_prefix(4);
  return unit;
}

// The rest of an escape, behind the backslash.
bool JsonReader::take_escape(std::string& text) {
  constexpr std::string_view letters = "\"\\/bfnrt";
  constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  if (rest_.empty()) return false;
  const char letter = rest_.front();
  rest_.remove_prefix(1);
  if (letter != 'u') {
    const std::size_t at = letters.find(letter);
    if (at != std::string_view::npos) text += meanings[at];
    return at != std::string_view::npos;
  }
  const std::optional<unsigned> high = take_unit();
  if (!high || (*high >= 0xdc00 && *high < 0xe000)) return false;
  if (*high < 0xd800 || *high >= 0xe000) {
    append_utf8(text, *high);
    return true;
  }
  if (!rest_.starts_with("\\u")) return false;
  rest_.remove_prefix(2);
  const std::optional<unsigned> low = take_unit();
  if (!low || *low < 0xdc00 || *low >= 0xe000) return false;
  append_utf8(text, 0x10000 + ((*high - 0xd800) << 10) + (*low - 0xdc00));
  return true;
}

std::optional<std::string> JsonReader::take_string() {
  if (!take("\"")) return {};
  std::string text;
  while (!rest_.empty() && rest_.front() != '"') {
    const std::size_t length = http1::utf8_length(rest_);
    if (length == 0 || static_cast<unsigned char>(rest_.front()) < 0x20) break;
    if (rest_.front() == '\\') {
      rest_.remove_prefix(1);
      if (!take_escape(text)) {
        fail();
        return {};
      }
      continue;
    }
    text += rest_.substr(0, length);
    rest_.remove_prefix(length);
  }
  if (!rest_.starts_with('"')) {
    fail();
    return {};
  }
  rest_.remove_prefix(1);
  return text;
}

std::optional<std::string_view> JsonReader::take_number() {
  skip_space();
  const std::size_t size = failed_ ? 0 : number_size(rest_);
  if (size == 0) {
    fail();
    return {};
  }
  const std::string_view number = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return number;
}

// NOLINTNEXTLINE(misc-no-recursion): take_open() bounds the depth
void JsonReader::skip() {
  bool is_first = true;
  switch (kind()) {
    case Kind::string: static_cast<void>(take_string()); break;
    case Kind::truth: take("true"); break;
    case Kind::falsehood: take("false"); break;
    case Kind::null: take("null"); break;
    case Kind::array:
      if (!take_open('[')) return;
      while (take_next(']', is_first)) skip();
      break;
    case Kind::object:
      if (!take_open('{')) return;
      while (take_next('}', is_first)) {
        if (take_name()) skip();
      }
      break;
    case Kind::number: static_cast<void>(take_number()); break;
    case Kind::none: fail(); break;
  }
}

}  // namespace client
