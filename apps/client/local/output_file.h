// OutputFile: a file that appears whole, under its name, or not at all.
//
// Bytes go to a temporary file in the directory of the target, which is renamed over it at the end;
// whoever reads the target sees the old file or the new one. A symbolic link stays one, and what it
// leads to is replaced. What is no regular file (/dev/null, a pipe, standard output) is written to
// as it stands. Covered by tests/client/jobs/get_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "apps/client/command/exit_code.h"
#include "uring/io.h"
#include "uring/task.h"

namespace client {

struct OutputFile {
  std::string name = {};       // for people: as it was asked for, or "standard output"
  std::string target = {};     // where the file belongs; empty for a stream
  std::string temporary = {};  // beside it; empty for a stream, and once it is gone
  int fd = -1;
  std::uint64_t size = 0;  // bytes written
  bool is_stream = false;
  ExitReason error = {};  // why a function below failed
};

// These fail with write_error and the reason in output.error.

// Opens the output of that name; "-" is standard output.
[[nodiscard]] uring::Task<ExitCode> open_output(uring::Io& io, OutputFile& output,
                                                const std::string& name);
[[nodiscard]] uring::Task<ExitCode> write_output(uring::Io& io, OutputFile& output,
                                                 std::string_view bytes);
// Closes it, and gives it its name.
[[nodiscard]] uring::Task<ExitCode> publish_output(uring::Io& io, OutputFile& output);
// Closes it, and leaves nothing behind.
[[nodiscard]] uring::Task<> discard_output(uring::Io& io, OutputFile& output);

// A name beside `target` for a file that is not finished: hidden, and not likely to exist.
[[nodiscard]] std::string temporary_name(const std::string& target, std::uint64_t random);

}  // namespace client
