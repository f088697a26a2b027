// WorkThreads: each work is done once, on another thread, and its coroutine goes on afterwards.
#include "uring/work_threads.h"

#include <array>
#include <atomic>
#include <memory>
#include <sys/eventfd.h>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "tests/uring/lab.h"
#include "tests/uring/threads.h"
#include "uring/event.h"
#include "uring/fd.h"

namespace uring {
namespace {

struct Count final : Work {
  void run() noexcept override {
    ++runs;
    thread = std::this_thread::get_id();
  }
  int runs = 0;
  std::thread::id thread;
};

// Waits until the test opens the gate.
struct Wait final : Work {
  explicit Wait(Fd& event) : gate(event) {}
  void run() noexcept override {
    has_begun = true;
    take_event(gate.get());
    has_run = true;
  }
  Fd& gate;
  std::atomic<bool> has_begun = false;
  std::atomic<bool> has_run = false;
};

class WorkOnThreads : public lab::OnEngine {
 protected:
  static Task<> run(Io& io, WorkThreads& pool, Work& work, bool& was_run) {
    const bool done = co_await run_on(io, pool, work);
    was_run = done;
  }
};

ON_EACH_ENGINE(WorkOnThreads);

TEST_P(WorkOnThreads, is_done_once_on_another_thread) {
  WorkThreads pool(2, 64);
  std::vector<std::unique_ptr<Count>> works;
  std::vector<std::unique_ptr<Io>> ios;
  std::array<bool, 50> was_run{};
  for (bool& each : was_run) {
    works.push_back(std::make_unique<Count>());
    ios.push_back(std::make_unique<Io>(lab().scope));
    lab().scope.spawn(run(*ios.back(), pool, *works.back(), each));
  }
  lab().run();
  for (const auto& work : works) {
    EXPECT_EQ(work->runs, 1);
    EXPECT_NE(work->thread, std::this_thread::get_id());
  }
  for (const bool each : was_run) EXPECT_TRUE(each);
}

TEST_P(WorkOnThreads, leaves_the_loop_free_meanwhile) {
  WorkThreads pool(1, 64);
  Fd gate(::eventfd(0, EFD_CLOEXEC));
  Wait wait(gate);
  Io io(lab().scope);
  bool was_run = false;
  lab().scope.spawn(run(io, pool, wait, was_run));
  lab().loop.iterate(0);
  EXPECT_FALSE(wait.has_run);
  signal_event(gate.get());
  lab().run();
  EXPECT_TRUE(was_run);
  EXPECT_TRUE(wait.has_run);
}

TEST_P(WorkOnThreads, is_awaited_although_its_io_is_stopped) {
  WorkThreads pool(1, 64);
  Fd gate(::eventfd(0, EFD_CLOEXEC));
  Wait wait(gate);
  Io io(lab().scope);
  io.set_deadline(0);
  bool was_run = false;
  lab().scope.spawn(run(io, pool, wait, was_run));
  lab().loop.iterate(0);
  lab().scope.stop();
  lab().loop.iterate(0);
  EXPECT_FALSE(was_run);
  signal_event(gate.get());
  lab().run();
  EXPECT_TRUE(was_run);
}

TEST_P(WorkOnThreads, is_refused_when_as_much_waits_as_may) {
  WorkThreads pool(1, 1);
  Fd gate(::eventfd(0, EFD_CLOEXEC | EFD_SEMAPHORE));
  Wait first(gate);
  Wait second(gate);
  Count third;
  Io io_of_first(lab().scope);
  Io io_of_second(lab().scope);
  Io io_of_third(lab().scope);
  bool was_first_run = false;
  bool was_second_run = false;
  bool was_third_run = true;
  lab().scope.spawn(run(io_of_first, pool, first, was_first_run));
  while (!first.has_begun) std::this_thread::yield();  // it has left the queue
  lab().scope.spawn(run(io_of_second, pool, second, was_second_run));
  lab().scope.spawn(run(io_of_third, pool, third, was_third_run));
  EXPECT_FALSE(was_third_run);
  EXPECT_EQ(third.runs, 0);
  signal_event(gate.get());
  signal_event(gate.get());
  lab().run();
  EXPECT_TRUE(was_first_run && was_second_run);
}

TEST(UnusedWorkThreads, cost_no_thread) {
  const std::size_t before = lab::threads_of_process();
  const WorkThreads pool(4, 64);
  EXPECT_EQ(lab::threads_of_process(), before);
}

}  // namespace
}  // namespace uring
