// One entry for each operation; see io_uring_enter(2) for the opcodes. Covered by
// tests/uring/prepare_test.cc, engine_test.cc and file_test.cc.
#include "uring/prepare.h"

#include <fcntl.h>
#include <poll.h>

#include "uring/buffer_pool.h"

namespace uring {

namespace {

const char* path_of(const void* address) { return static_cast<const char*>(address); }

}  // namespace

void prepare_receive(io_uring_sqe* entry, const Flight& flight, bool multishot) {
  if (multishot) {
    io_uring_prep_recv_multishot(entry, flight.fd, nullptr, 0, 0);
  } else {
    io_uring_prep_recv(entry, flight.fd, nullptr, BufferPool::buffer_bytes, 0);
  }
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->buf_group = buffer_group;
}

// Accepted sockets stay blocking: on a non-blocking socket io_uring completes with EAGAIN instead
// of waiting.
void prepare(io_uring_sqe* entry, Operation& op, bool multishot) {
  void* buffer = const_cast<void*>(op.address);
  switch (op.code) {
    case OpCode::accept:
      io_uring_prep_accept(entry, op.fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (multishot) entry->ioprio |= IORING_ACCEPT_MULTISHOT;
      break;
    case OpCode::connect:
      io_uring_prep_connect(entry, op.fd, static_cast<const sockaddr*>(op.address), op.length);
      break;
    case OpCode::recv: io_uring_prep_recv(entry, op.fd, buffer, op.length, 0); break;
    case OpCode::recv_provided:
    case OpCode::recv_stream: prepare_receive(entry, op, false); break;
    case OpCode::send: prepare_send(entry, op); break;
    case OpCode::send_gather:
      io_uring_prep_sendmsg(entry, op.fd, static_cast<const msghdr*>(op.address),
                            MSG_NOSIGNAL | MSG_WAITALL);
      break;
    case OpCode::send_pages: io_uring_prep_poll_add(entry, op.fd, POLLOUT); break;
    case OpCode::read: io_uring_prep_read(entry, op.fd, buffer, op.length, op.offset); break;
    case OpCode::write: io_uring_prep_write(entry, op.fd, op.address, op.length, op.offset); break;
    case OpCode::open:
      io_uring_prep_openat2(entry, op.fd, path_of(op.address),
                            reinterpret_cast<open_how*>(&op.open_flags));
      break;
    case OpCode::sync:
      io_uring_prep_fsync(entry, op.fd, op.flags == data_only ? IORING_FSYNC_DATASYNC : 0);
      break;
    case OpCode::rename:
      io_uring_prep_renameat(entry, op.fd, path_of(op.address), op.second_fd,
                             path_of(op.second_address), op.flags);
      break;
    case OpCode::link:
      io_uring_prep_linkat(entry, op.fd, path_of(op.address), op.second_fd,
                           path_of(op.second_address), static_cast<int>(op.flags));
      break;
    case OpCode::unlink:
      io_uring_prep_unlinkat(entry, op.fd, path_of(op.address), static_cast<int>(op.flags));
      break;
    case OpCode::make_directory:
      io_uring_prep_mkdirat(entry, op.fd, path_of(op.address), static_cast<mode_t>(op.open_mode));
      break;
    case OpCode::nothing: io_uring_prep_nop(entry); break;
  }
}

io_uring_op kernel_op_code(OpCode code) {
  switch (code) {
    case OpCode::accept: return IORING_OP_ACCEPT;
    case OpCode::connect: return IORING_OP_CONNECT;
    case OpCode::recv:
    case OpCode::recv_provided:
    case OpCode::recv_stream: return IORING_OP_RECV;
    case OpCode::send: return IORING_OP_SEND;
    case OpCode::send_gather: return IORING_OP_SENDMSG;
    case OpCode::send_pages: return IORING_OP_POLL_ADD;
    case OpCode::read: return IORING_OP_READ;
    case OpCode::write: return IORING_OP_WRITE;
    case OpCode::open: return IORING_OP_OPENAT2;
    case OpCode::sync: return IORING_OP_FSYNC;
    case OpCode::rename: return IORING_OP_RENAMEAT;
    case OpCode::link: return IORING_OP_LINKAT;
    case OpCode::unlink: return IORING_OP_UNLINKAT;
    case OpCode::make_directory: return IORING_OP_MKDIRAT;
    case OpCode::nothing: break;
  }
  return IORING_OP_NOP;
}

bool is_punted(const Operation& operation) {
  switch (operation.code) {
    case OpCode::open: return (operation.open_flags & (O_CREAT | O_TRUNC)) != 0;
    case OpCode::sync:
    case OpCode::rename:
    case OpCode::link:
    case OpCode::unlink:
    case OpCode::make_directory: return true;
    default: return false;
  }
}

}  // namespace uring
