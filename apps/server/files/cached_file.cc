// The memory of cached response heads. Covered by tests/server/files/cached_file_test.cc.
#include "apps/server/files/cached_file.h"

#include <new>
#include <sys/mman.h>

namespace server {

CachedFile::~CachedFile() {
  if (!mapped.empty()) ::munmap(const_cast<char*>(mapped.data()), mapped.size());
  if (is_body_in_pages_) ::munmap(const_cast<char*>(body.data()), body.size());
}

char* CachedFile::allocate_body(std::size_t size) {
  if (size < least_page_bytes) {
    memory_.reset(new (std::nothrow) char[CachedHead::most_bytes + size]);
    return memory_ ? memory_.get() + CachedHead::most_bytes : nullptr;
  }
  void* const pages =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  is_body_in_pages_ = pages != MAP_FAILED;
  return is_body_in_pages_ ? static_cast<char*>(pages) : nullptr;
}

namespace {

void copy_head(CachedHead& cached, char* memory, std::string_view head, std::int64_t seconds) {
  constexpr std::string_view field = "\r\nDate: ";
  head.copy(memory, head.size());
  cached = {.begin = memory,
            .bytes = static_cast<std::uint32_t>(head.size()),
            .date_offset = static_cast<std::uint32_t>(head.find(field) + field.size()),
            .seconds = seconds};
}

}  // namespace

void CachedFile::set_head_200(std::string_view head, std::int64_t seconds) {
  if (head_200.begin || head.size() > CachedHead::most_bytes || is_pinned()) return;
  if (!memory_) memory_.reset(new (std::nothrow) char[CachedHead::most_bytes]);
  if (!memory_) return;
  copy_head(head_200, memory_.get() + CachedHead::most_bytes - head.size(), head, seconds);
}

void CachedFile::set_head_304(std::string_view head, std::int64_t seconds) {
  if (head_304.begin || head.size() > CachedHead::most_bytes || is_pinned()) return;
  memory_304_.reset(new (std::nothrow) char[head.size()]);
  if (!memory_304_) return;
  copy_head(head_304, memory_304_.get(), head, seconds);
}

}  // namespace server
