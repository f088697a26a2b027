// Workers that answer, that hang, and that have ended.
#include "apps/server/admin/worker_watch.h"

#include <array>
#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

class WatchedWorkers : public ::testing::Test {
 protected:
  void answer(std::size_t worker) { workers_[worker].answered = workers_[worker].asked.load(); }

  std::array<WorkerCounters, 2> workers_;
  std::vector<std::size_t> woken_;
  AdminSources sources_{.workers = {&workers_[0], &workers_[1]},
                        .wake = [this](std::size_t worker) { woken_.push_back(worker); }};
  WorkerWatch watch_{sources_};
};

TEST_F(WatchedWorkers, are_woken_and_silent_until_they_answer) {
  EXPECT_TRUE(watch_.has_answers(0, 1'000'000));
  watch_.ask(1000);
  EXPECT_EQ(woken_, (std::vector<std::size_t>{0, 1}));
  EXPECT_FALSE(watch_.has_answers(1000, 1'000'000));
  EXPECT_EQ(watch_.silence_us(0, 5000), 4000);
  answer(0);
  EXPECT_EQ(watch_.silence_us(0, 5000), 0);
  answer(1);
  EXPECT_TRUE(watch_.has_answers(5000, 1'000'000));
}

TEST_F(WatchedWorkers, that_hang_are_not_asked_again) {
  watch_.ask(1000);
  answer(0);
  watch_.ask(2000);
  EXPECT_EQ(woken_, (std::vector<std::size_t>{0, 1, 0}));
  EXPECT_EQ(watch_.silence_us(1, 20'001'000), 20'000'000) << "since the first question";
  answer(0);
  EXPECT_FALSE(watch_.has_answers(3000, 1'000'000));
  EXPECT_TRUE(watch_.has_answers(20'001'000, 1'000'000)) << "it is not waited for any more";
}

TEST_F(WatchedWorkers, that_have_ended_owe_no_answer) {
  watch_.ask(1000);
  workers_[0].has_ended = true;
  answer(1);
  EXPECT_EQ(watch_.silence_us(0, 60'000'000), 0);
  watch_.ask(2000);
  EXPECT_EQ(woken_, (std::vector<std::size_t>{0, 1, 1}));
}

}  // namespace
}  // namespace server
