// Printing the events of workers. Covered by tests/end_to_end/listen_test.cc, limits_test.cc and
// log_test.cc.
#include "apps/server/process/notices.h"

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include "apps/server/log/message.h"
#include "uring/monotonic.h"
#include "uring/result.h"

namespace server {

void print_ready(const Config& config, const std::list<Worker>& workers, const Listeners& listeners,
                 const std::string& missing_layers) {
  const std::string& reason = workers.front().engine_reason();
  if (!reason.empty()) print_message(Severity::warning, "serving by epoll: %s", reason.c_str());
  if (!missing_layers.empty()) {
    print_message(Severity::warning, "the sandbox lacks %s", missing_layers.c_str());
  }
  char* path = ::realpath(config.root.c_str(), nullptr);
  const std::string count = std::to_string(workers.size());
  print_line(Severity::info, "quoitd " QUOIT_VERSION " serves " + (path ? path : config.root) +
                                 (config.site.writable ? " (writable), " : " (read-only), ") +
                                 count + (count == "1" ? " worker on " : " workers on ") +
                                 workers.front().engine_name());
  std::free(path);
  for (const std::string& url : listeners.urls()) {
    print_message(Severity::info, "listening on %s", url.c_str());
  }
}

std::string ready_status(const Config& config, const Listeners& listeners) {
  std::string text = "serving " + config.root;
  const char* separator = " on ";
  for (const std::string& url : listeners.urls()) {
    text += std::exchange(separator, ", ") + url;
  }
  return text;
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
    print_message(
        Severity::error, "accepting connections pauses: %s; %s", uring::error_text(error).c_str(),
        error == EMFILE ? "it goes on when some have ended; see 'ulimit -n'" : "it is tried again");
    pause_printed_us_ = now_us;
    pause_is_printed_ = true;
  } else if (error == 0 && std::exchange(pause_is_printed_, false)) {
    print_message(Severity::info, "accepting connections again; it was tried %llu times in vain",
                  static_cast<unsigned long long>(failed));
  }
}

// Prints the counters that SIGUSR2 asked for, a line for each worker.
void Notices::print_reports() {
  int number = 0;
  for (Worker& worker : workers_) {
    const std::string report = worker.take_report();
    if (!report.empty()) print_message(Severity::info, "worker %d:%s", number, report.c_str());
    ++number;
  }
}

void Notices::print_refusals() {
  for (std::size_t i = 0; i < Refusals::reason_count; ++i) {
    const auto reason = static_cast<Refusals::Reason>(i);
    const Refusals::Report report = refusals_.take(reason, uring::monotonic_us());
    for (std::size_t j = 0; j < report.named; ++j) {
      PeerText peer{};
      write_peer(report.peers[j], peer);
      print_message(Severity::warning, "refused a %s of %s: %s", subject_of(reason), peer.data(),
                    describe(reason));
    }
    if (report.others == 0) continue;
    print_message(Severity::warning, "refused %llu more: %s",
                  static_cast<unsigned long long>(report.others), describe(reason));
  }
}

void Notices::print() {
  print_accept_state();
  print_reports();
}

}  // namespace server
