// The unfinished file of a download, and its record: names, ownership, reading and writing.
//
// A download of NAME is written to .NAME.quoit-part beside it. Beside that, .NAME.quoit-part.meta
// says which version the bytes are of (command/part_record.h). The record changes only while the
// part file is empty, so that a process that is killed at any moment leaves either bytes and their
// record, or bytes without one, which the next download throws away. The part file is locked
// (flock(2)) from its opening until it has its name: a second quoit that downloads NAME meanwhile
// uses a file of a random name.
//
// All functions are plain system calls. Covered by tests/client/local/part_file_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/client/command/part_record.h"

namespace client {

// The least that is worth keeping: a smaller file is downloaded again as fast.
inline constexpr std::uint64_t least_kept_bytes = 65536;

// The path of the unfinished file for `target`. A name that is too long for it is replaced by its
// beginning and its hash.
[[nodiscard]] std::string part_path(const std::string& target);

// Says whether an unfinished file or its record may have that name.
[[nodiscard]] bool is_part_name(std::string_view name);

// The path of the record of the unfinished file `part`.
[[nodiscard]] std::string record_path(const std::string& part);

enum class PartLock : std::uint8_t {
  taken,
  gone,      // the path names another file meanwhile, or none: open it again
  unusable,  // another process has the lock, or the file belongs to another user
};

// Locks the open file `fd`, which was opened as `path`. The lock ends when all descriptors of the
// open file are closed.
[[nodiscard]] PartLock lock_part(int fd, const std::string& path);

// The record at `path`, if there is one that this user has written.
[[nodiscard]] std::optional<PartRecord> load_record(const std::string& path);

// Writes a record, readable by this user alone: a URL may contain secrets. False: the system
// refuses, and there is no record.
[[nodiscard]] bool store_record(const std::string& path, const PartRecord& record);

// Copies the first `size` bytes of the file `from` to the empty file `to`. Returns 0, or an errno;
// ESTALE: there are fewer bytes.
[[nodiscard]] int copy_beginning(const std::string& from, int to, std::uint64_t size);

}  // namespace client
