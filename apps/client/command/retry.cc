// Covered by tests/client/command/retry_test.cc.
#include "apps/client/command/retry.h"

#include <algorithm>

#include "parser/date.h"
#include "parser/fields.h"

namespace client {

namespace {

constexpr std::int64_t first_pause_ms = 1000;
constexpr std::int64_t longest_pause_ms = 60'000;
constexpr std::int64_t longest_wish_s = 24 * 60 * 60;

// Says whether the failure came before any byte of a file.
bool is_without_body(const Failure& failure) {
  return failure.code == ExitCode::cannot_connect || failure.code == ExitCode::http_error;
}

}  // namespace

bool is_transient(const Failure& failure) {
  switch (failure.code) {
    case ExitCode::cannot_connect:
    case ExitCode::partial_file:
    case ExitCode::timeout:
    case ExitCode::empty_reply:
    case ExitCode::send_error:
    case ExitCode::receive_error: return true;
    case ExitCode::http_error:
      return failure.status == 408 || failure.status == 429 || failure.status == 500 ||
             (failure.status >= 502 && failure.status <= 504);
    default: return false;
  }
}

bool may_be_done(const Failure& failure) {
  if (failure.code != ExitCode::http_error) return failure.code != ExitCode::cannot_connect;
  return failure.status == 500 || failure.status == 502 || failure.status == 504;
}

bool is_repeatable(const Job& job, bool is_stream, const Settings& settings,
                   const Failure& failure) {
  if (job.is_tree || job.is_local) return true;
  if (job.verb == Verb::put && is_stream) return false;
  if (job.verb == Verb::get) return !is_stream || is_without_body(failure);
  if (job.verb == Verb::head || job.verb == Verb::ls || !may_be_done(failure)) return true;
  if (job.condition.is_set()) return false;
  return std::none_of(settings.headers.begin(), settings.headers.end(), is_precondition);
}

std::int64_t pause_before(unsigned retry, const Settings& settings, const Failure& failure,
                          std::uint64_t random) {
  if (failure.retry_after_ms) return *failure.retry_after_ms;
  if (settings.retry_delay_ms > 0) return settings.retry_delay_ms;
  const unsigned doublings = std::min(retry - 1, 6U);
  const std::int64_t pause_ms = std::min(first_pause_ms << doublings, longest_pause_ms);
  const auto percent = static_cast<std::int64_t>(80 + random % 41);
  return pause_ms * percent / 100;
}

std::optional<std::int64_t> parse_retry_after(std::string_view value, std::int64_t now) {
  const std::string_view text = http1::trim(value);
  std::int64_t seconds = 0;
  if (const std::optional<std::uint64_t> number = http1::parse_decimal(text)) {
    seconds =
        static_cast<std::int64_t>(std::min(*number, static_cast<std::uint64_t>(longest_wish_s)));
  } else if (const std::optional<std::int64_t> date = http1::parse_date(text, now)) {
    seconds = std::clamp<std::int64_t>(*date - now, 0, longest_wish_s);
  } else {
    return std::nullopt;
  }
  return seconds * 1000;
}

}  // namespace client
