// Sending with plain calls: the size of a send, and sending what is left of it after a short one.
//
// Covered by tests/uring/gathered_send_test.cc.
#pragma once

#include <cstddef>
#include <sys/types.h>

#include "uring/operation.h"

namespace uring {

// The bytes of a send, send_gather or send_pages.
std::size_t bytes_to_send(const Operation& operation);

// Sends the bytes behind the first `sent` ones of a send or send_gather, without waiting, and
// leaves the operation unchanged. Returns as sendmsg(2) does, and may send less than is left.
ssize_t send_rest(const Operation& operation, std::size_t sent);

}  // namespace uring
