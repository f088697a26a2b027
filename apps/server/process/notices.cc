// Printing the events of workers. Covered by tests/end_to_end/listen_test.cc, limits_test.cc and
// log_test.cc.
#include "apps/server/process/notices.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "uring/monotonic.h"
#include "uring/result.h"

namespace server {

void print_ready(const Config& config, const std::list<Worker>& workers,
                 const Listeners& listeners) {
  const std::string& reason = workers.front().engine_reason();
  if (!reason.empty()) std::fprintf(stderr, "quoitd: serving by epoll: %s\n", reason.c_str());
  char* path = ::realpath(config.root.c_str(), nullptr);
  std::fprintf(stderr, "quoitd %s serves %s (%s), %zu worker%s on %s\n", QUOIT_VERSION,
               path ? path : config.root.c_str(), config.site.writable ? "writable" : "read-only",
               workers.size(), workers.size() == 1 ? "" : "s",
               workers.front().engine_name().c_str());
  std::free(path);
  for (const std::string& url : listeners.urls()) {
    std::fprintf(stderr, "quoitd: listening on %s\n", url.c_str());
  }
}

// Prints that accepting pauses, and why, at most every ten seconds, and that it has resumed.
void Notices::print_accept_state() {
  int error = 0;
  std::uint64_t failed = 0;
  for (const Worker& worker : workers_) {
    if (worker.accept_error() != 0) error = worker.accept_error();
    failed += worker.failed_accepts();
  }
  constexpr std::int64_t interval_us = 10'000'000;
  const std::int64_t now_us = uring::monotonic_us();
  if (error != 0 && (pause_printed_us_ == 0 || now_us - pause_printed_us_ >= interval_us)) {
    std::fprintf(
        stderr, "quoitd: accepting connections pauses: %s; %s\n", uring::error_text(error).c_str(),
        error == EMFILE ? "it goes on when some have ended; see 'ulimit -n'" : "it is tried again");
    pause_printed_us_ = now_us;
    pause_is_printed_ = true;
  } else if (error == 0 && std::exchange(pause_is_printed_, false)) {
    std::fprintf(stderr, "quoitd: accepting connections again; it was tried %llu times in vain\n",
                 static_cast<unsigned long long>(failed));
  }
}

// Prints the counters that SIGUSR2 asked for, a line for each worker.
void Notices::print_reports() {
  int number = 0;
  for (Worker& worker : workers_) {
    const std::string report = worker.take_report();
    if (!report.empty()) std::fprintf(stderr, "quoitd: worker %d:%s\n", number, report.c_str());
    ++number;
  }
}

void Notices::print() {
  print_accept_state();
  print_reports();
}

}  // namespace server
