// Copying what a partial PUT leaves as it was.
//
// The part goes into a copy of the file, which is then published like any other upload, so that a
// reader never sees half a change. Copied through the exchange's block by the ring, because
// io_uring has neither copy_file_range(2) nor FICLONE, and both may wait for the disk.
// Covered by tests/server/write/partial_put_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// Copies the bytes from `begin` to `end` of one open file to the same place in another. No answer
// may wait in the block. Ends early, without a fault, where the file has become shorter.
uring::Task<uring::Fault> copy_bytes(Connection& c, int from, int to, std::uint64_t begin,
                                     std::uint64_t end);

// Writes bytes at `position`, all of them, and moves it behind them.
uring::Task<uring::Fault> write_all(Connection& c, int file, std::string_view bytes,
                                    std::uint64_t& position);

}  // namespace server
