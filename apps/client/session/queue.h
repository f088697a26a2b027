// Queue: the jobs of a run that have not begun.
//
// The jobs of the command line are in it at first. A job that finds others, as the download of a
// directory does, puts them at the front: the entries of a directory begin before the files behind
// it on the command line, so that a tree is never in memory as a whole. Covered by
// tests/client/session/queue_test.cc.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "apps/client/command/plan.h"

namespace client {

class Queue {
 public:
  // A job has some 500 bytes: half a gigabyte.
  static constexpr std::size_t most_jobs = 1'000'000;

  [[nodiscard]] bool empty() const { return jobs_.empty(); }
  [[nodiscard]] std::size_t size() const { return jobs_.size(); }

  // Adds jobs that begin behind all others, in their order.
  void append(std::vector<Job> jobs);
  // Adds jobs that begin before all others, in their order. False, with none added: there would be
  // more than most_jobs.
  [[nodiscard]] bool put_first(std::vector<Job> jobs);

  // Keeps jobs that begin after all others have ended, if none has failed.
  void defer(std::vector<Job> jobs) { deferred_ = std::move(jobs); }
  [[nodiscard]] bool has_deferred() const { return !deferred_.empty(); }
  // All others have ended: the deferred jobs wait now.
  void append_deferred() { append(std::exchange(deferred_, {})); }

  // A job, and how many have begun before it.
  struct Begun {
    Job job = {};
    std::size_t number = 0;
  };
  // Takes the next job; the queue is not empty.
  [[nodiscard]] Begun take();

 private:
  std::deque<Job> jobs_;
  std::vector<Job> deferred_;
  std::size_t begun_ = 0;
};

}  // namespace client
