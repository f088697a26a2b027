// The texts of /healthz and /readyz.
#include "apps/server/admin/readiness.h"

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(Health, is_ok_while_each_worker_answers_within_the_limit) {
  Snapshot snapshot;
  snapshot.workers = {{.silent_us = 0}, {.silent_us = longest_silence_us - 1}};
  EXPECT_TRUE(judge_health(snapshot).is_fine);
  EXPECT_EQ(judge_health(snapshot).text, "ok\n");
}

TEST(Health, names_each_worker_that_hangs) {
  Snapshot snapshot;
  snapshot.workers = {{.silent_us = 12'345'678}, {}, {.silent_us = longest_silence_us}};
  EXPECT_FALSE(judge_health(snapshot).is_fine);
  EXPECT_EQ(judge_health(snapshot).text,
            "worker 0 has not finished a loop iteration for 12 s\n"
            "worker 2 has not finished a loop iteration for 10 s\n");
}

// A restart repairs no disk and no configuration.
TEST(Health, does_not_depend_on_readiness) {
  Snapshot snapshot;
  snapshot.process.readiness = {
      .has_no_space = true, .root_is_missing = true, .log_is_failing = true};
  EXPECT_TRUE(judge_health(snapshot).is_fine);
}

TEST(Readiness, is_ok_without_a_reason) { EXPECT_EQ(judge_readiness({}).text, "ok\n"); }

TEST(Readiness, has_a_line_for_each_reason) {
  const Verdict verdict = judge_readiness({.is_starting = true,
                                           .is_draining = true,
                                           .has_no_space = true,
                                           .root_is_missing = true,
                                           .log_is_failing = true});
  EXPECT_FALSE(verdict.is_fine);
  EXPECT_EQ(verdict.text,
            "the server is starting\n"
            "the server is draining: it stops soon\n"
            "the free space on the disk has come down to --reserve\n"
            "the served directory or its file system is not there\n"
            "a log cannot be written\n");
}

}  // namespace
}  // namespace server
