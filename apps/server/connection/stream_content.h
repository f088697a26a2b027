// Sending content whose length is not known: in chunks, or to an HTTP/1.0 client up to the end of
// the connection (RFC 9112 sections 6.3 and 7.1).
//
// Covered by tests/server/archive/answer_archive_test.cc and tests/end_to_end/archive_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/result.h"
#include "uring/task.h"

namespace server {

// Sends the content of Source::streamed, which is destroyed. Returns Fault::none; Fault::try_again
// if no thread is free for a step; Fault::device_error if the content cannot be completed;
// or Fault::peer_gone. After a fault the last chunk is missing, and the connection is reset, so
// that no client takes a part for the whole.
uring::Task<uring::Fault> gather_streamed(Connection& c);

}  // namespace server
