// PagePipe: sends bytes of mapped memory to a socket without a copy, for the engines on a kernel.
//
// vmsplice(2) puts references to the pages into a pipe, and splice(2) moves the references from the
// pipe into the socket. io_uring has both as operations, but gives them to worker threads, whose
// work costs more than the copy (docs/decisions/0040-bytes-without-a-copy.md). The pipe is empty
// between two calls, so that one serves all sockets of an engine. It is made by the first call.
// Where the kernel or a seccomp profile refuses one of the calls, and while no descriptor is left
// for the pipe, the bytes are copied instead. Covered by tests/uring/page_pipe_test.cc and
// send_pages_test.cc.
#pragma once

#include <cstddef>
#include <string_view>

#include "uring/fd.h"
#include "uring/operation.h"

namespace uring {

class PagePipe {
 public:
  struct Sent {
    std::size_t bytes = 0;
    int error = 0;  // why not all was sent, an errno; EAGAIN: the socket's buffer is full
  };

  // Sends what is left of a send_pages whose first `sent` bytes were sent. Does not wait if the
  // socket is non-blocking and the pages are in memory. A socket that the peer has closed raises
  // SIGPIPE.
  Sent send(const Operation& operation, std::size_t sent);

  // For tests: copies from now on, as where the kernel refuses the calls.
  void copy_always() { copies_ = true; }
  bool copies() const { return copies_; }

 private:
  bool open();
  void close();
  Sent send_spliced(int socket, std::string_view pages, bool has_more);
  Sent empty_into(int socket, std::size_t bytes, bool has_more);

  Fd input_;
  Fd output_;
  bool copies_ = false;  // a call was refused
};

}  // namespace uring
