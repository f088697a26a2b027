// Scraper: reads /metrics again and again, and checks that counters never go back and that the
// server counts the requests that the clients have sent.
//
// Covered by the runs of the soak itself.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "tests/soak/report.h"
#include "tests/soak/server.h"
#include "tests/support/prometheus.h"

namespace soak {

class Scraper {
 public:
  // Both outlive this object.
  Scraper(const Server& server, Report& report) : server_(server), report_(report) {}

  // Scrapes until `ends` is true. For a thread of its own.
  void run(const std::atomic<bool>& ends);

  // For the main thread, after run(): begin_count(), without clients, starts a period, and
  // check_count() compares the requests in it with what clients have sent.
  void begin_count();
  void check_count();

 private:
  std::optional<test_support::Metrics> scrape();

  const Server& server_;
  Report& report_;
  std::uint64_t scrapes_ = 0;  // by the thread of run()
  double counted_ = 0;         // by the server
  std::uint64_t answered_ = 0;
  std::uint64_t uncertain_ = 0;
};

}  // namespace soak
