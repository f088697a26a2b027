// Fuzzes Accounts: the input is a file of users, and a file of tokens.
//
// Oracles:
//   - a file that is read has as many entries as lines that are neither empty nor comments, each
//     found by its name or its digest
//   - a problem names a line of the file, and contains nothing that stands behind a colon of it
//   - reading a file and a comment behind it gives equal accounts
// Covered by the replay of corpus/accounts in every build.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "apps/server/auth/accounts.h"
#include "fuzz/bytes.h"
#include "fuzz/require.h"

namespace {

using fuzz::require;
using server::Accounts;

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

std::string_view line_at(std::string_view text, std::size_t number) {
  std::string_view line;
  for (std::size_t i = 0; i < number; ++i) line = take_line(text);
  return line;
}

// The secret part of a line must not be in a message. A short one, and one with spaces, may be
// equal to words of the message, and any may be equal to the name, which is shown.
void check_problem(std::string_view text, std::string_view problem) {
  constexpr std::string_view begin = "line ";
  require(problem.starts_with(begin), "a problem begins with its line");
  std::size_t number = 0;
  std::from_chars(problem.data() + begin.size(), problem.data() + problem.size(), number);
  require(number > 0, "lines are counted from 1");
  const std::string_view line = line_at(text, number);
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || line.size() - colon < 24) return;
  const std::string_view secret = line.substr(colon + 1);
  if (secret.find(' ') != secret.npos || line.substr(0, colon + 1).find(secret) != secret.npos)
    return;
  require(problem.find(secret) == std::string_view::npos, "a hash is not shown");
}

void check_users(std::string_view text) {
  Accounts accounts;
  const std::string problem = accounts.add_users(text);
  if (!problem.empty()) return check_problem(text, problem);
  std::size_t entries = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = take_line(rest);
    if (line.empty() || line.starts_with('#')) continue;
    ++entries;
    const std::string_view name = line.substr(0, line.find(':'));
    const std::string* const hash = accounts.hash_of(name);
    require(hash && line.substr(name.size() + 1).starts_with(*hash), "a user has the hash");
    require(hash->front() == '$', "a hash names its method");
  }
  require(entries == accounts.users(), "each line is a user");
  Accounts again;
  require(again.add_users(std::string(text) + "\n# x").empty() && again == accounts,
          "a comment changes nothing");
  require(entries == 0 || !accounts.decoy(entries + 1).empty(), "there is a decoy");
}

void check_tokens(std::string_view text) {
  Accounts accounts;
  const std::string problem = accounts.add_tokens(text);
  if (!problem.empty()) return check_problem(text, problem);
  std::size_t entries = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = take_line(rest);
    if (line.empty() || line.starts_with('#')) continue;
    ++entries;
    require(accounts.has(line.substr(0, line.find(':'))), "a token has its name");
  }
  require(entries == accounts.tokens(), "each line is a token");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::text_of_input(data, size);
  check_users(text);
  check_tokens(text);
  return 0;
}
