// InputFile: the file or stream that an upload sends.
//
// A regular file is read by offset until its length. Its length is known when its first piece has
// been read: files of /proc say that they have no bytes, and those of /sys that they have 4096. A
// long file that says so, and anything but a regular file (standard input, a pipe, a device), is a
// stream of unknown length: it is read to its end, and each piece is framed as a chunk, so that a
// piece is sent as it stands. Covered by tests/client/local/input_file_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/upload_record.h"
#include "uring/io.h"
#include "uring/task.h"

namespace client {

struct InputFile {
  int fd = -1;
  std::string name = {};      // for people: as given, or "standard input"
  bool is_regular = false;    // it is read by offset, which does not wait for another process
  bool is_stream = false;     // of unknown length; its pieces are chunks
  std::uint64_t length = 0;   // bytes; 0 for a stream
  std::int64_t modified = 0;  // Unix seconds; 0 for a stream
  FileVersion version = {};   // of a regular file, when it was opened
  std::uint64_t size = 0;     // bytes in the pieces so far, without the chunks' framing
  std::uint64_t end = 0;      // of the last piece: `length`, or before it
  std::vector<char> buffer = {};
  std::size_t read_ahead = 0;   // bytes in the buffer that no piece has had yet
  std::string_view piece = {};  // the bytes to send next: a view of `buffer`
  bool at_end = false;          // no piece follows `piece`
  ExitReason error = {};        // why a function below failed

  // Says whether read_piece() may wait for a writer for ever.
  bool may_wait() const { return !is_regular; }
};

// Both coroutines fail with read_error and the reason in input.error.

// Opens the file of that name, and reads the first piece of a regular one; "-" is standard input.
// A signal that comes while a named pipe waits for its writer ends the process.
[[nodiscard]] uring::Task<ExitCode> open_input(uring::Io& io, InputFile& input,
                                               const std::string& name);

// Reads the next piece: at most 64 KiB of the file, and `most` bytes. An empty piece without
// at_end: there was nothing to read. Reading a stream waits until its writer writes; nothing can
// cancel it.
[[nodiscard]] uring::Task<ExitCode> read_piece(
    uring::Io& io, InputFile& input, std::size_t most = std::numeric_limits<std::size_t>::max());
// Goes on behind `count` bytes of a regular file, which were sent without a piece.
void pass_input(InputFile& input, std::uint64_t count);

// As read_piece(), for the bytes that open_input() has read.
void take_read_ahead(InputFile& input);

// The next pieces are those of the bytes [begin, end) of a regular file.
void seek_input(InputFile& input, std::uint64_t begin, std::uint64_t end);

// The bytes of a regular file that are read ahead: all of a small one, before its first piece.
[[nodiscard]] std::string_view front_of(const InputFile& input);

// Says whether a regular file has changed since it was opened.
[[nodiscard]] bool has_changed(const InputFile& input);

// Closes the file, unless it is standard input. No read may be in flight.
void close_input(uring::Engine& engine, InputFile& input);

}  // namespace client
