// Reference counting. Covered by tests/server/files/last_directory_test.cc.
#include "apps/server/files/last_directory.h"

#include <cassert>
#include <new>
#include <utility>

namespace server {

LastDirectory::Entry* LastDirectory::borrow(std::string_view path, std::uint64_t iteration) {
  if (!last_ || last_->iteration != iteration || last_->path != path) return nullptr;
  ++last_->users;
  return last_;
}

LastDirectory::Entry* LastDirectory::replace(std::string_view path, std::uint64_t iteration, int fd,
                                             DirectoryId id) {
  close();
  try {
    last_ = new Entry{
        .path = std::string(path), .fd = fd, .id = id, .iteration = iteration, .users = 1};
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
  return last_;
}

void LastDirectory::give_back(Entry& entry) {
  assert(entry.users > 0);
  if (--entry.users > 0 || &entry == last_) return;
  engine_.close(entry.fd);
  delete &entry;
}

void LastDirectory::close() {
  Entry* const entry = std::exchange(last_, nullptr);
  if (!entry || entry->users > 0) return;
  engine_.close(entry->fd);
  delete entry;
}

}  // namespace server
