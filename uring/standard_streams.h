// The standard streams of a program that was started with some of them closed.
//
// Without a descriptor 0, 1 or 2, the next socket or file that the program opens gets that number,
// and messages would be written into it. Covered by tests/uring/standard_streams_test.cc.
#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace uring {

// The behaviour of a standard stream that was closed when the program started.
enum class ClosedStream {
  empty,   // reading finds the end, and written bytes are discarded
  failing  // reading and writing fail with EBADF
};

// Opens /dev/null for each of the descriptors 0 to 2 that is closed. To be called first in main().
inline void occupy_standard_streams(ClosedStream kind) {
  int fd = 0;
  while (fd >= 0 && fd <= STDERR_FILENO) {
    // open() returns the lowest free number, so the last one that is opened is not needed.
    const bool is_input = ::fcntl(STDIN_FILENO, F_GETFD) < 0;
    const int failing = is_input ? O_WRONLY : O_RDONLY;
    const int access = kind == ClosedStream::empty ? O_RDWR : failing;
    fd = ::open("/dev/null", access | O_CLOEXEC);
  }
  if (fd >= 0) ::close(fd);
}

}  // namespace uring
