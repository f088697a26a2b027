// OutputFile: a file that appears whole, under its name, or not at all.
//
// Bytes are written to a temporary file in the directory of the target, which is renamed over the
// target at the end: a reader of the target sees the old file or the new one. A symbolic link is
// kept, and the file it leads to is replaced, or made if there is none. Anything but a regular file
// (/dev/null, a pipe, standard output) is written to directly. Covered by
// tests/client/local/output_file_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "apps/client/command/exit_code.h"
#include "uring/io.h"
#include "uring/task.h"

namespace client {

struct OutputFile {
  std::string name = {};       // for people: as given, or "standard output"
  std::string target = {};     // where the file belongs; empty for a stream
  std::string temporary = {};  // beside the target; empty for a stream, and after the end
  int fd = -1;
  std::uint64_t size = 0;  // bytes written
  bool is_stream = false;
  bool makes_directories = false;             // open_output() makes those that lead to the file
  std::optional<std::int64_t> modified = {};  // the time that the file gets, in Unix seconds
  ExitReason error = {};                      // why a function below failed
};

// These fail with write_error and the reason in output.error.

// Opens the output of that name; "-" is standard output.
[[nodiscard]] uring::Task<ExitCode> open_output(uring::Io& io, OutputFile& output,
                                                const std::string& name);
[[nodiscard]] uring::Task<ExitCode> write_output(uring::Io& io, OutputFile& output,
                                                 std::string_view bytes);
// Closes the file, and renames it to its target.
[[nodiscard]] uring::Task<ExitCode> publish_output(uring::Io& io, OutputFile& output);
// Closes the file, and deletes the temporary one.
[[nodiscard]] uring::Task<> discard_output(uring::Io& io, OutputFile& output);

// A name beside `target` for an unfinished file: hidden, and not likely to exist.
[[nodiscard]] std::string temporary_name(const std::string& target, std::uint64_t random);

}  // namespace client
