// Covered by tests/uring/event_test.cc.
#include "uring/event.h"

#include <sys/eventfd.h>

namespace uring {

void signal_event(int fd) { ::eventfd_write(fd, 1); }

void take_event(int fd) {
  eventfd_t count = 0;
  ::eventfd_read(fd, &count);
}

}  // namespace uring
