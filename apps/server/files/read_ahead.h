// ReadAhead: has the kernel read a cold file ahead of the reads that send it, in small steps.
//
// Left to itself the kernel reads ahead as part of the read that starts it, in one go, while all
// connections of the worker wait: 3 ms for the 8 MiB that a fast disk may be set to.
// docs/decisions/0014 has the measurements. Covered by tests/server/files/read_ahead_test.cc.
#pragma once

#include <cstdint>

namespace server {

// The bytes of one read: the other connections of the worker wait as long as one read takes.
inline constexpr std::uint64_t most_read_bytes = 32 * 1024;

class ReadAhead {
 public:
  // The bytes of the open `file` up to `end` are wanted. Nothing is requested before reach().
  ReadAhead(int file, std::uint64_t end) : file_(file), end_(end) {}

  int file() const { return file_; }

  // A read at `offset` follows. Requests bytes up to 512 KiB behind it, 128 KiB at a time. Does not
  // wait, except on file systems where every read does; there it requests nothing.
  void reach(std::uint64_t offset);

 private:
  void begin(std::uint64_t offset);

  int file_;
  std::uint64_t end_;
  std::uint64_t requested_ = 0;  // all bytes in front of this offset
  bool has_begun_ = false;
};

}  // namespace server
