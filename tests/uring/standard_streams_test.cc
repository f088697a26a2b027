// Programs that are started with closed standard streams: a child process for each case.
#include "uring/standard_streams.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace uring {
namespace {

// Closes the streams of `closed` (a bit each), occupies them, and returns 0 if all is as it should.
int child(unsigned closed, ClosedStream kind) {
  for (int fd = 0; fd <= 2; ++fd) {
    if ((closed >> fd & 1) != 0) ::close(fd);
  }
  occupy_standard_streams(kind);
  if (::open("/dev/null", O_RDONLY) <= 2) return 1;
  char byte = 0;
  for (int fd = 0; fd <= 2; ++fd) {
    if ((closed >> fd & 1) == 0) continue;
    const ssize_t moved = fd == 0 ? ::read(fd, &byte, 1) : ::write(fd, &byte, 1);
    if (kind == ClosedStream::empty && moved != (fd == 0 ? 0 : 1)) return 2;
    if (kind == ClosedStream::failing && (moved != -1 || errno != EBADF)) return 3;
  }
  return 0;
}

TEST(StandardStreams, AreOccupiedWhereTheyAreClosed) {
  for (const ClosedStream kind : {ClosedStream::empty, ClosedStream::failing}) {
    for (unsigned closed = 0; closed < 8; ++closed) {
      const pid_t pid = ::fork();
      if (pid == 0) ::_exit(child(closed, kind));
      int status = -1;
      ASSERT_EQ(::waitpid(pid, &status, 0), pid);
      EXPECT_EQ(status, 0) << "closed: " << closed;
    }
  }
}

TEST(StandardStreams, TakeNoDescriptorWhereAllAreOpen) {
  const int before = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(before);
  occupy_standard_streams(ClosedStream::empty);
  const int after = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(after);
  EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace uring
