// A mapped file in memory, for tests of sends without a copy. Used by page_pipe_test.cc and
// send_pages_test.cc.
#pragma once

#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "uring/fd.h"

namespace uring::lab {

class Mapped {
 public:
  explicit Mapped(std::string_view bytes)
      : size_(bytes.size()), file_(::memfd_create("mapped", MFD_CLOEXEC)) {
    EXPECT_EQ(::pwrite(file_.get(), bytes.data(), size_, 0), static_cast<ssize_t>(size_));
    memory_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file_.get(), 0);
    EXPECT_NE(memory_, MAP_FAILED);
  }
  Mapped(const Mapped&) = delete;
  Mapped& operator=(const Mapped&) = delete;
  ~Mapped() { unmap(); }

  std::string_view bytes() const { return {static_cast<const char*>(memory_), size_}; }
  void truncate(std::size_t size) const {
    EXPECT_EQ(::ftruncate(file_.get(), static_cast<off_t>(size)), 0);
  }
  // Also closes the file, which has no name, so that the kernel removes its content.
  void unmap() {
    if (memory_) ::munmap(memory_, size_);
    memory_ = nullptr;
    file_.reset();
  }

 private:
  std::size_t size_;
  Fd file_;
  void* memory_ = nullptr;
};

}  // namespace uring::lab
