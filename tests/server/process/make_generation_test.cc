// What workers get of each option, and what generations have in common.
#include "apps/server/process/make_generation.h"

#include <memory>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "apps/server/process/landlock.h"
#include "apps/server/process/resource_limits.h"
#include "apps/server/process/sandbox.h"

namespace server {
namespace {

constexpr std::uint64_t files = 3000;

TEST(MakeGeneration, numbers_them_in_order) {
  const Config config;
  const auto first = make_generation(config, files, nullptr);
  EXPECT_EQ(first->number, 1U);
  EXPECT_EQ(make_generation(config, files, first.get())->number, 2U);
}

TEST(MakeGeneration, takes_the_limit_of_connections_from_the_limit_of_files_by_default) {
  Config config;
  EXPECT_EQ(make_generation(config, files, nullptr)->most_connections, connections_for(files));
  config.max_connections = 7;
  EXPECT_EQ(make_generation(config, files, nullptr)->most_connections, 7U);
}

// The file cache has views of the table.
TEST(MakeGeneration, keeps_the_table_of_types_while_it_is_equal) {
  const Config config;
  const auto first = make_generation(config, files, nullptr);
  EXPECT_EQ(make_generation(config, files, first.get())->mime, first->mime);
  Generation other = *first;
  other.mime = std::make_shared<const Mime>();
  const auto next = make_generation(config, files, &other);
  EXPECT_TRUE(*next->mime == *first->mime);
}

// The sandbox has a rule for the file and not for one that replaces it.
TEST(MakeGeneration, keeps_the_types_where_the_table_of_the_system_may_not_be_read) {
  if (is_instrumented || Landlock().version() == 0) GTEST_SKIP() << "no Landlock here";
  if (::access(system_mime_types, R_OK) != 0) GTEST_SKIP() << "no " << system_mime_types;
  const Config config;
  const auto before = make_generation(config, files, nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    Landlock rules;
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const bool is_restricted = rules.enter();
    const auto next = make_generation(config, files, before.get());
    ::_exit(is_restricted && next->mime == before->mime ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// Connections are counted in it.
TEST(MakeGeneration, keeps_the_counts_of_addresses_once_there_are_any) {
  Config config;
  const auto without = make_generation(config, files, nullptr);
  EXPECT_EQ(without->addresses, nullptr);
  config.max_from_address = 5;
  const auto with = make_generation(config, files, without.get());
  ASSERT_NE(with->addresses, nullptr);
  EXPECT_EQ(with->most_from_address, 5U);
  config.max_from_address = 0;
  const auto again = make_generation(config, files, with.get());
  EXPECT_EQ(again->most_from_address, 0U);
  EXPECT_EQ(again->addresses, with->addresses);
}

TEST(MakeGeneration, logs_durations_only_where_a_format_has_them) {
  Config config;
  EXPECT_TRUE(make_generation(config, files, nullptr)->logs_requests);
  EXPECT_FALSE(make_generation(config, files, nullptr)->logs_durations);
  config.log_format = LogFormat::json;
  EXPECT_TRUE(make_generation(config, files, nullptr)->logs_durations);
  config.access_log = "off";
  EXPECT_FALSE(make_generation(config, files, nullptr)->logs_requests);
  EXPECT_FALSE(make_generation(config, files, nullptr)->logs_durations);
  EXPECT_FALSE(make_generation(config, files, nullptr)->logs_heads);
  config.log_heads = "-";
  EXPECT_TRUE(make_generation(config, files, nullptr)->logs_heads);
}

}  // namespace
}  // namespace server
