// Covered by tests/server/admin/readiness_test.cc.
#include "apps/server/admin/readiness.h"

#include <cstddef>
#include <string_view>

namespace server {

namespace {

void add_reason(Verdict& verdict, std::string_view reason) {
  verdict.is_fine = false;
  verdict.text.append(reason).append("\n");
}

Verdict finished(Verdict verdict) {
  if (verdict.is_fine) verdict.text = "ok\n";
  return verdict;
}

}  // namespace

Verdict judge_health(const Snapshot& snapshot) {
  Verdict verdict;
  for (std::size_t i = 0; i < snapshot.workers.size(); ++i) {
    const std::int64_t silent_us = snapshot.workers[i].silent_us;
    if (silent_us < longest_silence_us) continue;
    add_reason(verdict, "worker " + std::to_string(i) + " has not finished a loop iteration for " +
                            std::to_string(silent_us / 1'000'000) + " s");
  }
  return finished(std::move(verdict));
}

Verdict judge_readiness(const Readiness& readiness) {
  Verdict verdict;
  if (readiness.is_starting) add_reason(verdict, "the server is starting");
  if (readiness.is_draining) add_reason(verdict, "the server is draining: it stops soon");
  if (readiness.has_no_space) {
    add_reason(verdict, "the free space on the disk has come down to --reserve");
  }
  if (readiness.root_is_missing) {
    add_reason(verdict, "the served directory or its file system is not there");
  }
  if (readiness.log_is_failing) add_reason(verdict, "a log cannot be written");
  return finished(std::move(verdict));
}

}  // namespace server
