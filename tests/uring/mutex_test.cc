// Mutex, MutexLock and CondVar: one thread at a time, notifications and deadlines.
//
// That Clang finds an access without the lock is a matter of the build (-Wthread-safety), not of a
// test.
#include "uring/mutex.h"

#include <array>
#include <thread>

#include <gtest/gtest.h>

namespace uring {
namespace {

struct Counter {
  Mutex mutex;
  CondVar changed;
  int value GUARDED_BY(mutex) = 0;
};

bool another_thread_can_take(Mutex& mutex) {
  bool taken = false;
  std::thread([&] {
    if (!mutex.try_lock()) return;
    taken = true;
    mutex.unlock();
  }).join();
  return taken;
}

TEST(Mutexes, LetOneThreadInAtATime) {
  Counter counter;
  std::array<std::thread, 4> threads;
  for (std::thread& thread : threads) {
    thread = std::thread([&counter] {
      for (int i = 0; i < 10'000; ++i) {
        const MutexLock lock(counter.mutex);
        ++counter.value;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const MutexLock lock(counter.mutex);
  EXPECT_EQ(counter.value, 40'000);
}

TEST(Mutexes, AreNotTakenByTryLockWhileAnotherThreadHoldsThem) {
  Mutex mutex;
  EXPECT_TRUE(another_thread_can_take(mutex));
  {
    const MutexLock lock(mutex);
    EXPECT_FALSE(another_thread_can_take(mutex));
  }
  EXPECT_TRUE(another_thread_can_take(mutex));
}

// Each thread waits for the number before its own, so that every wait needs its notification.
TEST(CondVars, WakeAThreadThatWaits) {
  Counter counter;
  const auto count_when_odd = [&counter](int odd) {
    for (int i = 0; i < 1000; ++i) {
      const MutexLock lock(counter.mutex);
      while (counter.value % 2 != odd) counter.changed.wait(counter.mutex);
      ++counter.value;
      counter.changed.notify_one();
    }
  };
  std::thread other(count_when_odd, 1);
  count_when_odd(0);
  other.join();
  const MutexLock lock(counter.mutex);
  EXPECT_EQ(counter.value, 2000);
}

TEST(CondVars, StopWaitingAtTheDeadlineAndHoldTheMutexAgain) {
  Counter counter;
  const Milliseconds deadline = monotonic_ms() + 20;
  const MutexLock lock(counter.mutex);
  while (counter.changed.wait_until(counter.mutex, deadline)) continue;
  EXPECT_GE(monotonic_ms(), deadline);
  EXPECT_FALSE(another_thread_can_take(counter.mutex));
}

TEST(CondVars, DoNotWaitForADeadlineWhenTheyAreNotifiedBefore) {
  Counter counter;
  std::thread other([&counter] {
    const MutexLock lock(counter.mutex);
    counter.value = 1;
    counter.changed.notify_all();
  });
  const Milliseconds deadline = monotonic_ms() + 60'000;
  {
    const MutexLock lock(counter.mutex);
    while (counter.value == 0 && counter.changed.wait_until(counter.mutex, deadline)) continue;
    EXPECT_EQ(counter.value, 1);
  }
  EXPECT_LT(monotonic_ms(), deadline);
  other.join();
}

}  // namespace
}  // namespace uring
