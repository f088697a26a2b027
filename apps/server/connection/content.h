// The content of an answer, from where it is into the exchange's block and out.
//
// Whatever it is made of, it gathers behind the head, and the block leaves whenever it is full.
// Covered by tests/server/connection/connection_test.cc and tests/end_to_end/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/connection/connection.h"
#include "uring/task.h"

namespace server {

// What leaves from where it lies, and not from the block: copying as much costs less than a second
// piece of a send.
inline constexpr std::size_t least_direct = 16384;
// One send of a mapping: others have their turn after it, 40 us at 12 GB/s. Larger pieces are no
// faster: what a peer has not read yet is then no longer in the processor's cache.
inline constexpr std::uint64_t most_direct = 512 * 1024;

// Says whether the page cache has all of `piece` of a mapping, at most most_direct: a send of what
// it has not would wait for the disk, and all connections with it. Waits for nothing itself.
bool is_resident(std::string_view piece);

// Gathers the content that was planned, which is not Content::none. A fault is that of a read, or
// Fault::other where the file has shrunk; peer_gone if that is why.
uring::Task<uring::Fault> gather_content(Connection& c);

}  // namespace server
