// Event descriptors, by which one thread wakes another one: eventfd(2).
//
// Covered by tests/uring/event_test.cc.
#pragma once

namespace uring {

// Adds 1 to the count of the event descriptor `fd`. Does not wait: the count never comes near its
// bound. Safe on every thread.
void signal_event(int fd);

// Sets the count of `fd` to 0, or takes 1 off where the descriptor is a semaphore (EFD_SEMAPHORE).
// Waits until the count is not 0, unless the descriptor is non-blocking.
void take_event(int fd);

}  // namespace uring
