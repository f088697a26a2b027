// The steps of a job between a try that failed and the next one.
//
// Covered by tests/client/jobs/do_job_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/retry.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

// The failure of a try that ended with `code`, with the facts of its response.
[[nodiscard]] Failure failure_of(const Channel& channel, ExitCode code);

// The time until --max-time is over, in milliseconds; nothing where there is no limit.
[[nodiscard]] std::optional<std::int64_t> time_left_ms(const Session& session);

// Warns of the failure in channel.error, and of the pause before the try that --retry allows.
void announce_retry(const Channel& channel, std::int64_t pause_ms, unsigned retry);

// Warns of the failure in channel.error, without its advice, and says how the job goes on: "going
// on there". A pause of 0 is not mentioned.
void announce_next(const Channel& channel, const std::string& how, std::int64_t pause_ms);

// A message without the advice to try again, which it ends with.
[[nodiscard]] std::string without_advice(const std::string& text);

// Closes the connection and waits. Fails with interrupted or timeout where the run is to stop.
[[nodiscard]] uring::Task<ExitCode> pause(Channel& channel, std::int64_t pause_ms);

}  // namespace client
