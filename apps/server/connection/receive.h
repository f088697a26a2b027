// Receiving a request's body from the socket into the exchange's block.
//
// Covered by tests/server/connection/receive_test.cc and tests/end_to_end/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/connection/body_reader.h"
#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// The result of one receive_some().
struct Received {
  std::size_t data = 0;  // the number of bytes of body that were added to the block
  http1::Progress progress = http1::Progress::more;
  http1::Error error = http1::Error::none;  // with Progress::failed: the chunks are malformed
  bool broken = false;                      // with Progress::failed: the peer is gone or too slow
  // Bytes of trailer fields, as ChunkedDecoder::Result has them: a view of the block, valid until
  // something is written there.
  std::string_view trailers;
};

// Ends the wait for the peer after a successful receive: clears the deadline, which may have passed
// together with the receive.
inline void end_wait(uring::Io& io) {
  io.clear_deadline();
  if (io.timed_out() && !io.stopped()) io.renew();
}

// An unwanted body whose Content-Length is at most this is received and dropped, so that the
// connection stays open.
inline constexpr std::uint64_t most_dropped_bytes = 65536;

// Adds the next bytes of the body to the block behind its first `filled` bytes, which are not the
// whole block. Uses the bytes that arrived with the head first. Keeps the bytes of a following
// request in the input. Waits for the peer at most as long as --body-timeout and --lowest-rate say.
uring::Task<Received> receive_some(Connection& c, BodyReader& reader, std::size_t filled);

// Receives the rest of a body and drops it. No size bounds a body in chunks, because the response
// has promised to keep the connection; --body-timeout and --lowest-rate bound the time. False: the
// body is malformed, incomplete or too slow, and the caller has to end the connection.
uring::Task<bool> drop_body(Connection& c);

}  // namespace server
