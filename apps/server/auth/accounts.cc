// Reading the lines of both files. Covered by tests/server/auth/accounts_test.cc and
// fuzz/accounts_fuzzer.cc.
#include "apps/server/auth/accounts.h"

#include <algorithm>
#include <array>
#include <crypt.h>
#include <utility>

#include "apps/server/plan/rules.h"
#include "parser/hex.h"

namespace server {

namespace {

std::string at_line(std::size_t line) { return "line " + std::to_string(line) + ": "; }

// The next line of `text`, without its line end, which may be that of Windows.
std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The problem with a hash that libcrypt does not compute, and how to make another one.
std::string problem_of_hash(std::string_view hash) {
  constexpr std::string_view anew = "; make it anew with htpasswd -B, or with quoit passwd";
  std::string_view problem = "this is no hash of a password that crypt(5) describes";
  if (hash.empty()) problem = "there is no hash of a password";
  if (hash.starts_with("$apr1$")) problem = "this hash is Apache's own (apr1)";
  if (hash.starts_with("{SHA}")) problem = "this hash is a plain SHA-1 ({SHA})";
  if (hash.starts_with('*') || hash.starts_with('!')) problem = "this account is locked";
  return std::string(problem).append(anew);
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

std::string problem_of_name(std::string_view name) {
  if (name.empty()) return "there is no name";
  return "this name is not possible: it has white space or a control byte, more than 255 bytes, or "
         "is 'anyone' or 'users'";
}

}  // namespace

std::string Accounts::add_user(std::string_view name, std::string_view hash, std::size_t line) {
  const std::string begin = at_line(line) + "user " + std::string(name) + ": ";
  // Two methods of crypt(3) are as weak as a plain password: DES, whose hashes have no prefix, and
  // the ones of old UNIX systems. They all have no dollar in front.
  const bool is_known = hash.starts_with('$') && hash.size() < CRYPT_OUTPUT_SIZE &&
                        is_printable(hash) && !hash.starts_with("$apr1$");
  const std::string setting(hash);
  const int check = is_known ? ::crypt_checksalt(setting.c_str()) : CRYPT_SALT_INVALID;
  const bool is_usable = check == CRYPT_SALT_OK || check == CRYPT_SALT_METHOD_LEGACY;
  if (!is_usable) return begin + problem_of_hash(hash);
  const auto [at, is_new] = users_.try_emplace(std::string(name), hash);
  if (!is_new) return begin + "this name was there before";
  hashes_.push_back(at->second);
  if (check == CRYPT_SALT_METHOD_LEGACY && legacy_.empty()) {
    legacy_ = at_line(line) + "user " + std::string(name);
  }
  return {};
}

std::string Accounts::add_token(std::string_view name, std::string_view digits, std::size_t line) {
  Token token{.digest = {}, .name = std::string(name)};
  if (!http1::read_hex_bytes(digits, token.digest)) {
    return at_line(line) + "token " + std::string(name) +
           ": there are no 64 hexadecimal digits behind the colon; quoitd token " +
           std::string(name) + " makes a token and its line";
  }
  tokens_.push_back(std::move(token));
  return {};
}

namespace {

// Calls `add` with the name, the rest and the number of each line that is neither empty nor a
// comment, until it returns a problem.
template <typename Add>
std::string for_each_line(std::string_view text, Add add) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return at_line(number) + "there is no colon in it";
    const std::string_view name = line.substr(0, colon);
    if (!is_user_name(name)) return at_line(number) + problem_of_name(name);
    std::string problem = add(name, line.substr(colon + 1), number);
    if (!problem.empty()) return problem;
  }
  return {};
}

std::string too_many(std::size_t line) {
  return at_line(line) + "there are more than " + std::to_string(Accounts::most_accounts) +
         " lines";
}

}  // namespace

std::string Accounts::add_users(std::string_view text) {
  return for_each_line(text, [this](auto name, std::string_view rest, std::size_t line) {
    if (users_.size() == most_accounts) return too_many(line);
    // The text behind a second colon is a comment of htpasswd, or the other fields of shadow(5).
    return add_user(name, rest.substr(0, rest.find(':')), line);
  });
}

std::string Accounts::add_tokens(std::string_view text) {
  std::string problem =
      for_each_line(text, [this](auto name, std::string_view rest, std::size_t line) {
        if (tokens_.size() == most_accounts) return too_many(line);
        return add_token(name, rest, line);
      });
  std::sort(tokens_.begin(), tokens_.end(),
            [](const Token& left, const Token& right) { return left.digest < right.digest; });
  return problem;
}

const std::string* Accounts::hash_of(std::string_view user) const {
  const auto found = users_.find(user);
  return found == users_.end() ? nullptr : &found->second;
}

// The order of the comparisons depends on the digest, from which nothing follows about the token.
const std::string* Accounts::owner_of(const crypto::Sha256& digest) const {
  const auto at = std::lower_bound(
      tokens_.begin(), tokens_.end(), digest,
      [](const Token& token, const crypto::Sha256& wanted) { return token.digest < wanted; });
  if (at == tokens_.end() || !crypto::equal_secrets(at->digest, digest)) return nullptr;
  return &at->name;
}

std::string_view Accounts::decoy(std::uint64_t number) const {
  return hashes_.empty() ? std::string_view() : hashes_[number % hashes_.size()];
}

bool Accounts::has(std::string_view name) const {
  return hash_of(name) || std::any_of(tokens_.begin(), tokens_.end(),
                                      [name](const Token& token) { return token.name == name; });
}

}  // namespace server
