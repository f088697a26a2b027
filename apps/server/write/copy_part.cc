// Read a block, write a block. Covered by tests/server/write/partial_put_test.cc.
#include "apps/server/write/copy_part.h"

#include <algorithm>

namespace server {

using uring::Fault;

uring::Task<Fault> write_all(Connection& c, int file, std::string_view bytes,
                             std::uint64_t& position) {
  while (!bytes.empty()) {
    const uring::Result written = co_await c.io.write(file, bytes, position);
    if (!written.ok()) co_return written.fault();
    if (written.count() == 0) co_return Fault::no_space;
    position += written.count();
    bytes.remove_prefix(written.count());
  }
  co_return Fault::none;
}

uring::Task<Fault> copy_bytes(Connection& c, int from, int to, std::uint64_t begin,
                              std::uint64_t end) {
  const std::span<char> block = c.exchange->out.block;
  std::uint64_t position = begin;
  while (position < end) {
    const std::uint64_t most = std::min<std::uint64_t>(block.size(), end - position);
    const std::span<char> room = block.first(static_cast<std::size_t>(most));
    const uring::Result got = co_await c.io.read(from, room, position);
    if (!got.ok()) co_return got.fault();
    if (got.count() == 0) break;
    const std::string_view bytes(block.data(), got.count());
    const Fault fault = co_await write_all(c, to, bytes, position);
    if (fault != Fault::none) co_return fault;
  }
  co_return Fault::none;
}

}  // namespace server
