// Replacing random keys, and keys from files.
#include "apps/crypto/ticket_keys.h"

#include <string>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "tests/support/scratch.h"

namespace crypto {
namespace {

using Found = TicketKeys::Found;

std::string name_of(const TicketKey& key) { return {key.name.begin(), key.name.end()}; }

TEST(RandomTicketKeys, encrypt_for_a_period_and_decrypt_for_a_lifetime) {
  const auto keys = TicketKeys::make();
  constexpr std::int64_t start_s = 1000;
  const TicketKey first = keys->current(start_s);
  EXPECT_EQ(name_of(keys->current(start_s + TicketKeys::period_s - 1)), name_of(first));
  const TicketKey second = keys->current(start_s + TicketKeys::period_s);
  EXPECT_NE(name_of(second), name_of(first));
  EXPECT_NE(second.aes_key, first.aes_key);
  TicketKey found;
  const auto find = [&](const TicketKey& key, std::int64_t now_s) {
    return keys->find(key.name.data(), now_s, found);
  };
  EXPECT_EQ(find(second, start_s + TicketKeys::period_s), Found::current);
  EXPECT_EQ(find(first, start_s + TicketKeys::period_s), Found::older);
  EXPECT_EQ(found.aes_key, first.aes_key);
  EXPECT_EQ(find(first, start_s + 2 * TicketKeys::period_s), Found::older);
  EXPECT_EQ(find(first, start_s + 3 * TicketKeys::period_s), Found::none);
  EXPECT_EQ(find(second, start_s + 3 * TicketKeys::period_s), Found::older);
}

TEST(RandomTicketKeys, differ_in_each_process) {
  const auto one = TicketKeys::make();
  const auto other = TicketKeys::make();
  EXPECT_NE(name_of(one->current(0)), name_of(other->current(0)));
  EXPECT_FALSE(one->equals(*one));
}

TEST(TicketKeysOfAFile, encrypt_with_the_first_and_decrypt_with_all) {
  const test_support::Scratch scratch;
  const std::string bytes = test_support::noise(2 * TicketKey::bytes);
  scratch.write("keys", bytes);
  ::chmod(scratch.path("keys").c_str(), 0600);
  Problem problem;
  const auto keys = TicketKeys::read(scratch.path("keys"), problem);
  ASSERT_TRUE(keys) << problem.text;
  EXPECT_EQ(name_of(keys->current(0)), bytes.substr(0, 16));
  EXPECT_EQ(name_of(keys->current(1'000'000'000)), bytes.substr(0, 16));
  TicketKey found;
  const std::string second = bytes.substr(TicketKey::bytes, 16);
  EXPECT_EQ(keys->find(reinterpret_cast<const unsigned char*>(second.data()), 0, found),
            Found::older);
  EXPECT_TRUE(keys->equals(*TicketKeys::read(scratch.path("keys"), problem)));
}

TEST(TicketKeysOfAFile, are_refused_with_a_reason) {
  const test_support::Scratch scratch;
  Problem problem;
  EXPECT_FALSE(TicketKeys::read(scratch.path("keys"), problem));
  EXPECT_EQ(problem.kind, Problem::Kind::tickets);
  EXPECT_NE(problem.text.find("No such file"), std::string::npos);
  scratch.write("keys", std::string(81, 'x'));
  EXPECT_FALSE(TicketKeys::read(scratch.path("keys"), problem));
  EXPECT_NE(problem.text.find("has 81 bytes"), std::string::npos);
  scratch.write("keys", std::string(80, 'x'));
  ::chmod(scratch.path("keys").c_str(), 0644);
  EXPECT_FALSE(TicketKeys::read(scratch.path("keys"), problem));
  EXPECT_NE(problem.text.find("chmod o="), std::string::npos);
}

}  // namespace
}  // namespace crypto
