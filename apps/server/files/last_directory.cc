// Lending by count. Covered by tests/server/files/last_directory_test.cc.
#include "apps/server/files/last_directory.h"

#include <cassert>
#include <utility>

namespace server {

LastDirectory::Entry* LastDirectory::borrow(std::string_view path, std::uint64_t turn) {
  if (!last_ || last_->turn != turn || last_->path != path) return nullptr;
  ++last_->users;
  return last_;
}

LastDirectory::Entry* LastDirectory::keep(std::string_view path, std::uint64_t turn, int fd,
                                          DirectoryId id) {
  forget();
  last_ = new Entry{.path = std::string(path), .fd = fd, .id = id, .turn = turn, .users = 1};
  return last_;
}

void LastDirectory::give_back(Entry& entry) {
  assert(entry.users > 0);
  if (--entry.users > 0 || &entry == last_) return;
  engine_.close(entry.fd);
  delete &entry;
}

void LastDirectory::forget() {
  Entry* const entry = std::exchange(last_, nullptr);
  if (!entry || entry->users > 0) return;
  engine_.close(entry->fd);
  delete entry;
}

}  // namespace server
