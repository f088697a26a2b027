// KernelReader: reads the numbers that the kernel has about this process, from files below
// /proc/self that are opened once, so that it works also when descriptors have run out. Covered by
// tests/server/admin/kernel_reader_test.cc.
#pragma once

#include <dirent.h>
#include <memory>

#include "apps/server/admin/snapshot.h"
#include "uring/fd.h"

namespace server {

class KernelReader {
 public:
  // The number of descriptors that an object keeps open.
  static constexpr unsigned most_descriptors = 2;

  KernelReader();
  KernelFacts read() const;

 private:
  std::uint64_t resident_bytes() const;
  std::uint64_t open_files() const;

  uring::Fd memory_;                                 // /proc/self/statm
  std::unique_ptr<DIR, int (*)(DIR*)> descriptors_;  // /proc/self/fd
};

}  // namespace server
