// Health and readiness, as the texts of /healthz and /readyz. Pure.
//
// The health of a process does not depend on its disk or its configuration, because a restart does
// not repair them: only a worker that hangs makes it unhealthy. Readiness says whether a balancer
// should send requests. Covered by tests/server/admin/readiness_test.cc.
#pragma once

#include <cstdint>
#include <string>

#include "apps/server/admin/snapshot.h"

namespace server {

// A worker that has not finished a loop iteration for so long hangs.
inline constexpr std::int64_t longest_silence_us = 10'000'000;

struct Verdict {
  bool is_fine = true;
  std::string text;  // "ok", or a line for each reason; with a line feed at the end
};

// Names each worker that hangs.
Verdict judge_health(const Snapshot& snapshot);

// Names each reason for which the server should get no requests.
Verdict judge_readiness(const Readiness& readiness);

}  // namespace server
