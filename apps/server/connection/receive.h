// The way in: a request's body, from the socket into the exchange's block.
// Covered by tests/server/connection/connection_test.cc and tests/end_to_end/.
#pragma once

#include "apps/server/connection/body_reader.h"
#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// One step of receiving a body.
struct Received {
  std::size_t data = 0;  // bytes of body that were added to the block
  http1::Progress progress = http1::Progress::more;
  http1::Error error = http1::Error::none;  // of malformed chunks; with Progress::failed
  bool broken = false;                      // the peer is gone or too slow; with Progress::failed
};

// The wait for the peer is over: clears the deadline, which may have passed although the receive
// succeeded.
inline void end_wait(Connection& c) {
  c.io.clear_deadline();
  if (c.io.timed_out() && !c.io.stopped()) c.io.renew();
}

// An unwanted body up to this size is read and dropped so that the connection can go on.
inline constexpr std::uint64_t most_dropped_bytes = 65536;

// Adds the next bytes of the body to the block behind its first `filled` bytes, which must leave
// room. Takes what has arrived with the head first. Bytes of a following request are kept.
uring::Task<Received> receive_some(Connection& c, BodyReader& reader, std::size_t filled);

// Receives the rest of a body and forgets it, up to a bound. False: the connection must end.
uring::Task<bool> drop_body(Connection& c);

}  // namespace server
