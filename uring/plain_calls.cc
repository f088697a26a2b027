// One system call for each operation. Covered by tests/uring/plain_calls_test.cc and file_test.cc.
#include "uring/plain_calls.h"

#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "uring/open_in_steps.h"

namespace uring {

namespace {

std::int32_t open_with(const Operation& op, std::uint64_t more_resolve) {
  const OpenHow how{
      .flags = op.open_flags, .mode = op.open_mode, .resolve = op.open_resolve | more_resolve};
  return openat2(op.fd, static_cast<const char*>(op.address), how);
}

long read_with(const Operation& op, off_t offset, int flags) {
  const iovec buffer{const_cast<void*>(op.address), op.length};
  return ::preadv2(op.fd, &buffer, 1, offset, flags);
}

std::int32_t result_of(long returned) {
  return static_cast<std::int32_t>(returned < 0 ? -errno : returned);
}

// Creating or truncating a file may wait for the journal, and opening a FIFO for its other end,
// unless the flags forbid that.
bool may_open_at_once(std::uint64_t flags) {
  if (flags & (O_CREAT | O_TRUNC)) return false;
  return (flags & (O_NONBLOCK | O_PATH | O_DIRECTORY)) != 0 && (flags & O_TMPFILE) != O_TMPFILE;
}

}  // namespace

std::int32_t call_plainly(const Operation& op) {
  const char* path = static_cast<const char*>(op.address);
  const char* second_path = static_cast<const char*>(op.second_address);
  void* buffer = const_cast<void*>(op.address);
  const auto offset = static_cast<off_t>(op.offset);
  switch (op.code) {
    case OpCode::read:
      return result_of(offset < 0 ? ::read(op.fd, buffer, op.length)
                                  : ::pread(op.fd, buffer, op.length, offset));
    case OpCode::write:
      return result_of(offset < 0 ? ::write(op.fd, buffer, op.length)
                                  : ::pwrite(op.fd, buffer, op.length, offset));
    case OpCode::open: {
      const std::int32_t opened = open_with(op, 0);
      return opened == -ENOSYS ? open_in_steps(op) : opened;
    }
    case OpCode::sync:
      return result_of(op.flags == data_only ? ::fdatasync(op.fd) : ::fsync(op.fd));
    case OpCode::rename:
      return result_of(::renameat2(op.fd, path, op.second_fd, second_path, op.flags));
    case OpCode::link:
      return result_of(
          ::linkat(op.fd, path, op.second_fd, second_path, static_cast<int>(op.flags)));
    case OpCode::unlink: return result_of(::unlinkat(op.fd, path, static_cast<int>(op.flags)));
    case OpCode::make_directory:
      return result_of(::mkdirat(op.fd, path, static_cast<mode_t>(op.open_mode)));
    default: return -EOPNOTSUPP;
  }
}

// Errors that a plain call might not have are left to it: EINVAL from a kernel without
// RESOLVE_CACHED, ENOSYS from a kernel without openat2, EOPNOTSUPP from a file system that cannot
// say.
bool call_without_waiting(const Operation& op, std::int32_t& result) {
  if (op.code == OpCode::read) {
    result = result_of(read_with(op, static_cast<off_t>(op.offset), RWF_NOWAIT));
    return result >= 0;
  }
  if (op.code != OpCode::open || !may_open_at_once(op.open_flags)) return false;
  result = open_with(op, resolve_cached);
  return result != -EAGAIN && result != -EINVAL && result != -ENOSYS && result != -EOPNOTSUPP;
}

// EXDEV may also mean that the path leaves its root; the operation then fails with EXDEV when it is
// started. ENOSYS: a kernel without openat2.
bool call_in_memory(const Operation& op, std::int32_t& result) {
  result = op.code == OpCode::open ? open_with(op, RESOLVE_NO_XDEV) : call_plainly(op);
  return op.code != OpCode::open || (result != -EXDEV && result != -ENOSYS);
}

std::int32_t read_without_waiting(const Operation& op) {
  return result_of(read_with(op, -1, RWF_NOWAIT));
}

}  // namespace uring
