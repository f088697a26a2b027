// Session: the state that a run of the client has once: the scope of its tasks, the settings, the
// report, and whether it is to stop.
//
// Connections are not among it: each is a Channel (net/channel.h), so that several can exist.
// Covered by tests/client/session/session_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "apps/client/command/plan.h"
#include "apps/client/screen/report.h"
#include "apps/client/session/pace.h"
#include "apps/client/session/queue.h"
#include "parser/upload_fields.h"
#include "uring/scope.h"

namespace crypto {
class ClientContext;
}

namespace client {

enum class StopReason { none, interrupted, out_of_time };

struct Session {
  // The scope, the settings and the report outlive the session.
  Session(uring::Scope& home, const Settings& wishes, Report& reporter)
      : scope(home),
        settings(wishes),
        report(reporter),
        begin_ms(home.loop().now()),
        pace(wishes.most_bytes_per_s) {}

  // Ends all waiting for peers, now and from now on. The first reason is kept.
  void stop(StopReason why);
  // Why the run is to stop. A signal counts as soon as it has been delivered, also while the loop
  // has not received it: no download is published and no upload is completed after a signal.
  StopReason stop_reason() const;
  bool stopping() const { return stop_reason() != StopReason::none; }

  // Milliseconds, at the start of this iteration of the loop.
  std::int64_t now() const { return scope.loop().now(); }
  // For coroutines whose first parameter is the session: where their frames are allocated.
  uring::FramePool& frames() { return scope.loop().frames(); }

  uring::Scope& scope;
  const Settings& settings;
  Report& report;
  const std::int64_t begin_ms;  // the time at which the session began
  Pace pace;                    // of all channels
  Queue queue = {};             // the jobs that have not begun
  // Of all https:// servers; made for the first of them.
  std::shared_ptr<const crypto::ClientContext> tls_context = {};
  // By origin, of those that were asked: the limits of resumable uploads; none: it takes none.
  std::map<std::string, std::optional<http1::UploadLimits>> upload_limits = {};
  // Tasks that wait for a stream (standard input, a pipe). Nothing can cancel these reads, so the
  // end of a run waits for all tasks but these, and the process ends around them.
  std::size_t stream_reads = 0;

 private:
  StopReason stopped_for_ = StopReason::none;
};

}  // namespace client
