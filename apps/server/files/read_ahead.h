// ReadAhead: asks the kernel to read a cold file ahead of the reads that send it, in small steps.
//
// The kernel's own read-ahead runs inside the read that triggers it and takes the whole window at
// once, while all connections of the worker wait: 3 ms for the 8 MiB that is set for a fast disk.
// docs/decisions/0014-cold-file-reads.md has the measurements. Covered by
// tests/server/files/read_ahead_test.cc.
#pragma once

#include <cstdint>

namespace server {

// The bytes of one read: the other connections of the worker wait as long as one read takes.
inline constexpr std::uint64_t most_read_bytes = 32 * 1024;

class ReadAhead {
 public:
  // For reads of the open `file` up to the offset `end`. Requests nothing before reach(). `file`
  // stays open as long as this object is used.
  ReadAhead(int file, std::uint64_t end) : file_(file), end_(end) {}

  int file() const { return file_; }

  // To be called before a read at `offset`. Requests bytes up to 512 KiB beyond it, 128 KiB at a
  // time, and does not wait for them. Requests nothing on file systems where that would wait.
  void reach(std::uint64_t offset);

 private:
  void begin(std::uint64_t offset);

  int file_;
  std::uint64_t end_;
  std::uint64_t requested_ = 0;  // all bytes before this offset are requested
  bool has_begun_ = false;
};

}  // namespace server
