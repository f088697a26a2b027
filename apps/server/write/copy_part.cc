// Reading and writing block by block. Covered by tests/server/write/copy_part_test.cc.
#include "apps/server/write/copy_part.h"

#include <algorithm>

namespace server {

using uring::Fault;

uring::Task<Fault> write_all(uring::Io& io, int file, std::string_view bytes,
                             std::uint64_t& position) {
  while (!bytes.empty()) {
    const uring::Result written = co_await io.write(file, bytes, position);
    if (!written.ok()) co_return written.fault();
    if (written.count() == 0) co_return Fault::no_space;
    position += written.count();
    bytes.remove_prefix(written.count());
  }
  co_return Fault::none;
}

uring::Task<Fault> copy_bytes(uring::Io& io, std::span<char> buffer, int from, int to,
                              std::uint64_t begin, std::uint64_t end) {
  std::uint64_t position = begin;
  while (position < end) {
    const std::uint64_t most = std::min<std::uint64_t>(buffer.size(), end - position);
    const std::span<char> block = buffer.first(static_cast<std::size_t>(most));
    const uring::Result got = co_await io.read(from, block, position);
    if (!got.ok()) co_return got.fault();
    if (got.count() == 0) break;
    const std::string_view bytes(buffer.data(), got.count());
    const Fault fault = co_await write_all(io, to, bytes, position);
    if (fault != Fault::none) co_return fault;
  }
  co_return Fault::none;
}

}  // namespace server
