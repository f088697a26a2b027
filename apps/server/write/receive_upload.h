// Receiving the body of an upload into its file, block by block.
//
// Covered by tests/server/write/put_test.cc and tests/end_to_end/put_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>

#include "apps/server/connection/body_reader.h"
#include "apps/server/write/upload.h"
#include "uring/task.h"

namespace server {

// A body on its way from the socket into the file.
struct Receiving {
  BodyReader reader;
  std::size_t filled = 0;     // bytes of body in the block
  bool done = false;          // the body is complete
  std::uint64_t checked = 0;  // the announced size for which there was space
  Trailers trailers;          // the trailer section, as far as it has arrived
};

Receiving begin_receiving(Connection& c);

// Sends all gathered responses, so that the block is free for the body. False: the connection is
// broken; a response is planned for the log.
uring::Task<bool> clear_block(Connection& c);

// Sends 100 (Continue) where the client waits for it and has sent nothing of the body. False: the
// connection is broken. RFC 9110 section 10.1.1.
uring::Task<bool> send_continue(Connection& c);

// Receives until the block is full or the body is complete. False: an error response is planned;
// the block has the bytes that came before.
uring::Task<bool> fill_block(Connection& c, const Upload& upload, Receiving& body);

// Writes the block's first `filled` bytes. False: an error response is planned.
uring::Task<bool> write_block(Connection& c, Upload& upload, std::size_t filled);

// Receives the body into the file. False: an error response is planned.
uring::Task<bool> receive_upload(Connection& c, Upload& upload);

}  // namespace server
