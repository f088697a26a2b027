// One pass over the text. Covered by tests/options/config_file_test.cc.
#include "apps/options/config_file.h"

#include <algorithm>
#include <array>
#include <utility>

#include "parser/hex.h"
#include "parser/scan.h"

namespace options {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
// An escape and the byte that it stands for, in pairs.
constexpr std::string_view escapes = "\"\"\\\\n\nr\rt\t";

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

bool is_number(std::string_view word) {
  return word.find_first_of("0123456789") != std::string_view::npos &&
         word.find_first_not_of("0123456789.-_") == std::string_view::npos;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
  }

  ConfigFile read() {
    while (skip_to_text(), !rest_.empty() && !failed()) read_setting();
    return std::move(file_);
  }

 private:
  bool failed() const { return file_.problem.line > 0; }
  void fail(std::string text) {
    if (!failed()) file_.problem = {.line = line_, .text = std::move(text)};
  }

  // The end counts as the end of a line.
  char peek() const { return rest_.empty() ? '\n' : rest_.front(); }
  void drop() {
    if (rest_.empty()) return;
    line_ += rest_.front() == '\n' ? 1 : 0;
    rest_.remove_prefix(1);
  }

  void skip_blanks() {
    while (!rest_.empty() && is_blank(peek())) drop();
  }
  void skip_comment() {
    skip_blanks();
    if (peek() != '#') return;
    while (peek() != '\n') drop();
  }
  void skip_to_text() {
    for (skip_comment(); !rest_.empty() && peek() == '\n'; skip_comment()) drop();
  }

  std::string_view take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  void read_setting() {
    FileSetting setting{.line = line_};
    const auto* const end = std::find_if_not(rest_.begin(), rest_.end(), is_bare);
    setting.name = take(static_cast<std::size_t>(end - rest_.begin()));
    skip_blanks();
    if (setting.name.empty() || peek() != '=') {
      return fail(
          "a line is NAME = VALUE, where NAME is an option's without its dashes, as in "
          "max-head = \"32K\"");
    }
    drop();
    skip_blanks();
    if (peek() == '[')
      read_array(setting);
    else
      read_value(setting);
    skip_comment();
    if (peek() != '\n') fail("more stands behind the value of '" + setting.name + "'");
    if (!failed()) file_.settings.push_back(std::move(setting));
  }

  void read_array(FileSetting& setting) {
    drop();
    for (skip_to_text(); peek() != ']'; skip_to_text()) {
      if (rest_.empty()) return fail("the array of '" + setting.name + "' has no end");
      read_value(setting);
      if (failed()) return;
      skip_to_text();
      if (peek() == ',')
        drop();
      else if (peek() != ']' && !rest_.empty())
        return fail("the values of '" + setting.name + "' are separated by commas");
    }
    drop();
  }

  void read_value(FileSetting& setting) {
    if (peek() == '"' || peek() == '\'') return read_string(setting);
    const std::string_view word = take(std::min(rest_.find_first_of(" \t\r\n,]#"), rest_.size()));
    if (!is_number(word) && word != "true" && word != "false") {
      fail("the value of '" + setting.name + "' needs quotes, as in " + setting.name +
           " = \"10M\"");
      file_.problem.name = setting.name;
      file_.problem.value = word;
      return;
    }
    std::string value(word);
    if (is_number(word)) std::erase(value, '_');
    setting.values.push_back(std::move(value));
  }

  void read_string(FileSetting& setting) {
    const char quote = peek();
    std::string value;
    for (drop(); peek() != quote; drop()) {
      if (peek() == '\n') return fail("the string of '" + setting.name + "' has no end");
      if (peek() == '\\' && quote == '"') {
        value += read_escape();
      } else if (is_control(peek()) && peek() != '\t') {
        return fail("the string of '" + setting.name + "' has a control byte");
      } else {
        value += peek();
      }
      if (failed()) return;
    }
    drop();
    setting.values.push_back(std::move(value));
  }

  // Leaves the last character of the escape to be dropped.
  char read_escape() {
    drop();
    for (std::size_t at = 0; at < escapes.size(); at += 2) {
      if (escapes[at] == peek()) return escapes[at + 1];
    }
    if (rest_.size() >= 5 && rest_.starts_with("u00")) {
      const int high = http1::scan::hex_value(rest_[3]);
      const int low = http1::scan::hex_value(rest_[4]);
      const int byte = high * 16 + low;
      if (high >= 0 && high < 8 && low >= 0 && byte > 0) {
        rest_.remove_prefix(4);
        return static_cast<char>(byte);
      }
    }
    fail("only \\\", \\\\, \\n, \\r, \\t and \\u0001 to \\u007f are escapes here");
    return '\0';
  }

  std::string_view rest_;
  int line_ = 1;
  ConfigFile file_;
};

// Whether the value is read as it is when it stands without quotes. Of 1_000 the reader drops the
// underscore.
bool is_word(std::string_view value) {
  const bool is_plain_number = is_number(value) && value.find('_') == std::string_view::npos;
  return is_plain_number || value == "true" || value == "false";
}

std::string quoted(std::string_view value) {
  std::string text = "\"";
  for (const char byte : value) {
    std::size_t at = 0;
    while (at < escapes.size() && escapes[at + 1] != byte) at += 2;
    if (at < escapes.size()) {
      text.append("\\") += escapes[at];
    } else if (is_control(byte)) {
      std::array<char, 2> digits;
      http1::write_hex_byte(digits.data(), static_cast<unsigned char>(byte));
      text.append("\\u00").append(digits.data(), digits.size());
    } else {
      text += byte;
    }
  }
  return text + '"';
}

}  // namespace

ConfigFile read_config_text(std::string_view text) { return Reader(text).read(); }

std::string write_setting(std::string_view name, std::span<const std::string> values, bool is_list,
                          Notation notation) {
  std::string text(name);
  text += is_list ? " = [" : " = ";
  for (const std::string& value : values) {
    if (&value != values.data()) text += ", ";
    text += notation == Notation::word && is_word(value) ? value : quoted(value);
  }
  return text + (is_list ? "]" : "");
}

}  // namespace options
