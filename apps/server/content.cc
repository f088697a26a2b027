// One function for each kind of content and each place where it may lie; gather_content() is at the
// end.
// Covered by tests/server/connection_test.cc and tests/end_to_end/.
#include "apps/server/content.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <utility>

#include "apps/server/service.h"

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

// What one read asks for, and one send of what was read: all others wait as long as a step takes.
constexpr std::uint64_t most_read = 32 * 1024;
constexpr std::size_t enough_read = 64 * 1024;
// How far in front of a read the disk is set to work, and what it is asked for at once.
constexpr std::uint64_t read_ahead = 512 * 1024;
constexpr std::uint64_t ahead_step = 128 * 1024;

// Whether the file system of `file` reads without a thread that waits. Where it does not (FUSE,
// NFS), the engine gives reads to a thread, and asking for bytes to be read ahead may wait as well.
bool reads_without_waiting(int file, std::uint64_t offset) {
  char byte = 0;
  const iovec room{&byte, 1};
  return ::preadv2(file, &room, 1, static_cast<off_t>(offset), RWF_NOWAIT) >= 0 || errno == EAGAIN;
}

// Has a file read ahead of who sends it, little by little. Left to itself the kernel does that as
// part of the read that is started, in one go, and all connections wait for it: 3 ms for the 8 MiB
// that a fast disk may be set to.
class ReadAhead {
 public:
  // The bytes of `file` up to `end` are wanted. Nothing is asked for before reach().
  ReadAhead(int file, std::uint64_t end) : file_(file), end_(end) {}

  int file() const { return file_; }

  // What lies in front of `offset` is not wanted any more; the bytes there are read now.
  void reach(std::uint64_t offset) {
    if (!std::exchange(has_begun_, true)) begin(offset);
    asked_ = std::max(asked_, offset);
    while (asked_ < end_ && asked_ + ahead_step <= offset + read_ahead) {
      const std::uint64_t size = std::min(ahead_step, end_ - asked_);
      ::posix_fadvise(file_, static_cast<off_t>(asked_), static_cast<off_t>(size),
                      POSIX_FADV_WILLNEED);
      asked_ += size;
    }
  }

 private:
  // The kernel is told first, for whatever it reads ahead leaves a mark at which it goes on with
  // that.
  void begin(std::uint64_t offset) {
    if (end_ - offset <= most_read) {
      end_ = 0;  // one read has it all
      return;
    }
    ::posix_fadvise(file_, 0, 0, POSIX_FADV_RANDOM);
    if (reads_without_waiting(file_, offset)) return;
    ::posix_fadvise(file_, 0, 0, POSIX_FADV_NORMAL);
    end_ = 0;
  }

  int file_;
  std::uint64_t end_;
  std::uint64_t asked_ = 0;  // for all in front of it
  bool has_begun_ = false;
};

// Reads `left` bytes of the file into the block, and sends them whenever there are enough.
uring::Task<Fault> read_bytes(Connection& c, std::uint64_t offset, std::uint64_t left,
                              ReadAhead& ahead) {
  Exchange& x = *c.exchange;
  while (left > 0) {
    const std::size_t room = x.block.size() - x.gathered;
    const std::size_t wanted = std::min({left, most_read, x.block.size()});
    if (room < wanted || x.gathered >= enough_read) {
      const bool fine = co_await flush(c);
      if (!fine) co_return Fault::peer_gone;
      continue;
    }
    ahead.reach(offset);
    const std::span<char> target = x.block.subspan(x.gathered, wanted);
    const uring::Result got = co_await c.io.read(ahead.file(), target, offset);
    if (!got.ok()) co_return got.fault();
    if (got.count() == 0) co_return Fault::other;
    x.gathered += got.count();
    offset += got.count();
    left -= got.count();
  }
  co_return Fault::none;
}

// Bytes in memory: a small piece joins what is gathered, a large one leaves with it.
uring::Task<Fault> gather_memory(Connection& c, std::string_view bytes) {
  Exchange& x = *c.exchange;
  if (bytes.size() < least_direct && bytes.size() <= x.block.size() - x.gathered) {
    std::memcpy(x.block.data() + x.gathered, bytes.data(), bytes.size());
    x.gathered += bytes.size();
    co_return Fault::none;
  }
  const bool fine = co_await flush_with(c, bytes);
  co_return fine ? Fault::none : Fault::peer_gone;
}

}  // namespace

// mincore(2) looks and does not wait.
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

// A file leaves from the page cache where it is mapped and the cache has it, and is read where not.
// The mapping is never touched here: the file may have been cut off, which a send survives.
uring::Task<Fault> gather_file(Connection& c, std::uint64_t offset, std::uint64_t left) {
  const CachedFile* const cached = c.exchange->cached;
  const bool is_mapped = cached && !cached->mapped.empty() && left >= least_direct;
  ReadAhead ahead(cached ? cached->fd : c.exchange->file, offset + left);
  while (left > 0) {
    std::uint64_t size = left;
    std::string_view piece;  // empty where nothing is mapped
    if (is_mapped) {
      size = std::min(left, most_direct - offset % most_direct);
      piece = cached->mapped.substr(offset, size);
    }
    Fault fault = Fault::none;
    if (is_mapped && is_resident(piece)) {
      const bool fine = co_await flush_with(c, piece);
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

// No coroutine itself, as gather_content() below.
uring::Task<Fault> gather_bytes(Connection& c, std::uint64_t offset, std::uint64_t left) {
  const CachedFile* const cached = c.exchange->cached;
  if (cached && cached->fd < 0) return gather_memory(c, cached->body.substr(offset, left));
  return gather_file(c, offset, left);
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
