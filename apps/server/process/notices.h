// Notices: the messages on standard error that a running server prints about its workers.
//
// A worker only records an event and adds 1 to its notice event, because writing to a pipe or a
// terminal may wait; the main thread prints. Covered by tests/end_to_end/listen_test.cc,
// limits_test.cc and log_test.cc.
#pragma once

#include <cstdint>
#include <list>
#include <string>

#include "apps/server/config/config.h"
#include "apps/server/listen/listener.h"
#include "apps/server/listen/refusals.h"
#include "apps/server/process/worker.h"

namespace server {

// Prints what is served, by which engine and where, once all workers accept connections; and the
// layers that the sandbox lacks, where it lacks some.
void print_ready(const Config& config, const std::list<Worker>& workers, const Listeners& listeners,
                 const std::string& missing_layers);

// A sentence about the root and the addresses, for the service manager.
std::string ready_status(const Config& config, const Listeners& listeners);

// All functions are for the main thread.
class Notices {
 public:
  // Both outlive this object.
  Notices(std::list<Worker>& workers, Refusals& refusals)
      : workers_(workers), refusals_(refusals) {}

  // Prints the events that the workers have recorded since the last call.
  void print();
  // Prints the connections that were refused. To be called when Refusals::left_ms() is over, too.
  void print_refusals();

 private:
  void print_accept_state();
  void print_reports();

  std::list<Worker>& workers_;
  Refusals& refusals_;
  std::int64_t pause_printed_us_ = 0;  // when the last message about a pause was printed
  bool pause_is_printed_ = false;      // and no message that accepting resumed
};

}  // namespace server
