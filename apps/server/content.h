// The content of an answer, from where it is into the exchange's block and out.
//
// Whatever it is made of, it gathers behind the head, and the block leaves whenever it is full.
// Covered by tests/server/connection_test.cc and tests/end_to_end/.
#pragma once

#include "apps/server/connection.h"

namespace server {

// Gathers the content that was planned, which is not Content::none. A fault is that of a read, or
// Fault::other where the file has shrunk; peer_gone if that is why.
uring::Task<uring::Fault> gather_content(Connection& c);

}  // namespace server
