// The kernel's numbers about this process.
#include "apps/server/admin/kernel_reader.h"

#include <fcntl.h>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

TEST(KernelFactsOfThisProcess, follow_memory_descriptors_and_limits) {
  const KernelReader reader;
  const KernelFacts before = reader.read();
  EXPECT_GT(before.resident_bytes, 100'000U);
  EXPECT_GT(before.cpu_seconds, 0);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(before.most_files, limit.rlim_cur);
  {
    const uring::Fd one(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const uring::Fd two(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    EXPECT_EQ(reader.read().open_files, before.open_files + 2);
  }
  EXPECT_EQ(reader.read().open_files, before.open_files);
  const std::vector<char> memory(std::size_t{64} * 1024 * 1024, 'x');
  EXPECT_GT(reader.read().resident_bytes, before.resident_bytes + 50'000'000);
}

}  // namespace
}  // namespace server
