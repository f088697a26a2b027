// OutputFile: a file that appears whole, under its name, or not at all.
//
// Bytes are written to an unfinished file in the directory of the target (part_file.h), which is
// renamed over the target at the end: a reader of the target sees the old file or the new one. The
// bytes of a file whose version is recorded stay there for a later run if the download fails. A
// symbolic link is kept, and the file it leads to is replaced, or made if there is none. Anything
// but a regular file (/dev/null, a pipe, standard output) is written to directly. Covered by
// tests/client/local/output_file_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/part_record.h"
#include "apps/client/local/file_digest.h"
#include "uring/file_splice.h"
#include "uring/io.h"
#include "uring/task.h"

namespace client {

struct OutputFile {
  std::string name = {};       // for people: as given, or "standard output"
  std::string target = {};     // where the file belongs; empty for a stream
  std::string temporary = {};  // beside the target; empty for a stream, and after the end
  int fd = -1;
  std::uint64_t size = 0;  // bytes written, and where the next ones belong
  bool is_stream = false;
  bool is_part = false;      // `temporary` is the part file, locked; else its name is a random one
  bool is_recorded = false;  // the part file has a record
  bool is_renamed = false;   // by rename_output(): no file has the name of the target
  bool makes_directories = false;             // open_output() makes those that lead to the file
  std::optional<std::int64_t> modified = {};  // the time that the file gets, in Unix seconds
  std::unique_ptr<FileDigest> digest = {};    // of the bytes written; null: none is wanted
  ExitReason error = {};                      // why a function below failed
};

// These fail with write_error and the reason in output.error.

// Opens the output of that name, empty; "-" is standard output.
[[nodiscard]] uring::Task<ExitCode> open_output(uring::Io& io, OutputFile& output,
                                                const std::string& name);
[[nodiscard]] uring::Task<ExitCode> write_output(uring::Io& io, OutputFile& output,
                                                 std::string_view bytes);
// Moves bytes that have arrived on the socket to the file, which is no stream: at most `most`, and
// returns in `count` how many. It waits for no peer.
[[nodiscard]] ExitCode take_arrived(OutputFile& output, uring::ReceivePipe& pipe, int socket,
                                    std::uint64_t most, std::uint64_t& count);
// Gives the file, which is open and no stream, another name in the directory of its target. Fails
// where a file has it: a name that a server chooses replaces nothing.
[[nodiscard]] ExitCode rename_output(OutputFile& output, const std::string& name);
// Keeps the URL of the file in its attribute user.xdg.origin.url (freedesktop.org, Common Extended
// Attributes). Returns 0, or an errno; a stream has no attributes.
[[nodiscard]] int keep_origin(const OutputFile& output, const std::string& url);
// Renames the file to its target, and closes it.
[[nodiscard]] uring::Task<ExitCode> publish_output(uring::Io& io, OutputFile& output);
// Closes the file, and deletes it unless keeps_part().
[[nodiscard]] uring::Task<> discard_output(uring::Io& io, OutputFile& output);

// --- Bytes of an earlier run ---

// Opens the bytes that an interrupted download of `url` into the file of that name has left, with
// their record and output.size, the number of the bytes. False: there is nothing, and the output is
// not open.
[[nodiscard]] uring::Task<bool> open_kept_output(uring::Io& io, OutputFile& output,
                                                 const std::string& name, const std::string& url,
                                                 PartRecord& kept);
// Records which version the bytes are of, and, where they are not the first ones, their ranges;
// without ranges the file is empty. Without effect where it has a random
// name, or where the system refuses: nothing is kept then.
void record_output(OutputFile& output, const PartRecord& record);
// Throws away what the file has; its record first. Not for a stream.
[[nodiscard]] ExitCode empty_output(OutputFile& output);
// Writes the first `size` bytes of the target's present content to the file, which is empty.
[[nodiscard]] ExitCode take_over_target(OutputFile& output, std::uint64_t size);
// Says whether discard_output() leaves the bytes for a later run.
[[nodiscard]] bool keeps_part(const OutputFile& output);

// A name beside `target` for an unfinished file: hidden, and not likely to exist.
[[nodiscard]] std::string temporary_name(const std::string& target, std::uint64_t random);

}  // namespace client
