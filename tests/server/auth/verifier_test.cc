// Checks of passwords and tokens: right and wrong ones, each kind of hash, the cache, equal ones
// that wait for one check, the throttle and the bound of the queue.
#include "apps/server/auth/verifier.h"

#include <crypt.h>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "uring/event.h"

namespace server {
namespace {

using Verdict = Verifier::Verdict;

std::string hash_of(const char* password, const char* prefix, unsigned long cost) {
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  EXPECT_NE(::crypt_gensalt_rn(prefix, cost, nullptr, 0, setting.data(), setting.size()), nullptr);
  crypt_data data{};
  return ::crypt_r(password, setting.data(), &data);
}

Credentials basic(std::string_view user, std::string_view secret) {
  return {.scheme = Credentials::Scheme::basic, .user = user, .secret = secret};
}

class VerifierTest : public ::testing::Test {
 protected:
  VerifierTest() {
    EXPECT_EQ(accounts.add_users(
                  "alice:" + hash_of("secret", "$6$", 1000) + "\nbob:" + hash_of("b", "$2b$", 4) +
                  "\ncarol:" + hash_of("c", "$y$", 1) + "\ndave:" + hash_of("d", "$5$", 1000)),
              "");
    EXPECT_EQ(accounts.add_tokens(
                  "ci:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),  // abc
              "");
  }
  // Waits for the verdict of a check that is not there yet.
  void await(Verifier::Check& pending) {
    if (pending.event < 0) return;
    uring::take_event(pending.event);
    verifier.finish(pending);
  }
  void start() { ASSERT_FALSE(verifier.start()); }
  // The final verdict.
  Verdict verdict(const Credentials& credentials, std::optional<std::uint64_t> address = {}) {
    verifier.begin(accounts, credentials, address, check);
    await(check);
    return check.verdict;
  }

  Accounts accounts;
  Verifier verifier;
  Verifier::Check check;
};

TEST_F(VerifierTest, TakesThePasswordOfEachKindOfHash) {
  start();
  for (const auto& [user, password] :
       {std::pair{"alice", "secret"}, {"bob", "b"}, {"carol", "c"}, {"dave", "d"}}) {
    EXPECT_EQ(verdict(basic(user, password)), Verdict::right) << user;
    EXPECT_EQ(check.name, user);
    EXPECT_EQ(verdict(basic(user, "wrong")), Verdict::wrong) << user;
    EXPECT_EQ(verdict(basic(user, "")), Verdict::wrong) << user;
  }
  EXPECT_EQ(verdict(basic("alice", "b")), Verdict::wrong) << "the password of another user";
}

TEST_F(VerifierTest, ChecksAUserThatDoesNotExistLikeAnother) {
  start();
  for (const char* password : {"secret", "b", "c", "d"}) {
    for (const char* user : {"erin", "Alice", "alice ", ""}) {
      EXPECT_EQ(verdict(basic(user, password)), Verdict::wrong);
    }
  }
  EXPECT_EQ(verifier.counts().computed, 16U);
}

TEST_F(VerifierTest, TakesATokenAsBearerAndAsAPassword) {
  start();
  EXPECT_EQ(verdict({.scheme = Credentials::Scheme::bearer, .user = {}, .secret = "abc"}),
            Verdict::right);
  EXPECT_EQ(check.name, "ci");
  EXPECT_EQ(verdict(basic("anything", "abc")), Verdict::right);
  EXPECT_EQ(check.name, "ci");
  EXPECT_EQ(verdict(basic("alice", "abc")), Verdict::right);
  EXPECT_EQ(check.name, "ci") << "a token has the rights of its own name";
  EXPECT_EQ(verdict({.scheme = Credentials::Scheme::bearer, .user = {}, .secret = "secret"}),
            Verdict::wrong);
  EXPECT_EQ(verifier.counts().computed, 0U);
}

TEST_F(VerifierTest, ComputesARightPasswordOnce) {
  start();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(verdict(basic("alice", "secret")), Verdict::right);
  EXPECT_EQ(verifier.counts().computed, 1U);
  EXPECT_EQ(verifier.counts().cached, 19U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(verdict(basic("alice", "no")), Verdict::wrong);
  EXPECT_EQ(verifier.counts().computed, 4U);
}

TEST_F(VerifierTest, CachesForOneHashAlone) {
  start();
  EXPECT_EQ(verdict(basic("alice", "secret")), Verdict::right);
  Accounts changed;
  ASSERT_EQ(changed.add_users("alice:" + hash_of("other", "$6$", 1000)), "");
  verifier.begin(changed, basic("alice", "secret"), {}, check);
  ASSERT_GE(check.event, 0);
  await(check);
  EXPECT_EQ(check.verdict, Verdict::wrong);
}

// The hash takes some tenths of a second, so that the others come meanwhile.
TEST_F(VerifierTest, ComputesEqualCredentialsOnce) {
  start();
  Accounts slow;
  ASSERT_EQ(slow.add_users("alice:" + hash_of("secret", "$6$", 500'000)), "");
  std::vector<Verifier::Check> checks(6);
  for (Verifier::Check& one : checks) verifier.begin(slow, basic("alice", "secret"), 7, one);
  for (Verifier::Check& one : checks) {
    await(one);
    EXPECT_EQ(one.verdict, Verdict::right);
    EXPECT_EQ(one.event, -1);
  }
  EXPECT_EQ(verifier.counts().computed, 1U);
}

// A verifier without threads never empties its queue.
TEST_F(VerifierTest, RefusesBeyondItsQueue) {
  Verifier stuck(0);
  std::vector<std::string> passwords;
  for (std::size_t i = 0; i <= Verifier::most_queued; ++i) {
    passwords.push_back("no" + std::to_string(i));
  }
  std::vector<Verifier::Check> checks(Verifier::most_queued);
  for (std::size_t i = 0; i < checks.size(); ++i) {
    stuck.begin(accounts, basic("alice", passwords[i]), i, checks[i]);
    EXPECT_EQ(checks[i].verdict, Verdict::pending);
  }
  for (int i = 0; i < 100; ++i) {
    stuck.begin(accounts, basic("alice", passwords.back()), 7, check);
    ASSERT_EQ(check.verdict, Verdict::busy) << "and it is not counted as a failure";
    EXPECT_EQ(check.event, -1);
  }
  stuck.begin(accounts, basic("alice", passwords[0]), 7, check);
  EXPECT_EQ(check.verdict, Verdict::pending) << "equal ones wait for the one that is there";
  stuck.finish(check);
  for (Verifier::Check& one : checks) {
    stuck.finish(one);  // as if its event could not be read
    EXPECT_EQ(one.verdict, Verdict::busy);
    EXPECT_EQ(one.event, -1);
  }
}

TEST_F(VerifierTest, ThrottlesAnAddressThatFails) {
  start();
  int throttled = 0;
  for (int i = 0; i < 30; ++i) {
    const std::string password = "no" + std::to_string(i);
    throttled += verdict(basic("alice", password), 7) == Verdict::throttled ? 1 : 0;
    if (check.verdict == Verdict::throttled) {
      EXPECT_GT(check.retry_ms, 0);
      EXPECT_LE(check.retry_ms, Throttle::interval_ms);
    }
  }
  EXPECT_GT(throttled, 0);
  EXPECT_EQ(verdict(basic("alice", "secret"), 8), Verdict::right) << "another address";
  EXPECT_EQ(verdict(basic("alice", "secret"), 7), Verdict::right) << "right, and cached";
}

TEST_F(VerifierTest, ThrottlesNoRightPasswordsAndNoPeersWithoutAnAddress) {
  start();
  for (int i = 0; i < 40; ++i) {
    Accounts other;
    ASSERT_EQ(other.add_users("alice:" + hash_of("secret", "$6$", 1000)), "");
    verifier.begin(other, basic("alice", "secret"), 7, check);
    ASSERT_GE(check.event, 0) << i;
    await(check);
    ASSERT_EQ(check.verdict, Verdict::right);
    ASSERT_EQ(verdict(basic("alice", "no" + std::to_string(i))), Verdict::wrong);
  }
}

TEST_F(VerifierTest, ThrottlesWrongTokensAndMalformedCredentials) {
  start();
  int throttled = 0;
  for (int i = 0; i < 30; ++i) {
    const bool is_token = i % 2 == 0;
    if (is_token)
      verdict({.scheme = Credentials::Scheme::bearer, .user = {}, .secret = "no"}, 7);
    else
      verifier.refuse(7, check);
    throttled += check.verdict == Verdict::throttled ? 1 : 0;
  }
  EXPECT_GT(throttled, 0);
  EXPECT_EQ(verdict({.scheme = Credentials::Scheme::bearer, .user = {}, .secret = "abc"}, 7),
            Verdict::right)
      << "a right token is never throttled";
}

}  // namespace
}  // namespace server
