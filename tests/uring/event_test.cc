// Signals and waits of event descriptors.
#include "uring/event.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <thread>

#include <gtest/gtest.h>

#include "uring/fd.h"

namespace uring {
namespace {

bool is_signalled(const Fd& event) {
  pollfd ready{.fd = event.get(), .events = POLLIN, .revents = 0};
  return ::poll(&ready, 1, 0) == 1;
}

TEST(Event, IsTakenAsAWhole) {
  const Fd event(::eventfd(0, EFD_CLOEXEC));
  EXPECT_FALSE(is_signalled(event));
  signal_event(event.get());
  signal_event(event.get());
  EXPECT_TRUE(is_signalled(event));
  take_event(event.get());
  EXPECT_FALSE(is_signalled(event));
}

TEST(Event, OfASemaphoreIsTakenOneByOne) {
  const Fd event(::eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE));
  signal_event(event.get());
  signal_event(event.get());
  take_event(event.get());
  EXPECT_TRUE(is_signalled(event));
  take_event(event.get());
  EXPECT_FALSE(is_signalled(event));
}

TEST(Event, WakesAnotherThread) {
  const Fd event(::eventfd(0, EFD_CLOEXEC));
  std::thread waiting([&] { take_event(event.get()); });
  signal_event(event.get());
  waiting.join();
  EXPECT_FALSE(is_signalled(event));
}

}  // namespace
}  // namespace uring
