// Converting operations to submission-queue entries of io_uring.
//
// The engine sets user_data of the entry afterwards. Covered by tests/uring/prepare_test.cc,
// engine_test.cc and file_test.cc.
#pragma once

#include <cstdint>
#include <sys/socket.h>

#include <liburing.h>

#include "uring/operation.h"

namespace uring {

// The number of the buffer group that receives take their buffers from.
inline constexpr std::uint16_t buffer_group = 0;

// Fills in `entry` for `operation`. Its paths, buffers and message headers must stay valid until it
// completes. An accept is multishot if `multishot` is set. The entry of a send_pages waits until
// the socket can take bytes; Ring sends them itself.
void prepare(io_uring_sqe* entry, Operation& operation, bool multishot);

// Fills in `entry` for a receive into a buffer of the group, or into one after another if
// `multishot` is set.
void prepare_receive(io_uring_sqe* entry, const Flight& flight, bool multishot);

// MSG_WAITALL makes the kernel continue a short send by itself.
inline void prepare_send(io_uring_sqe* entry, const Operation& op) {
  io_uring_prep_send(entry, op.fd, op.address, op.length, MSG_NOSIGNAL | MSG_WAITALL);
}

// The opcode of io_uring (IORING_OP_*) that prepare() gives to an operation.
io_uring_op kernel_op_code(OpCode code);

// True for file operations that the kernel never executes at submission, but always gives to one of
// its worker threads (io_uring/fs.c, sync.c and openclose.c). Others may go there, too.
bool is_punted(const Operation& operation);

}  // namespace uring
