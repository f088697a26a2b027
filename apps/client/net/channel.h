// Channel: one connection to a server, with the response that is being read from it.
//
// A job is done over one channel, and the channel is handed on to the next job, which uses the
// connection again where it leads to the right server. A failure travels up through the coroutines
// as an ExitCode; the sentence for people stays in `error`.
// Covered by tests/client/net/channel_test.cc.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/client/command/exit_code.h"
#include "apps/client/net/resolver.h"
#include "apps/client/net/secure.h"
#include "apps/client/session/pace.h"
#include "apps/client/session/session.h"
#include "parser/message.h"
#include "uring/io.h"

namespace client {

struct Channel {
  // Large enough that the system calls for a piece of body cost little beside its bytes.
  static constexpr std::size_t buffer_bytes = 128 * 1024;

  // `home` outlives the channel.
  explicit Channel(Session& home) : session(home), io(home.scope) {}

  // The received bytes that nothing has used yet.
  std::span<char> received() { return std::span(bytes).subspan(begin, end - begin); }
  // Takes `count` of them away.
  void consume(std::size_t count);
  // Where to receive more bytes; moves the received ones to the front. Not empty: a head that
  // fills the buffer is larger than the parser's limit.
  std::span<char> free_space();

  // Both keep the reason in `error` and return its code.
  ExitCode fail(ExitCode code, std::string text);
  ExitCode fail(ExitReason reason);

  // For coroutines whose first parameter is the channel: where their frames are allocated.
  uring::Frames frames() const { return io.frames(); }

  Session& session;
  Lane lane = 0;  // of the report
  uring::Io io;   // of the coroutine that receives
  Resolver resolver = find_by_system;

  // The connection.
  int fd = -1;              // -1: there is none
  std::string server = {};  // its other end: "host:port", or the path of a unix socket
  bool reused = false;      // it carried an exchange before this one
  bool responded = false;   // bytes of this exchange's response have come
  bool ended = false;       // the server sends no more
  bool is_cut = false;      // it has ended without close_notify: bytes may be missing
  // A task sends the body of the request, with timeouts of its own: the server need not respond
  // yet.
  bool sending = false;

  SpeedCheck speed = {};   // of the body that is being moved
  unsigned transfers = 0;  // bodies that have begun, and the number of that one

  std::unique_ptr<Secure> secure = {};  // null: the connection is plain

  // The received bytes are bytes[begin, end).
  std::vector<char> bytes = std::vector<char>(buffer_bytes);
  std::size_t begin = 0;
  std::size_t end = 0;

  http1::ResponseHead head;    // the last one read; its views are of head_text
  std::string head_text = {};  // as received
  bool head_complete = true;   // the next byte that comes begins a new head
  // Bytes of the interim responses to this request. They are bounded and not counted: a server may
  // send 102 every few seconds for as long as it stores a large file.
  std::size_t interim_bytes = 0;

  ExitReason error = {};  // why the last failing function failed
};

// The transfer of a body: while one exists, --speed-limit holds for its channel. One that ends
// after the next one has begun, as that of a sender that was left behind, changes nothing.
class Moving {
 public:
  explicit Moving(Channel& channel);
  ~Moving();
  Moving(const Moving&) = delete;
  Moving& operator=(const Moving&) = delete;

 private:
  Channel& channel_;
  const unsigned number_;
};

// Closes the connection, if there is one.
void disconnect(Channel& channel);

// Why a wait for the server by `io` was cancelled: the session stopped, or the timeout passed.
[[nodiscard]] ExitReason cancelled(const Channel& channel, const uring::Io& io);

// The failure of a transfer that is slower than --speed-limit.
[[nodiscard]] ExitReason too_slow(const Channel& channel);

}  // namespace client
