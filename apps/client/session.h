// Session: what the coroutines of one run share: the loop's Ios, one connection, the last head.
//
// Jobs run one after the other over one connection, which is kept for the next request to the same
// server. A failure is a code that travels up through the coroutines and a text that stays here.
// Covered by tests/client/exchange_test.cc and program_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"
#include "apps/client/report.h"
#include "parser/message.h"
#include "uring/io.h"
#include "uring/scope.h"

namespace client {

// What is received and not yet used, and where it comes from.
struct Connection {
  // A piece of file or body: large enough that its system calls cost little beside its bytes.
  static constexpr std::size_t buffer_bytes = 256 * 1024;

  int fd = -1;
  std::string server = {};  // what it leads to: "host:port", or the path of a unix socket
  bool reused = false;      // it carried an exchange before this one
  bool answered = false;    // bytes of this exchange's response have come
  bool ended = false;       // the server sends no more
  std::vector<char> bytes = std::vector<char>(buffer_bytes);
  std::size_t begin = 0;
  std::size_t end = 0;

  std::span<char> received() { return std::span(bytes).subspan(begin, end - begin); }
  void consume(std::size_t count);
  // Room for more, after moving what is there to the front. Not empty: heads are smaller.
  std::span<char> room();
};

enum class StopReason { none, interrupted, out_of_time };

struct Session {
  Session(uring::Scope& home, const Settings& wishes, Report& reporter)
      : scope(home), settings(wishes), report(reporter), io(home) {}

  uring::FramePool& frames() { return scope.loop().frames(); }
  std::int64_t now() const { return scope.loop().now(); }

  // Keeps the text and returns the code.
  ExitCode fail(ExitCode code, std::string text);
  ExitCode fail(const Complaint& reason);
  // Says why `by` was cancelled: stopped, or nothing moved.
  ExitCode fail_cancelled(const uring::Io& by);
  // Ends all waiting, for good.
  void stop(StopReason why);
  bool stopping() const { return stop_reason != StopReason::none; }

  uring::Scope& scope;
  const Settings& settings;
  Report& report;
  uring::Io io;
  Connection connection;
  http1::ResponseHead head;  // the last one read; its views are of head_text
  std::string head_text;
  bool head_complete = true;  // the next byte that comes begins a new head
  Complaint complaint;
  StopReason stop_reason = StopReason::none;
  bool input_awaited = false;      // an upload waits for its input: the server need not respond yet
  std::size_t stream_reads = 0;    // tasks that wait for a stream, which nothing can cancel
  bool finished = false;           // all jobs are done, or will not be
  ExitCode result = ExitCode::ok;  // the first failure
};

// Closes the connection, if there is one.
void disconnect(Session& session);

}  // namespace client
