// The small change of a session. Covered by tests/client/exchange_test.cc.
#include "apps/client/session.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "apps/client/progress.h"

namespace client {

void Connection::consume(std::size_t count) {
  assert(count <= end - begin);
  begin += count;
  if (begin == end) begin = end = 0;
}

std::span<char> Connection::room() {
  if (begin > 0) {
    std::copy(bytes.data() + begin, bytes.data() + end, bytes.data());
    end -= std::exchange(begin, 0);
  }
  assert(end < bytes.size());
  return std::span(bytes).subspan(end);
}

ExitCode Session::fail(ExitCode code, std::string text) {
  complaint = {code, std::move(text)};
  return code;
}

ExitCode Session::fail(const Complaint& reason) { return fail(reason.code, reason.text); }

ExitCode Session::fail_cancelled(const uring::Io& by) {
  if (stop_reason == StopReason::interrupted) return fail(ExitCode::interrupted, "interrupted");
  if (stop_reason == StopReason::out_of_time) {
    return fail(ExitCode::timeout, "not finished within --max-time; give it longer or try again");
  }
  if (by.timed_out()) {
    return fail(ExitCode::timeout, "nothing moved between here and " + connection.server + " for " +
                                       std::to_string(settings.idle_timeout_ms / 1000) +
                                       " s; try again, or raise --idle-timeout");
  }
  return fail(ExitCode::receive_error, "gave up waiting for " + connection.server);
}

void Session::stop(StopReason why) {
  if (!stopping()) stop_reason = why;
  scope.stop();
}

void disconnect(Session& session) {
  Connection& connection = session.connection;
  if (connection.fd >= 0) session.io.engine().close(connection.fd);
  connection.fd = -1;
  connection.server.clear();
  connection.ended = connection.reused = false;
  connection.begin = connection.end = 0;
}

}  // namespace client
