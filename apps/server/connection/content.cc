// One function for each kind of content, and for files one for each place that their bytes are in:
// memory of the file cache, a mapping, or an open file. gather_content() is at the end.
// Covered by tests/server/connection/content_test.cc and tests/end_to_end/.
#include "apps/server/connection/content.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <sys/mman.h>

#include "apps/server/connection/send.h"
#include "apps/server/connection/stream_content.h"
#include "apps/server/files/read_ahead.h"

namespace server {

using uring::Fault;

namespace {

// Read bytes are sent as soon as these many are gathered: other connections wait during a send.
constexpr std::size_t enough_read = 64 * 1024;

// Reads `left` bytes of the file into the block, and sends them whenever enough are gathered.
uring::Task<Fault> read_bytes(Connection& c, std::uint64_t offset, std::uint64_t left,
                              ReadAhead& ahead) {
  Exchange& x = *c.exchange;
  while (left > 0) {
    const std::size_t space = x.out.space().size();
    const std::size_t wanted = std::min({left, most_read_bytes, x.out.block.size()});
    if (space < wanted || x.out.gathered >= enough_read) {
      const bool fine = co_await flush(c);
      if (!fine) co_return Fault::peer_gone;
      continue;
    }
    ahead.reach(offset);
    const std::span<char> target = x.out.block.subspan(x.out.gathered, wanted);
    const uring::Result got = co_await c.io.read(ahead.file(), target, offset);
    if (!got.ok()) co_return got.fault();
    if (got.count() == 0) co_return Fault::other;
    x.out.gathered += got.count();
    offset += got.count();
    left -= got.count();
  }
  co_return Fault::none;
}

// Sends bytes in memory: copies a small piece into the block, and sends a large one without a copy
// behind the gathered bytes.
uring::Task<Fault> gather_memory(Connection& c, std::string_view bytes) {
  Exchange& x = *c.exchange;
  if (bytes.size() < least_direct && bytes.size() <= x.out.space().size()) {
    x.out.append(bytes);
    co_return Fault::none;
  }
  const bool fine = co_await flush_with(c, bytes);
  co_return fine ? Fault::none : Fault::peer_gone;
}

}  // namespace

// By mincore(2), which does not wait for the disk.
bool is_resident(std::string_view piece) {
  constexpr std::size_t page = 4096;
  std::array<unsigned char, most_direct / page + 1> pages;
  const auto address = reinterpret_cast<std::uintptr_t>(piece.data());
  const std::uintptr_t begin = address & ~(page - 1);
  const std::size_t count = (address - begin + piece.size() + page - 1) / page;
  void* const first = const_cast<char*>(piece.data()) - (address - begin);
  if (count > pages.size() || ::mincore(first, count * page, pages.data()) != 0) return false;
  return std::all_of(pages.begin(), pages.begin() + count, [](auto p) { return (p & 1) != 0; });
}

namespace {

// Sends bytes of a file: the pieces that are mapped and in the page cache without a copy, the
// others by reading them. This function does not access the mapping itself, since that would raise
// SIGBUS if the file was truncated, whereas a send fails with an error.
uring::Task<Fault> gather_file(Connection& c, std::uint64_t offset, std::uint64_t left) {
  const CachedFile* const cached = c.exchange->source.cached;
  // OpenSSL would access the mapping itself, see above.
  const bool is_mapped = cached && !cached->mapped.empty() && left >= least_direct && !c.is_tls;
  ReadAhead ahead(cached ? cached->fd : c.exchange->source.file, offset + left);
  while (left > 0) {
    std::uint64_t size = left;
    std::string_view piece;  // empty if the file is not mapped
    if (is_mapped) {
      size = std::min(left, most_direct - offset % most_direct);
      piece = cached->mapped.substr(offset, size);
    }
    Fault fault = Fault::none;
    if (is_mapped && is_resident(piece)) {
      const bool has_more = left > size;
      const bool fine = co_await flush_with(c, piece, has_more);
      if (!fine) fault = Fault::peer_gone;
    } else {
      const Fault read = co_await read_bytes(c, offset, size, ahead);
      fault = read;
    }
    if (fault != Fault::none) co_return fault;
    offset += size;
    left -= size;
  }
  co_return Fault::none;
}

// Not a coroutine itself, so that one frame is allocated and not two.
uring::Task<Fault> gather_bytes(Connection& c, std::uint64_t offset, std::uint64_t left) {
  const CachedFile* const cached = c.exchange->source.cached;
  if (cached && cached->fd < 0) return gather_memory(c, cached->body.substr(offset, left));
  return gather_file(c, offset, left);
}

// Gathers the parts of a multipart/byteranges response. One send has many small parts.
uring::Task<Fault> gather_parts(Connection& c) {
  Exchange& x = *c.exchange;
  const Parts parts = parts_of(x.plan);
  for (std::size_t i = 0; i <= parts.ranges.size(); ++i) {
    if (x.out.space().size() < most_part_head_bytes) {
      const bool fine = co_await flush(c);
      if (!fine) co_return Fault::peer_gone;
    }
    const std::size_t size = write_part_head(parts, i, x.out.space());
    assert(size <= x.out.space().size());
    x.out.gathered += size;
    if (i == parts.ranges.size()) break;
    const http1::ByteRange range = parts.ranges[i];
    const Fault fault = co_await gather_bytes(c, range.first, range.size());
    if (fault != Fault::none) co_return fault;
  }
  co_return Fault::none;
}

// Has generated content written into the block.
uring::Task<Fault> gather_generated(Connection& c) {
  Exchange& x = *c.exchange;
  while (true) {
    if (x.out.space().size() < Generated::least_space) {
      const bool is_fine = co_await flush(c);
      if (!is_fine) co_return Fault::peer_gone;
    }
    const std::size_t size = x.source.generated->write(x.out.space());
    if (size == 0) break;
    x.out.gathered += size;
  }
  co_return Fault::none;
}

}  // namespace

// Not a coroutine itself, so that one frame is allocated and not two.
uring::Task<Fault> gather_content(Connection& c) {
  const Plan& plan = c.exchange->plan;
  switch (plan.content) {
    case Content::parts: return gather_parts(c);
    case Content::generated: return gather_generated(c);
    case Content::streamed: return gather_streamed(c);
    case Content::file: return gather_bytes(c, plan.offset, plan.length);
    default: return gather_memory(c, plan.text);
  }
}

}  // namespace server
