// Covered by tests/server/admin/worker_watch_test.cc.
#include "apps/server/admin/worker_watch.h"

#include <algorithm>

namespace server {

namespace {

bool owes_answer(const WorkerCounters& worker) {
  return !worker.has_ended.load() && worker.answered.load() != worker.asked.load();
}

}  // namespace

void WorkerWatch::ask(std::int64_t now_us) {
  for (std::size_t i = 0; i < sources_.workers.size(); ++i) {
    WorkerCounters& worker = *sources_.workers[i];
    if (worker.has_ended.load() || owes_answer(worker)) continue;
    asked_us_[i] = now_us;
    worker.asked.fetch_add(1);
    sources_.wake(i);
  }
}

std::int64_t WorkerWatch::silence_us(std::size_t worker, std::int64_t now_us) const {
  if (!owes_answer(*sources_.workers[worker])) return 0;
  return std::max<std::int64_t>(1, now_us - asked_us_[worker]);
}

bool WorkerWatch::has_answers(std::int64_t now_us, std::int64_t most_us) const {
  for (std::size_t i = 0; i < sources_.workers.size(); ++i) {
    const std::int64_t silent_us = silence_us(i, now_us);
    if (silent_us > 0 && silent_us <= most_us) return false;
  }
  return true;
}

}  // namespace server
