// Which pages of a cold file are requested before a read, by what the page cache holds afterwards.
#include "apps/server/files/read_ahead.h"

#include <algorithm>
#include <fcntl.h>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include "tests/server/world.h"
#include "tests/support/eventually.h"
#include "uring/fd.h"

namespace server {
namespace {

constexpr std::uint64_t file_bytes = 4 * 1024 * 1024;
constexpr std::uint64_t window_bytes = 512 * 1024;

// A file that the page cache does not hold, as far as the file system permits.
class ColdFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder.put("file", std::string(file_bytes, 'x'));
    file.reset(::open((folder / "file").c_str(), O_RDWR | O_CLOEXEC));
    memory = ::mmap(nullptr, file_bytes, PROT_READ, MAP_SHARED, file.get(), 0);
    ASSERT_NE(memory, MAP_FAILED);
    ASSERT_EQ(::fsync(file.get()), 0);
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
    if (resident_bytes() != 0) GTEST_SKIP() << "the page cache keeps the file";
  }
  ~ColdFile() override {
    if (memory) ::munmap(memory, file_bytes);
  }

  // The bytes of the file in the page cache.
  std::uint64_t resident_bytes() const {
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> pages(file_bytes / page);
    EXPECT_EQ(::mincore(memory, file_bytes, pages.data()), 0);
    return page * static_cast<std::uint64_t>(std::count_if(
                      pages.begin(), pages.end(), [](unsigned char byte) { return byte & 1; }));
  }
  bool becomes_resident(std::uint64_t bytes) const {
    return test_support::eventually([&] { return resident_bytes() >= bytes; });
  }

  lab::Folder folder;
  uring::Fd file;
  void* memory = nullptr;
};

TEST_F(ColdFile, is_requested_half_a_mebibyte_ahead_of_a_read) {
  ReadAhead ahead(file.get(), file_bytes);
  EXPECT_EQ(ahead.file(), file.get());
  EXPECT_EQ(resident_bytes(), 0U) << "nothing is requested before reach()";
  ahead.reach(0);
  EXPECT_TRUE(becomes_resident(window_bytes)) << resident_bytes();
  EXPECT_EQ(resident_bytes(), window_bytes);
  ahead.reach(most_read_bytes);
  EXPECT_EQ(resident_bytes(), window_bytes) << "less than a step is missing";
  ahead.reach(4 * most_read_bytes);
  EXPECT_TRUE(becomes_resident(window_bytes + 4 * most_read_bytes)) << resident_bytes();
}

TEST_F(ColdFile, is_requested_to_its_end_and_not_beyond) {
  const std::uint64_t end = 160 * 1024;
  ReadAhead ahead(file.get(), end);
  for (std::uint64_t at = 0; at < end; at += most_read_bytes) ahead.reach(at);
  EXPECT_TRUE(becomes_resident(end)) << resident_bytes();
  EXPECT_EQ(resident_bytes(), end);
}

TEST_F(ColdFile, is_not_requested_when_one_read_covers_it) {
  ReadAhead ahead(file.get(), most_read_bytes);
  ahead.reach(0);
  EXPECT_EQ(resident_bytes(), 0U);
}

}  // namespace
}  // namespace server
