// The decision about another try, by tables.
#include "apps/client/command/retry.h"

#include <algorithm>
#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace client {
namespace {

TEST(Retry, FollowsFailuresThatMayPass) {
  for (int status = 300; status < 600; ++status) {
    const bool passes = status == 408 || status == 429 || status == 500 || status == 502 ||
                        status == 503 || status == 504;
    EXPECT_EQ(is_transient({.code = ExitCode::http_error, .status = status}), passes) << status;
  }
  const std::vector<ExitCode> passing = {ExitCode::cannot_connect, ExitCode::partial_file,
                                         ExitCode::timeout,        ExitCode::empty_reply,
                                         ExitCode::send_error,     ExitCode::receive_error};
  for (int code = 0; code <= 130; ++code) {
    if (code == static_cast<int>(ExitCode::http_error)) continue;
    const auto exit_code = static_cast<ExitCode>(code);
    const bool passes = std::find(passing.begin(), passing.end(), exit_code) != passing.end();
    EXPECT_EQ(is_transient({.code = exit_code}), passes) << code;
  }
}

TEST(Retry, RepeatsNothingThatCouldDoHarm) {
  const Settings free;
  const Settings bound{.headers = {{"If-Match", "\"t\""}}};
  const Failure refused{.code = ExitCode::http_error, .status = 503};
  const Failure unconnected{.code = ExitCode::cannot_connect};
  const Failure lost{.code = ExitCode::empty_reply};
  const Failure lost_by_proxy{.code = ExitCode::http_error, .status = 502};
  struct Row {
    Verb verb;
    bool is_stream;
    const Settings& settings;
    const Failure& failure;
    bool is_repeatable;
  };
  const std::vector<Row> rows = {
      {Verb::put, false, free, lost_by_proxy, true},
      {Verb::put, false, bound, lost_by_proxy, false},
      {Verb::remove, false, bound, lost_by_proxy, false},
      {Verb::get, true, free, lost_by_proxy, true},
      {Verb::get, true, free, unconnected, true},
      {Verb::put, false, free, lost, true},
      {Verb::put, true, free, refused, false},
      {Verb::put, true, free, unconnected, false},
      {Verb::put, false, bound, refused, true},
      {Verb::put, false, bound, unconnected, true},
      {Verb::put, false, bound, lost, false},
      {Verb::remove, false, free, lost, true},
      {Verb::remove, false, bound, lost, false},
      {Verb::remove, false, bound, refused, true},
      {Verb::get, false, free, lost, true},
      {Verb::get, true, free, refused, true},
      {Verb::get, true, free, lost, false},
      {Verb::get, false, bound, lost, true},
      {Verb::head, false, free, lost, true},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    const Job job{.verb = row.verb};
    EXPECT_EQ(is_repeatable(job, row.is_stream, row.settings, row.failure), row.is_repeatable) << i;
  }
}

// The condition of a job is that of sync: the first try may have made it false. Trees and listings
// change nothing, and what is done here is done again.
TEST(Retry, RepeatsJobsByTheirKind) {
  const Settings free;
  const Settings bound{.headers = {{"If-None-Match", "*"}}};
  const Failure refused{.code = ExitCode::http_error, .status = 503};
  const Failure lost{.code = ExitCode::receive_error};
  const Job absent{.verb = Verb::put, .condition = {.is_absent = true}};
  const Job tagged{.verb = Verb::remove, .condition = {.tag = "\"t\""}};
  const Job dated{.verb = Verb::put, .condition = {.unchanged_since = 784111777}};
  for (const Job& job : {absent, tagged, dated}) {
    EXPECT_FALSE(is_repeatable(job, false, free, lost));
    EXPECT_TRUE(is_repeatable(job, false, free, refused)) << "the server has not acted";
  }
  const Job put_tree{.verb = Verb::put, .is_tree = true};
  const Job get_tree{.verb = Verb::get, .is_tree = true};
  const Job sync{.verb = Verb::sync, .is_tree = true};
  const Job ls{.verb = Verb::ls};
  const Job remove_local{.verb = Verb::remove, .is_local = true};
  for (const Job& job : {put_tree, get_tree, sync, ls, remove_local}) {
    EXPECT_TRUE(is_repeatable(job, false, bound, lost)) << static_cast<int>(job.verb);
    EXPECT_TRUE(is_repeatable(job, false, bound, refused)) << static_cast<int>(job.verb);
  }
}

TEST(Retry, KnowsWhenTheServerMayHaveActed) {
  for (const int status : {408, 429, 500, 502, 503, 504}) {
    const bool may_be = status == 500 || status == 502 || status == 504;
    EXPECT_EQ(may_be_done({.code = ExitCode::http_error, .status = status}), may_be) << status;
  }
  EXPECT_FALSE(may_be_done({.code = ExitCode::cannot_connect}));
  EXPECT_TRUE(may_be_done({.code = ExitCode::receive_error}));
}

TEST(Retry, WaitsLongerEachTimeAndUpToAMinute) {
  const Failure failure{.code = ExitCode::timeout};
  const std::array<std::int64_t, 9> seconds = {1, 2, 4, 8, 16, 32, 60, 60, 60};
  for (unsigned retry = 1; retry <= seconds.size(); ++retry) {
    const std::int64_t pause_ms = seconds[retry - 1] * 1000;
    EXPECT_EQ(pause_before(retry, {}, failure, 0), pause_ms * 8 / 10);
    EXPECT_EQ(pause_before(retry, {}, failure, 20), pause_ms);
    EXPECT_EQ(pause_before(retry, {}, failure, 40), pause_ms * 12 / 10);
  }
  EXPECT_EQ(pause_before(1'000'000, {}, failure, 20), 60'000);
  EXPECT_EQ(pause_before(5, {.retry_delay_ms = 300}, failure, 0), 300);
}

TEST(Retry, WaitsAsLongAsTheServerAsks) {
  const Failure failure{.code = ExitCode::http_error, .status = 503, .retry_after_ms = 7000};
  EXPECT_EQ(pause_before(3, {.retry_delay_ms = 300}, failure, 9), 7000);
  EXPECT_EQ(parse_retry_after("120", 0), 120'000);
  EXPECT_EQ(parse_retry_after(" 0 ", 0), 0);
  EXPECT_EQ(parse_retry_after("99999999999", 0), 86'400'000);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 784111777 - 5), 5000);
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", 784111777 + 5), 0);
  for (const char* value : {"", "soon", "-1", "1.5", "1 2"}) {
    EXPECT_EQ(parse_retry_after(value, 0), std::nullopt) << value;
  }
}

}  // namespace
}  // namespace client
