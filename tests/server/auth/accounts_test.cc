// The lines of the files of users and tokens, and what is said about wrong ones.
#include "apps/server/auth/accounts.h"

#include <string>

#include <gtest/gtest.h>

namespace server {
namespace {

const std::string bcrypt = "$2b$05$abcdefghijklmnopqrstuuFFqNDFMl3ZMbyf7cAeKCJkrDSZZ.F2W";
const std::string sha512 = "$6$rounds=1000$saltsalt$abc";

std::string problem_of_users(const std::string& text) {
  Accounts accounts;
  return accounts.add_users(text);
}

TEST(Accounts, HaveTheUsersOfAFile) {
  Accounts accounts;
  ASSERT_EQ(accounts.add_users("# people\n\nalice:" + bcrypt + "\r\nbob:" + sha512 +
                               ":19000:0:99999:7:::\njürgen@example.org:$5$salt$x"),
            "");
  EXPECT_EQ(accounts.users(), 3U);
  ASSERT_NE(accounts.hash_of("alice"), nullptr);
  EXPECT_EQ(*accounts.hash_of("alice"), bcrypt);
  EXPECT_EQ(*accounts.hash_of("bob"), sha512);
  EXPECT_NE(accounts.hash_of("jürgen@example.org"), nullptr);
  EXPECT_EQ(accounts.hash_of("carol"), nullptr);
  EXPECT_EQ(accounts.hash_of(""), nullptr);
  EXPECT_TRUE(accounts.has("alice"));
  EXPECT_FALSE(accounts.has("carol"));
}

TEST(Accounts, TakeEachMethodOfLibcrypt) {
  for (const char* hash : {"$2b$05$abcdefghijklmnopqrstuu", "$2y$12$abcdefghijklmnopqrstuu",
                           "$y$j9T$abcdefghijklmnop$x", "$6$saltsalt$x", "$5$saltsalt$x"}) {
    EXPECT_EQ(problem_of_users(std::string("a:") + hash), "") << hash;
  }
}

// A problem names the line and the user, says what to do, and contains nothing of the hash.
TEST(Accounts, RefuseAWrongLineByItsNumber) {
  const std::string anew = "; make it anew with htpasswd -B, or with quoit passwd";
  EXPECT_EQ(problem_of_users("a:" + bcrypt + "\n\nbob:$apr1$abcdefgh$ijklmnop"),
            "line 3: user bob: this hash is Apache's own (apr1)" + anew);
  EXPECT_EQ(problem_of_users("bob:{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs="),
            "line 1: user bob: this hash is a plain SHA-1 ({SHA})" + anew);
  EXPECT_EQ(problem_of_users("bob:"), "line 1: user bob: there is no hash of a password" + anew);
  for (const char* plain : {"secret", "ab1cdefghijkl", "$9$x", "$", "$6$a b$c"}) {
    EXPECT_EQ(problem_of_users(std::string("bob:") + plain),
              "line 1: user bob: this is no hash of a password that crypt(5) describes" + anew)
        << plain;
  }
  for (const char* locked : {"*", "*0", "!", "!$6$a$b"}) {
    EXPECT_EQ(problem_of_users(std::string("bob:") + locked),
              "line 1: user bob: this account is locked" + anew);
  }
  EXPECT_EQ(problem_of_users("bob"), "line 1: there is no colon in it");
  EXPECT_EQ(problem_of_users(":" + bcrypt), "line 1: there is no name");
  EXPECT_EQ(problem_of_users("a:" + bcrypt + "\na:" + bcrypt),
            "line 2: user a: this name was there before");
  for (const char* name : {"anyone", "users", "a b", "a\tb", "a\x7f"}) {
    EXPECT_EQ(problem_of_users(std::string(name) + ":" + bcrypt).substr(0, 29),
              "line 1: this name is not poss")
        << name;
  }
}

TEST(Accounts, NoteAWeakHash) {
  Accounts accounts;
  ASSERT_EQ(accounts.add_users("a:" + bcrypt + "\nb:$1$saltsalt$x\nc:$5$saltsalt$x"), "");
  EXPECT_EQ(accounts.legacy(), "line 2: user b");
}

TEST(Accounts, HaveTheTokensOfAFile) {
  Accounts accounts;
  const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  const std::string none = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
  ASSERT_EQ(accounts.add_tokens("# for machines\nci:" + abc + "\nci:" + none + "\n"), "");
  EXPECT_EQ(accounts.tokens(), 2U);
  crypto::Sha256 digest{};
  ASSERT_TRUE(crypto::sha256("abc", digest));
  ASSERT_NE(accounts.owner_of(digest), nullptr);
  EXPECT_EQ(*accounts.owner_of(digest), "ci");
  ASSERT_TRUE(crypto::sha256("", digest));
  EXPECT_NE(accounts.owner_of(digest), nullptr);
  ASSERT_TRUE(crypto::sha256("abd", digest));
  EXPECT_EQ(accounts.owner_of(digest), nullptr);
  EXPECT_TRUE(accounts.has("ci"));
  for (const std::string& wrong : {abc.substr(1), abc + "0", "x" + abc.substr(1), std::string()}) {
    Accounts other;
    EXPECT_EQ(other.add_tokens("ci:" + wrong),
              "line 1: token ci: there are no 64 hexadecimal digits behind the colon; quoitd token "
              "ci makes a token and its line");
  }
}

TEST(Accounts, ChooseADecoyAmongTheUsers) {
  Accounts accounts;
  EXPECT_EQ(accounts.decoy(7), "");
  ASSERT_EQ(accounts.add_users("a:" + bcrypt + "\nb:" + sha512), "");
  EXPECT_EQ(accounts.decoy(0), bcrypt);
  EXPECT_EQ(accounts.decoy(7), sha512);
}

TEST(Accounts, AreEqualIfTheirEntriesAre) {
  Accounts one;
  Accounts two;
  Accounts three;
  ASSERT_EQ(one.add_users("a:" + bcrypt + "\nb:" + sha512), "");
  ASSERT_EQ(two.add_users("# again\nb:" + sha512 + "\na:" + bcrypt), "");
  ASSERT_EQ(three.add_users("a:" + bcrypt), "");
  EXPECT_TRUE(one == two);
  EXPECT_FALSE(one == three);
}

}  // namespace
}  // namespace server
