// Writes the benchmark's files; see site.h.
#include "bench/load/site.h"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace load {

namespace {

bool write_file(const std::string& path, unsigned long bytes, bool to_disk = false) {
  static const std::vector<char> pattern = [] {
    std::vector<char> room(1 << 20);
    for (std::size_t i = 0; i < room.size(); ++i) room[i] = static_cast<char>(i * i >> 3);
    return room;
  }();
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  bool good = fd >= 0;
  while (good && bytes > 0) {
    const ssize_t count = ::write(fd, pattern.data(), std::min(bytes, pattern.size()));
    good = count > 0;
    if (good) bytes -= static_cast<unsigned long>(count);
  }
  if (good && to_disk) good = ::fsync(fd) == 0;
  if (!good) std::perror(path.c_str());
  if (fd >= 0) ::close(fd);
  return good;
}

}  // namespace

int make_site(const std::string& root) {
  ::mkdir((root + "/f").c_str(), 0755);
  ::mkdir((root + "/put").c_str(), 0777);
  bool good = write_file(root + "/1k", 1 << 10) && write_file(root + "/16k", 16 << 10) &&
              write_file(root + "/100k", 100 << 10) && write_file(root + "/1m", 1 << 20) &&
              write_file(root + "/10m", 10 << 20) && write_file(root + "/256m", 256 << 20);
  for (int i = 0; good && i < 10000; ++i) {
    char name[16];
    std::snprintf(name, sizeof name, "/f/%05d", i);
    good = write_file(root + name, 4 << 10);
  }
  return good ? 0 : 1;
}

int make_cold_file(const std::string& path, unsigned long bytes) {
  return write_file(path, bytes, true) ? 0 : 1;
}

}  // namespace load
