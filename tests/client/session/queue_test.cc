// The order of the jobs of a run.
#include "apps/client/session/queue.h"

#include <string>

#include <gtest/gtest.h>

namespace client {
namespace {

std::vector<Job> jobs(std::string_view names) {
  std::vector<Job> all;
  for (const char name : names) all.push_back({.file = std::string(1, name)});
  return all;
}

std::string order(Queue& queue) {
  std::string names;
  for (std::size_t number = 0; !queue.empty(); ++number) {
    const Queue::Begun begun = queue.take();
    EXPECT_EQ(begun.number, number);
    names += begun.job.file;
  }
  return names;
}

TEST(Queue, BeginsTheContentOfADirectoryBeforeTheJobsBehindIt) {
  Queue queue;
  queue.append(jobs("ab"));
  queue.append(jobs("c"));
  EXPECT_TRUE(queue.put_first(jobs("xy")));
  EXPECT_TRUE(queue.put_first(jobs("z")));
  EXPECT_EQ(queue.size(), 6U);
  EXPECT_EQ(order(queue), "zxyabc");
}

TEST(Queue, KeepsJobsForTheEnd) {
  Queue queue;
  queue.append(jobs("a"));
  queue.defer(jobs("xy"));
  EXPECT_EQ(queue.take().job.file, "a");
  EXPECT_TRUE(queue.empty() && queue.has_deferred());
  queue.append_deferred();
  EXPECT_FALSE(queue.has_deferred());
  EXPECT_EQ(queue.take().job.file, "x");
  EXPECT_EQ(queue.take().job.file, "y");
}

TEST(Queue, IsBounded) {
  Queue queue;
  queue.append(jobs("a"));
  EXPECT_FALSE(queue.put_first(std::vector<Job>(Queue::most_jobs)));
  EXPECT_EQ(order(queue), "a");
}

}  // namespace
}  // namespace client
