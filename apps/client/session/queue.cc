// Covered by tests/client/session/queue_test.cc.
#include "apps/client/session/queue.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

namespace client {

void Queue::append(std::vector<Job> jobs) {
  jobs_.insert(jobs_.end(), std::make_move_iterator(jobs.begin()),
               std::make_move_iterator(jobs.end()));
}

bool Queue::put_first(std::vector<Job> jobs) {
  if (jobs.size() > most_jobs - std::min(most_jobs, jobs_.size())) return false;
  jobs_.insert(jobs_.begin(), std::make_move_iterator(jobs.begin()),
               std::make_move_iterator(jobs.end()));
  return true;
}

Queue::Begun Queue::take() {
  assert(!jobs_.empty());
  Begun begun{.job = std::move(jobs_.front()), .number = begun_++};
  jobs_.pop_front();
  return begun;
}

}  // namespace client
