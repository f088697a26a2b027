// One pass over the text, by hand. Covered by tests/server/config/config_file_test.cc.
#include "apps/server/config/config_file.h"

#include <algorithm>
#include <numeric>

namespace server {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Settings read() {
    while (skip_to_text(), !rest_.empty() && settings_.wrong.empty()) read_setting();
    return std::move(settings_);
  }

 private:
  void fail(std::string text) {
    if (!settings_.wrong.empty()) return;
    settings_.wrong = std::move(text);
    settings_.wrong_line = line_;
  }

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
    while (!rest_.empty() && peek() != '\n') drop();
  }
  void skip_to_text() {
    for (skip_comment(); !rest_.empty() && peek() == '\n'; skip_comment()) drop();
  }

  std::string_view take_bare(bool with_dots) {
    std::size_t size = 0;
    while (size < rest_.size() && (is_bare(rest_[size]) || (with_dots && rest_[size] == '.'))) {
      ++size;
    }
    const std::string_view word = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return word;
  }

  void read_setting() {
    Setting setting{.line = line_};
    setting.name = take_bare(false);
    skip_blanks();
    if (setting.name.empty() || peek() != '=') {
      return fail("a line is NAME = VALUE, where NAME is an option's without its dashes");
    }
    drop();
    skip_blanks();
    if (peek() == '[')
      read_array(setting);
    else
      read_value(setting);
    skip_comment();
    if (peek() != '\n') fail("more stands behind the value of '" + setting.name + "'");
    settings_.all.push_back(std::move(setting));
  }

  void read_array(Setting& setting) {
    drop();
    for (skip_to_text(); peek() != ']'; skip_to_text()) {
      if (rest_.empty()) return fail("the array of '" + setting.name + "' has no end");
      read_value(setting);
      skip_to_text();
      if (peek() == ',')
        drop();
      else if (peek() != ']')
        return fail("the values of '" + setting.name + "' are parted by commas");
      if (!settings_.wrong.empty()) return;
    }
    drop();
  }

  void read_value(Setting& setting) {
    if (peek() == '"' || peek() == '\'') return read_string(setting);
    const std::string_view word = take_bare(true);
    const bool is_number = word.find_first_not_of("0123456789.-_") == std::string_view::npos;
    if (word.empty() || (!is_number && word != "true" && word != "false")) {
      return fail("the value of '" + setting.name + "' needs quotes, as \"10M\"");
    }
    std::string value(word);
    if (is_number) std::erase(value, '_');
    setting.values.push_back(std::move(value));
  }

  void read_string(Setting& setting) {
    const char quote = peek();
    std::string value;
    for (drop(); peek() != quote; drop()) {
      if (peek() == '\n') return fail("the string of '" + setting.name + "' has no end");
      if (peek() == '\\' && quote == '"') {
        drop();
        if (peek() != '"' && peek() != '\\') return fail("only \\\" and \\\\ are escapes here");
      }
      value += peek();
    }
    drop();
    setting.values.push_back(std::move(value));
  }

  std::string_view rest_;
  int line_ = 1;
  Settings settings_;
};

// How many letters must be put in, left out or changed.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t changed = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

Settings read_settings(std::string_view text) { return Reader(text).read(); }

std::string quote_setting(std::string_view value) {
  std::string quoted = "\"";
  for (const char byte : value) {
    if (byte == '"' || byte == '\\') quoted += '\\';
    quoted += byte;
  }
  return quoted + '"';
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& names) {
  std::string nearest;
  std::size_t least = std::max<std::size_t>(2, name.size() / 2) + 1;
  for (const std::string& other : names) {
    const std::size_t far = distance(name, other);
    if (far >= least) continue;
    least = far;
    nearest = other;
  }
  return nearest;
}

}  // namespace server
