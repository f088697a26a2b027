// The token that the command makes, and its line.
#include "apps/server/auth/token.h"

#include <set>

#include <gtest/gtest.h>

#include "apps/server/auth/accounts.h"

namespace server {
namespace {

// The lines of a text.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t end; (end = text.find('\n')) != std::string_view::npos;) {
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

TEST(Token, IsAcceptedByItsLine) {
  std::set<std::string> tokens;
  for (int i = 0; i < 20; ++i) {
    const options::ExitReason made = make_token("ci");
    ASSERT_EQ(made.status, EX_OK);
    const std::vector<std::string> lines = lines_of(made.text);
    ASSERT_EQ(lines.size(), 4U);
    EXPECT_EQ(lines[1].size(), 43U);
    EXPECT_EQ(lines[1].find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789-_"),
              std::string::npos);
    Accounts accounts;
    ASSERT_EQ(accounts.add_tokens(lines[3]), "");
    crypto::Sha256 digest{};
    ASSERT_TRUE(crypto::sha256(lines[1], digest));
    ASSERT_NE(accounts.owner_of(digest), nullptr);
    EXPECT_EQ(*accounts.owner_of(digest), "ci");
    EXPECT_TRUE(tokens.insert(lines[1]).second);
  }
}

TEST(Token, NeedsAPossibleName) {
  for (const char* name : {"", "a b", "a:b", "anyone", "users"}) {
    EXPECT_EQ(make_token(name).status, EX_USAGE) << name;
  }
}

}  // namespace
}  // namespace server
