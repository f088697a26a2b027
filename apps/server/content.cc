// One function for each kind of content; gather_content() is at the end.
// Covered by tests/server/connection_test.cc and tests/end_to_end/.
#include "apps/server/content.h"

#include <algorithm>
#include <cstring>

namespace server {

using uring::Fault;

namespace {

// A line of text, which is shorter than any block and has room behind the head.
uring::Task<Fault> gather_text(Connection& c) {
  Exchange& x = *c.exchange;
  std::memcpy(x.block.data() + x.gathered, x.plan.text.data(), x.plan.text.size());
  x.gathered += x.plan.text.size();
  co_return Fault::none;
}

// Reads `left` bytes of the file into the block, and sends the block whenever it is full.
uring::Task<Fault> gather_bytes(Connection& c, std::uint64_t offset, std::uint64_t left) {
  Exchange& x = *c.exchange;
  while (left > 0) {
    const std::size_t room = std::min<std::uint64_t>(left, x.block.size() - x.gathered);
    if (room < left && room < x.block.size() / 2) {
      const bool fine = co_await flush(c);
      if (!fine) co_return Fault::peer_gone;
      continue;
    }
    const std::span<char> target = x.block.subspan(x.gathered, room);
    const uring::Result got = co_await c.io.read(x.file, target, offset);
    if (!got.ok()) co_return got.fault();
    if (got.count() == 0) co_return Fault::other;
    x.gathered += got.count();
    offset += got.count();
    left -= got.count();
  }
  co_return Fault::none;
}

// Small parts of a file gather like small answers: many of them leave in one send.
uring::Task<Fault> gather_parts(Connection& c) {
  Exchange& x = *c.exchange;
  const Parts parts = parts_of(x.plan);
  for (std::size_t i = 0; i <= parts.ranges.size(); ++i) {
    if (x.block.size() - x.gathered < part_head_room) {
      const bool fine = co_await flush(c);
      if (!fine) co_return Fault::peer_gone;
    }
    x.gathered += write_part_head(parts, i, x.block.subspan(x.gathered));
    if (i == parts.ranges.size()) break;
    const http1::ByteRange range = parts.ranges[i];
    const Fault fault = co_await gather_bytes(c, range.first, range.size());
    if (fault != Fault::none) co_return fault;
  }
  co_return Fault::none;
}

// Rows are written where they leave from; the listing goes when its last row is there.
uring::Task<Fault> gather_listing(Connection& c) {
  Exchange& x = *c.exchange;
  while (true) {
    if (x.block.size() - x.gathered < Listing::least_room) {
      const bool fine = co_await flush(c);
      if (!fine) co_return Fault::peer_gone;
    }
    const std::size_t size = x.listing->write(x.block.subspan(x.gathered));
    if (size == 0) break;
    x.gathered += size;
  }
  co_return Fault::none;
}

}  // namespace

// No coroutine itself: one frame for each content.
uring::Task<Fault> gather_content(Connection& c) {
  const Plan& plan = c.exchange->plan;
  switch (plan.content) {
    case Content::parts: return gather_parts(c);
    case Content::listing: return gather_listing(c);
    case Content::file: return gather_bytes(c, plan.offset, plan.length);
    default: return gather_text(c);
  }
}

}  // namespace server
