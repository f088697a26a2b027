// Copying the bytes of a file that a partial PUT does not replace.
//
// The body of a partial PUT is written into a copy of the file. The copy is then published like any
// other upload, so that a reader never sees a file that is half changed. The ring copies the bytes
// by way of a buffer: io_uring has neither copy_file_range(2) nor FICLONE, and as plain system
// calls both may wait for the disk. Covered by tests/server/write/copy_part_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "uring/io.h"
#include "uring/task.h"

namespace server {

// Copies the bytes from offset `begin` to offset `end` of one open file to the same offsets of
// another, by way of `buffer`, which may have any size. Ends early, without a fault, where the
// source has become shorter.
uring::Task<uring::Fault> copy_bytes(uring::Io& io, std::span<char> buffer, int from, int to,
                                     std::uint64_t begin, std::uint64_t end);

// Writes all of `bytes` at `position` and advances `position` by the number of bytes written, also
// where a fault ends the writing early.
uring::Task<uring::Fault> write_all(uring::Io& io, int file, std::string_view bytes,
                                    std::uint64_t& position);

}  // namespace server
