// Accounts: the users and tokens of the files of --users and --tokens, in memory.
//
// Immutable once requests see it. A line of the users' file is NAME:HASH as htpasswd writes it,
// with a hash that crypt(3) of libcrypt computes: bcrypt, yescrypt, SHA-512 crypt, SHA-256 crypt
// and others of its list. A line of the tokens' file is NAME:SHA256, in 64 hexadecimal digits; a
// name may have several tokens. Empty lines and lines that begin with # are skipped. Covered by
// tests/server/auth/accounts_test.cc and fuzz/accounts_fuzzer.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "apps/crypto/digest.h"

namespace server {

class Accounts {
 public:
  Accounts() = default;
  Accounts(const Accounts&) = delete;
  Accounts& operator=(const Accounts&) = delete;

  // Far more than a file server has, and read in a tenth of a second.
  static constexpr std::size_t most_accounts = 100'000;

  // Adds the users or tokens of a file's text. Returns the problem, which begins with "line N", or
  // nothing; after a problem the object is of no use. A message contains no hash.
  [[nodiscard]] std::string add_users(std::string_view text);
  [[nodiscard]] std::string add_tokens(std::string_view text);

  // The hash of the user's password; null: there is no such user.
  [[nodiscard]] const std::string* hash_of(std::string_view user) const;
  // The name of the token with that SHA-256; null: there is no such token.
  [[nodiscard]] const std::string* owner_of(const crypto::Sha256& digest) const;
  // The hash of some user, chosen by `number`: a password of a user that does not exist is checked
  // against it, so that it takes the time of one that does. Empty: there are no users.
  [[nodiscard]] std::string_view decoy(std::uint64_t number) const;

  // Whether the name is that of a user or of a token.
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] std::size_t users() const { return users_.size(); }
  [[nodiscard]] std::size_t tokens() const { return tokens_.size(); }
  // "line 3: user bob", for the first hash of a method that is no longer recommended; else empty.
  [[nodiscard]] const std::string& legacy() const { return legacy_; }

  bool operator==(const Accounts& other) const {
    return users_ == other.users_ && tokens_ == other.tokens_;
  }

 private:
  struct TextHash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): std::unordered_map's
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Users = std::unordered_map<std::string, std::string, TextHash, std::equal_to<>>;

  struct Token {
    crypto::Sha256 digest;
    std::string name;
    bool operator==(const Token&) const = default;
  };

  std::string add_user(std::string_view name, std::string_view hash, std::size_t line);
  std::string add_token(std::string_view name, std::string_view digits, std::size_t line);

  Users users_;
  std::vector<std::string_view> hashes_;  // of users_, in the order of the file
  std::vector<Token> tokens_;             // by digest
  std::string legacy_;
};

}  // namespace server
