// A connection's buffer and its end. Covered by tests/client/net/channel_test.cc.
#include "apps/client/net/channel.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "apps/client/screen/progress.h"

namespace client {

void Channel::consume(std::size_t count) {
  assert(count <= end - begin);
  begin += count;
  if (begin == end) begin = end = 0;
}

std::span<char> Channel::free_space() {
  if (begin > 0) {
    std::copy(bytes.data() + begin, bytes.data() + end, bytes.data());
    end -= std::exchange(begin, 0);
  }
  assert(end < bytes.size());
  return std::span(bytes).subspan(end);
}

ExitCode Channel::fail(ExitCode code, std::string text) {
  return fail(exit_with(code, std::move(text)));
}

ExitCode Channel::fail(ExitReason reason) {
  error = std::move(reason);
  return code_of(error);
}

Moving::Moving(Channel& channel) : channel_(channel), number_(++channel.transfers) {
  const Session& session = channel.session;
  channel.speed.begin(session.settings.least_bytes_per_s, session.settings.speed_window_ms,
                      session.now());
}

Moving::~Moving() {
  if (channel_.transfers == number_) channel_.speed.end();
}

ExitReason too_slow(const Channel& channel) {
  const Settings& settings = channel.session.settings;
  return exit_with(ExitCode::timeout, "the transfer with " + channel.server + " was slower than " +
                                          format_bytes(settings.least_bytes_per_s) + "/s for " +
                                          format_seconds(settings.speed_window_ms) +
                                          "; try again, or lower --speed-limit");
}

void disconnect(Channel& channel) {
  if (channel.fd >= 0 && channel.secure) end_tls(*channel.secure, channel.fd);
  channel.secure.reset();
  if (channel.fd >= 0) channel.io.engine().close(channel.fd);
  channel.fd = -1;
  channel.server.clear();
  channel.ended = channel.reused = channel.is_cut = false;
  channel.begin = channel.end = 0;
}

ExitReason cancelled(const Channel& channel, const uring::Io& io) {
  const Session& session = channel.session;
  const StopReason stopped = session.stop_reason();
  if (stopped == StopReason::interrupted) {
    return exit_with(ExitCode::interrupted, "interrupted");
  }
  if (stopped == StopReason::out_of_time) {
    return exit_with(ExitCode::timeout,
                     "not finished within --max-time; try again, or raise --max-time");
  }
  if (io.timed_out()) {
    return exit_with(ExitCode::timeout, "no bytes moved to or from " + channel.server + " for " +
                                            format_seconds(session.settings.idle_timeout_ms) +
                                            "; try again, or raise --idle-timeout");
  }
  return exit_with(ExitCode::receive_error, "stopped waiting for " + channel.server);
}

}  // namespace client
