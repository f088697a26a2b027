// One call for each operation. Covered by tests/uring/file_test.cc.
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
  const iovec room{const_cast<void*>(op.address), op.length};
  return ::preadv2(op.fd, &room, 1, offset, flags);
}

std::int32_t answer_of(long result) {
  return static_cast<std::int32_t>(result < 0 ? -errno : result);
}

// Making a file or cutting one waits for the journal; and what may be a FIFO waits for its other
// end, unless the caller said that it must not.
bool may_open_at_once(std::uint64_t flags) {
  if (flags & (O_CREAT | O_TRUNC)) return false;
  return (flags & (O_NONBLOCK | O_PATH | O_DIRECTORY)) != 0 && (flags & O_TMPFILE) != O_TMPFILE;
}

}  // namespace

std::int32_t call_plainly(const Operation& op) {
  const char* path = static_cast<const char*>(op.address);
  const char* second_path = static_cast<const char*>(op.second_address);
  void* room = const_cast<void*>(op.address);
  const auto offset = static_cast<off_t>(op.offset);
  switch (op.code) {
    case OpCode::read:
      return answer_of(offset < 0 ? ::read(op.fd, room, op.length)
                                  : ::pread(op.fd, room, op.length, offset));
    case OpCode::write:
      return answer_of(offset < 0 ? ::write(op.fd, room, op.length)
                                  : ::pwrite(op.fd, room, op.length, offset));
    case OpCode::open: {
      const std::int32_t opened = open_with(op, 0);
      return opened == -ENOSYS ? open_in_steps(op) : opened;
    }
    case OpCode::sync:
      return answer_of(op.flags == data_only ? ::fdatasync(op.fd) : ::fsync(op.fd));
    case OpCode::rename:
      return answer_of(::renameat2(op.fd, path, op.second_fd, second_path, op.flags));
    case OpCode::link:
      return answer_of(
          ::linkat(op.fd, path, op.second_fd, second_path, static_cast<int>(op.flags)));
    case OpCode::unlink: return answer_of(::unlinkat(op.fd, path, static_cast<int>(op.flags)));
    case OpCode::make_directory:
      return answer_of(::mkdirat(op.fd, path, static_cast<mode_t>(op.open_mode)));
    default: return -EOPNOTSUPP;
  }
}

// A failure is left to the plain call where it may come from asking for too much: EINVAL from a
// kernel that knows no cached look-ups, ENOSYS from one that has no openat2 at all, EOPNOTSUPP from
// a file system that cannot say.
bool call_without_waiting(const Operation& op, std::int32_t& answer) {
  if (op.code == OpCode::read) {
    answer = answer_of(read_with(op, static_cast<off_t>(op.offset), RWF_NOWAIT));
    return answer >= 0;
  }
  if (op.code != OpCode::open || !may_open_at_once(op.open_flags)) return false;
  answer = open_with(op, resolve_cached);
  return answer != -EAGAIN && answer != -EINVAL && answer != -ENOSYS && answer != -EOPNOTSUPP;
}

// EXDEV also says that a path leads out of its root, which the same call will say again. ENOSYS: a
// kernel without openat2.
bool call_in_memory(const Operation& op, std::int32_t& answer) {
  answer = op.code == OpCode::open ? open_with(op, RESOLVE_NO_XDEV) : call_plainly(op);
  return op.code != OpCode::open || (answer != -EXDEV && answer != -ENOSYS);
}

std::int32_t read_without_waiting(const Operation& op) {
  return answer_of(read_with(op, -1, RWF_NOWAIT));
}

}  // namespace uring
