// Covered by tests/client/jobs/do_job_test.cc.
#include "apps/client/jobs/pause.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string_view>

namespace client {

namespace {

// "1.5": seconds for people.
std::string seconds_text(std::int64_t milliseconds) {
  std::string text(32, '\0');
  const int size =
      std::snprintf(text.data(), text.size(), "%.1f", static_cast<double>(milliseconds) / 1000);
  text.resize(static_cast<std::size_t>(size));
  return text;
}

}  // namespace

Failure failure_of(const Channel& channel, ExitCode code) {
  Failure failure{.code = code};
  if (code != ExitCode::http_error) return failure;
  failure.status = channel.head.status();
  const std::string_view wish = channel.head.value_of(http1::FieldName::retry_after);
  failure.retry_after_ms = parse_retry_after(wish, static_cast<std::int64_t>(std::time(nullptr)));
  return failure;
}

std::optional<std::int64_t> time_left_ms(const Session& session) {
  const std::int64_t limit_ms = session.settings.max_time_ms;
  if (limit_ms <= 0) return {};
  return std::max<std::int64_t>(limit_ms - (session.now() - session.begin_ms), 0);
}

void announce_retry(const Channel& channel, std::int64_t pause_ms, unsigned retry) {
  const Session& session = channel.session;
  const std::string text = channel.error.text + "; trying again in " + seconds_text(pause_ms) +
                           " s (" + std::to_string(retry) + " of " +
                           std::to_string(session.settings.retries) + ")";
  session.report.retry_job(channel.lane, text, session.now());
}

void announce_next(const Channel& channel, const std::string& how, std::int64_t pause_ms) {
  const Session& session = channel.session;
  std::string text = without_advice(channel.error.text) + "; " + how;
  if (pause_ms > 0) text += " in " + seconds_text(pause_ms) + " s";
  session.report.retry_job(channel.lane, text, session.now());
}

std::string without_advice(const std::string& text) {
  return text.substr(0, text.find("; try again"));
}

uring::Task<ExitCode> pause(Channel& channel, std::int64_t pause_ms) {
  disconnect(channel);
  channel.io.renew();
  if (pause_ms > 0) co_await channel.io.sleep(pause_ms);
  if (channel.session.stopping()) co_return channel.fail(cancelled(channel, channel.io));
  co_return ExitCode::ok;
}

}  // namespace client
