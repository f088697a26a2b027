// Bytes between a socket and a regular file, by splice(2) and sendfile(2): they are not copied to
// the memory of the process.
//
// For descriptors of the kernel: those of a simulated engine count as sockets where nothing has
// arrived and nothing fits. Neither function waits for the peer; both may wait for a disk. Covered
// by tests/uring/file_splice_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>

#include "uring/fd.h"

namespace uring {

// Receives into files, through a pipe that is made by the first call and empty between two calls.
class ReceivePipe {
 public:
  // Moves bytes that `socket` has received to `file`, from `offset` on, at most `most`. Returns
  // their number, 0 where none has arrived or where the kernel cannot, or minus an errno of the
  // file; the bytes of the call are lost then. Only one thread receives from the socket.
  [[nodiscard]] std::int64_t move(int socket, int file, std::uint64_t offset, std::size_t most);

 private:
  bool open();
  int empty_into(int file, std::uint64_t offset, std::size_t bytes);
  int copy_into(int file, std::uint64_t offset, std::size_t bytes);

  Fd input_;
  Fd output_;
  bool is_refused_ = false;  // by the kernel, or by a seccomp profile
};

// Sends bytes of `file` from `offset` on, at most `most` and as many as the buffer of `socket`
// takes. Returns their number, 0 also where the file has ended or where the kernel cannot: an error
// of the socket is found by the next send. The process ignores SIGPIPE.
[[nodiscard]] std::size_t send_from_file(int socket, int file, std::uint64_t offset,
                                         std::size_t most);

}  // namespace uring
