// Covered by tests/server/admin/spare_descriptors_test.cc.
#include "apps/server/admin/spare_descriptors.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace server {

SpareDescriptors::~SpareDescriptors() {
  for (const int spare : spares_) ::close(spare);
}

int SpareDescriptors::accept(int listener) {
  constexpr int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
  int connection = ::accept4(listener, nullptr, nullptr, flags);
  const bool has_run_out = connection < 0 && (errno == EMFILE || errno == ENFILE);
  if (!has_run_out || spares_.empty()) return connection;
  ::close(spares_.back());
  spares_.pop_back();
  connection = ::accept4(listener, nullptr, nullptr, flags);
  const int error = errno;
  if (connection < 0) refill();
  errno = error;
  return connection;
}

void SpareDescriptors::release(int connection) {
  if (spares_.size() < most_spares && ::dup3(source_, connection, O_CLOEXEC) >= 0) {
    spares_.push_back(connection);
  } else {
    ::close(connection);
  }
}

void SpareDescriptors::refill() {
  spares_.reserve(most_spares);
  while (spares_.size() < most_spares) {
    const int spare = ::fcntl(source_, F_DUPFD_CLOEXEC, 0);
    if (spare < 0) return;
    spares_.push_back(spare);
  }
}

}  // namespace server
