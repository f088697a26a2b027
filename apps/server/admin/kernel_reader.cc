// Covered by tests/server/admin/kernel_reader_test.cc.
#include "apps/server/admin/kernel_reader.h"

#include <array>
#include <charconv>
#include <fcntl.h>
#include <string_view>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace server {

KernelReader::KernelReader()
    : memory_(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)),
      descriptors_(::opendir("/proc/self/fd"), &::closedir) {}

// The second number of /proc/self/statm, in pages; proc(5).
std::uint64_t KernelReader::resident_bytes() const {
  std::array<char, 128> text{};
  const ssize_t size = ::pread(memory_.get(), text.data(), text.size(), 0);
  if (size <= 0) return 0;
  const std::string_view numbers(text.data(), static_cast<std::size_t>(size));
  const std::size_t begin = numbers.find(' ') + 1;
  std::uint64_t pages = 0;
  std::from_chars(numbers.data() + begin, numbers.data() + numbers.size(), pages);
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// Since Linux 6.2 the size of the directory is the number of descriptors, which takes no time with
// a million of them.
std::uint64_t KernelReader::open_files() const {
  DIR* const directory = descriptors_.get();
  if (!directory) return 0;
  struct stat status {};
  if (::fstat(::dirfd(directory), &status) == 0 && status.st_size > 0) {
    return static_cast<std::uint64_t>(status.st_size);
  }
  ::rewinddir(directory);
  std::uint64_t count = 0;
  while (const dirent* const entry = ::readdir(directory)) {  // NOLINT(concurrency-mt-unsafe)
    count += entry->d_name[0] != '.' ? 1 : 0;
  }
  return count;
}

KernelFacts KernelReader::read() const {
  KernelFacts facts{.resident_bytes = resident_bytes(), .open_files = open_files()};
  timespec time{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0) {
    facts.cpu_seconds = static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.most_files = limit.rlim_cur;
  return facts;
}

}  // namespace server
