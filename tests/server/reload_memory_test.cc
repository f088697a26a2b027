// A lack of memory refuses a reload and changes nothing.
//
// Each allocation that a reload makes fails once, and in further runs that allocation and all later
// ones. The old generation stays, and the next reload works.
#include <filesystem>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include "tests/server/failing_allocations.h"
#include "tests/server/reloading.h"

namespace server {
namespace {

using lab::Reloading;
using Outcome = Reload::Outcome;

std::size_t open_files() {
  std::size_t number = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++number;
  return number;
}

class Scarcity : public ::testing::TestWithParam<bool> {};

// Publishes once, with that allocation failing.
Outcome publish(Reloading& server, std::size_t failure, bool all) {
  const lab::Scarce scarce(failure, all);
  return server.reload().publish();
}

TEST_P(Scarcity, of_memory_leaves_the_old_generation) {
  Reloading server("");
  const std::string log = (server.etc() / "log").string();
  server.configure(
      "header = [\"A: a text that is too long for the string itself\"]\nwritable = true\n"
      "index = [\"a name that is too long for the string itself\"]\ntrust = [\"10.0.0.0/8\"]\n"
      "max-connections-per-address = 4\naccess-log = \"" +
      log + "\"\n");
  std::size_t failure = 1;
  std::size_t files = 0;
  for (;; ++failure) {
    const Outcome outcome = publish(server, failure, GetParam());
    if (outcome == Outcome::published) break;
    ASSERT_EQ(outcome, Outcome::refused);
    EXPECT_TRUE(server.reload().text().starts_with(
        "the configuration is not reloaded, the old one stays in use: "));
    ASSERT_EQ(server.generation().number, 1U);
    ASSERT_FALSE(server.generation().site.writable);
    ASSERT_EQ(server.config().access_log, "-");
    ASSERT_TRUE(server.reload().is_adopted());
    if (files == 0) files = open_files();
    ASSERT_EQ(open_files(), files) << "allocation " << failure;
    ASSERT_LT(failure, 10'000U);
  }
  EXPECT_GT(failure, 50U);
  EXPECT_EQ(server.generation().number, 2U);
  EXPECT_TRUE(server.generation().site.writable);
  EXPECT_EQ(server.generation().most_from_address, 4U);
  EXPECT_EQ(server.config().access_log, log);
  EXPECT_EQ(server.change(""), Outcome::published);
}

INSTANTIATE_TEST_SUITE_P(Memory, Scarcity, ::testing::Bool());

}  // namespace
}  // namespace server
