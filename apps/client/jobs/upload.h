// Upload: a file or a stream on its way to a server, one request at a time.
//
// The body is sent by a task of its own while the job reads: a response that refuses the body is
// read at once, and not only after the server has reset the connection. Covered by
// tests/client/jobs/put_test.cc.
#pragma once

#include <memory>
#include <string>

#include "apps/client/command/exit_code.h"
#include "apps/client/local/input_file.h"
#include "apps/client/net/channel.h"
#include "apps/client/net/request.h"
#include "uring/io.h"
#include "uring/task.h"

namespace client {

// The input, and the state of the task that sends it.
struct Upload {
  explicit Upload(Channel& way) : channel(way), io(way.session.scope) {}

  uring::Frames frames() const { return io.frames(); }

  Channel& channel;
  uring::Io io;  // the sender's
  InputFile input;
  bool running = false;     // the sender's task has not ended
  bool reading = false;     // the sender waits for a stream, which nothing can cancel
  bool awaited = false;     // put() has stopped the sender and sleeps until it ends
  bool abandoned = false;   // put() has returned: the sender owns the upload, and deletes it
  bool complete = false;    // the whole body has been sent
  ExitReason error = {};    // why the sender ended early by itself
  std::string pace = {};    // for people, as " in 0:12, 1.2 MiB/s"
  std::string digest = {};  // Repr-Digest of the input, for --verify; empty: none
  std::uint64_t found = 0;  // bytes that the server has from an earlier run
};

// Sends the request with the part of the input from its present place on, and reads the response's
// head. Fails as connect(), send_head() and read_final_head(), and with read_error.
[[nodiscard]] uring::Task<ExitCode> upload(Upload& up, const Request& request);

// Prepares the upload for another request, over a new connection. The sender is not running: it
// reads a file, and not a stream.
void restart(Upload& up);

// Closes the input and frees the upload; both are left to the sender where it still runs.
void end_upload(std::unique_ptr<Upload> up);

}  // namespace client
