// The decision whether a failed job is tried again, and after which pause.
//
// Pure. Covered by tests/client/command/retry_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"

namespace client {

// How one try of a job failed.
struct Failure {
  ExitCode code = ExitCode::ok;
  int status = 0;                                   // of the response, for ExitCode::http_error
  std::optional<std::int64_t> retry_after_ms = {};  // the pause that this response asks for
};

// Says whether the next try may succeed: a connection that is refused or broken, a time limit, or
// the status 408, 429, 500, 502, 503 or 504.
[[nodiscard]] bool is_transient(const Failure& failure);

// Says whether the server may have done what the request asked for, although the try failed: the
// response was lost, or it is one of 500, 502 and 504, which a proxy sends when it has lost that of
// the server behind it.
[[nodiscard]] bool may_be_done(const Failure& failure);

// Says whether a second request could do harm or cannot be sent: an upload or a deletion under a
// condition that the first may have made false, and a stream whose bytes are gone. `is_stream`: the
// job's file is no regular file.
[[nodiscard]] bool is_repeatable(const Job& job, bool is_stream, const Settings& settings,
                                 const Failure& failure);

// The pause before the `retry`-th try after the first, in milliseconds: that of Retry-After, else
// that of --retry-delay, else 1, 2, 4 ... seconds and a minute at most, each varied by up to 20 %
// either way, so that clients that failed together do not come back together. `random` is any
// number.
[[nodiscard]] std::int64_t pause_before(unsigned retry, const Settings& settings,
                                        const Failure& failure, std::uint64_t random);

// Reads the value of Retry-After, seconds or an HTTP-date, as milliseconds from `now`, in Unix
// seconds; at most a day. Nothing where it is neither. RFC 9110 10.2.3.
[[nodiscard]] std::optional<std::int64_t> parse_retry_after(std::string_view value,
                                                            std::int64_t now);

}  // namespace client
