// InputFile: the file or stream that an upload sends.
//
// A regular file is read by offset until its length. Anything else (standard input, a pipe, a
// device) is a stream of unknown length: it is read to its end, and each piece is framed as a
// chunk, so that a piece is sent as it stands. Covered by tests/client/local/input_file_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/client/command/exit_code.h"
#include "uring/io.h"
#include "uring/task.h"

namespace client {

struct InputFile {
  int fd = -1;
  std::string name = {};     // for people: as given, or "standard input"
  bool is_stream = false;    // of unknown length; its pieces are chunks
  std::uint64_t length = 0;  // bytes; 0 for a stream
  std::uint64_t size = 0;    // bytes read so far, without the chunks' framing
  std::vector<char> buffer = {};
  std::string_view piece = {};  // the bytes to send next: a view of `buffer`
  bool at_end = false;          // no piece follows `piece`
  ExitReason error = {};        // why a function below failed
};

// Both coroutines fail with read_error and the reason in input.error.

// Opens the file of that name; "-" is standard input. A signal that comes while a named pipe waits
// for its writer ends the process.
[[nodiscard]] uring::Task<ExitCode> open_input(uring::Io& io, InputFile& input,
                                               const std::string& name);

// Reads the next piece; of at most 256 KiB of the file. An empty piece without at_end: nothing was
// there to be read. Reading a stream waits until its writer writes; nothing can cancel it.
[[nodiscard]] uring::Task<ExitCode> read_piece(uring::Io& io, InputFile& input);

// Closes the file, unless it is standard input. No read may be in flight.
void close_input(uring::Engine& engine, InputFile& input);

}  // namespace client
