// Keeping heads. Covered by tests/server/files/file_cache_test.cc.
#include "apps/server/files/cached_file.h"

#include <sys/mman.h>

namespace server {

CachedFile::~CachedFile() {
  if (!mapped.empty()) ::munmap(const_cast<char*>(mapped.data()), mapped.size());
}

namespace {

void keep(ReadyHead& ready, char* place, std::string_view head, std::int64_t seconds) {
  constexpr std::string_view field = "\r\nDate: ";
  head.copy(place, head.size());
  ready = {.begin = place,
           .bytes = static_cast<std::uint32_t>(head.size()),
           .date_offset = static_cast<std::uint32_t>(head.find(field) + field.size()),
           .seconds = seconds};
}

}  // namespace

void CachedFile::keep_200(std::string_view head, std::int64_t seconds) {
  if (ready_200.begin || head.size() > ReadyHead::most_bytes || !is_at_rest()) return;
  if (!memory_) memory_.reset(new char[ReadyHead::most_bytes]);
  keep(ready_200, memory_.get() + ReadyHead::most_bytes - head.size(), head, seconds);
}

void CachedFile::keep_304(std::string_view head, std::int64_t seconds) {
  if (ready_304.begin || head.size() > ReadyHead::most_bytes || !is_at_rest()) return;
  memory_304_.reset(new char[head.size()]);
  keep(ready_304, memory_304_.get(), head, seconds);
}

}  // namespace server
