// Covered by tests/client/command/netrc_test.cc.
#include "apps/client/command/netrc.h"

#include <algorithm>

#include "parser/fields.h"

namespace client {

namespace {

constexpr std::string_view white_space = " \t\r\n";

// The words of the file, from the first on.
class Words {
 public:
  explicit Words(std::string_view text) : rest_(text) {}

  // Nothing at the end of the file.
  std::optional<std::string> next() {
    skip_space_and_comments();
    if (rest_.empty()) return std::nullopt;
    return rest_.front() == '"' ? quoted() : plain();
  }

  // Skips a macro: everything up to an empty line.
  void skip_macro() {
    while (!rest_.empty()) {
      const std::string_view line = take_line();
      if (line.find_first_not_of(white_space) == std::string_view::npos) return;
    }
  }

 private:
  std::string_view take_line() {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    is_new_line_ = true;
    return line;
  }

  void skip_space_and_comments() {
    while (!rest_.empty()) {
      if (white_space.find(rest_.front()) != std::string_view::npos) {
        is_new_line_ = is_new_line_ || rest_.front() == '\n';
        rest_.remove_prefix(1);
      } else if (is_new_line_ && rest_.front() == '#') {
        take_line();
      } else {
        return;
      }
    }
  }

  std::string plain() {
    const std::size_t end = std::min(rest_.find_first_of(white_space), rest_.size());
    std::string word(rest_.substr(0, end));
    rest_.remove_prefix(end);
    is_new_line_ = false;
    return word;
  }

  std::string quoted() {
    std::string word;
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
      word += rest_.front();
      rest_.remove_prefix(1);
    }
    if (!rest_.empty()) rest_.remove_prefix(1);
    is_new_line_ = false;
    return word;
  }

  std::string_view rest_;
  bool is_new_line_ = true;  // only white space since the beginning of the line
};

}  // namespace

std::optional<Login> find_login(std::string_view netrc, std::string_view host) {
  Words words(netrc);
  Login login;
  bool is_found = false;
  while (const std::optional<std::string> word = words.next()) {
    if (*word == "machine" || *word == "default") {
      if (is_found) break;
      if (*word == "default") {
        is_found = true;
      } else {
        is_found = http1::equal_ignoring_case(words.next().value_or(""), host);
      }
    } else if (*word == "login") {
      std::string name = words.next().value_or("");
      if (is_found) login.name = std::move(name);
    } else if (*word == "password") {
      std::string password = words.next().value_or("");
      if (is_found) login.password = std::move(password);
    } else if (*word == "account") {
      words.next();
    } else if (*word == "macdef") {
      words.skip_macro();
    }
  }
  if (login.name.empty() && login.password.empty()) return std::nullopt;
  return login;
}

}  // namespace client
