// ArchiveStream: the bytes of an archive of a directory, made while they are sent.
//
// A step reads files and encodes them for at most step_us and little more than step_bytes. The
// archive contains each file in the state in which it is read. A file that cannot be read to the
// size that it had when it was opened breaks the archive off, since its header has been sent.
// Covered by tests/server/archive/archive_stream_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/archive/archive_writer.h"
#include "apps/server/archive/archives.h"
#include "apps/server/archive/tree_walk.h"
#include "apps/server/connection/counters.h"
#include "apps/server/connection/streamed.h"

namespace server {

class ArchiveStream final : public Streamed {
 public:
  // A step ends when it has made this many bytes: enough that waking a thread costs little beside
  // it, and the only memory that a slow client holds beside the state of the encoder.
  static constexpr std::size_t step_bytes = 128 * 1024;
  // It also ends after this time, so that other archives get their turn.
  static constexpr std::int64_t step_us = 10'000;

  // `archives` has counted this archive, and outlives it; null in tests. `counters`, null or of the
  // worker, outlive it, too. Throws std::bad_alloc.
  ArchiveStream(ArchiveFormat format, TreeWalk walk, Archives* archives, WorkerCounters* counters);
  ~ArchiveStream() override;

  void run() noexcept override;
  State state() const override { return state_; }
  std::string_view made() const override { return writer_.bytes(); }
  void end(bool is_whole) override;

 private:
  void make_step();
  State advance();
  State begin_entry(TreeWalk::Step step);
  State add_content();

  Archives* const archives_;
  WorkerCounters* const counters_;
  TreeWalk walk_;
  ArchiveWriter writer_;
  std::uint64_t offset_ = 0;  // in the file that is being read
  std::uint64_t left_ = 0;    // bytes of it that are still to be read; 0: none is being read
  State state_ = State::more;
};

}  // namespace server
