// Administration: connects the admin listener to the server. It owns the counters of the workers,
// and reports what only the process knows, such as that it drains.
//
// Without --admin it does nothing, and the workers have no counters. Covered by
// tests/end_to_end/admin_test.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/server/admin/admin_server.h"
#include "apps/server/config/config.h"
#include "apps/server/connection/counters.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/listen/listener.h"
#include "apps/server/listen/passed_socket.h"
#include "apps/server/process/root_watch.h"
#include "apps/server/process/worker.h"
#include "uring/fd.h"

namespace server {

// For the main thread.
class Administration {
 public:
  // Descriptors that the listener needs in all.
  static constexpr unsigned most_descriptors = AdminServer::most_descriptors + 2;

  // All of them outlive stop().
  Administration(Shared& shared, std::list<Worker>& workers, const RootWatch& root_watch)
      : shared_(shared), workers_(workers), root_watch_(root_watch) {}

  // Makes the counters, and opens the listener: on the socket `inherited` of a service manager, or
  // on the address of --admin, for which a socket of the server whose place this one takes is moved
  // out of `passed`. `workers`: how many there will be. Returns why that is not possible, or
  // nothing, also where no listener is wanted.
  options::ExitReason open(const Config& config, unsigned workers,
                           std::vector<PassedSocket> inherited, std::span<PassedSocket> passed);
  // Starts the thread. If it accepts, it reports that the server starts. A server that takes the
  // place of another one leaves that to set_started(), because the other one still answers.
  options::ExitReason start(bool accepts);
  // The socket of the listener, for a server that takes the place of this one.
  Listeners& listeners() { return listeners_; }
  // The counters of a worker; null without an admin listener.
  WorkerCounters* counters_of(unsigned worker) const;

  // Says that all workers accept connections.
  void set_started();
  void print_address() const;
  // Says that the server stops soon.
  void set_draining() { is_draining_.store(true); }
  // Counts a reload of the configuration, and takes the settings over that it may have changed.
  void record_reload(bool succeeded, const Config& config);
  // Leaves the listener to the server that has taken the place of this one.
  void retire();
  // Ends the thread, after the responses to connected clients. A second call does nothing.
  void stop();

 private:
  AdminSources sources();
  ProcessFacts facts() const;

  Shared& shared_;
  std::list<Worker>& workers_;
  const RootWatch& root_watch_;
  std::vector<std::unique_ptr<WorkerCounters>> counters_;
  Listeners listeners_{"--admin"};
  uring::Fd published_;  // event descriptor: a worker has published its counters
  std::unique_ptr<AdminServer> server_;
  std::string engine_;                      // constant once is_started_ is true
  std::atomic<std::uint64_t> reserve_ = 0;  // of a writable server
  std::atomic<std::uint64_t> reloads_ = 0;  // that succeeded
  std::atomic<std::uint64_t> refused_reloads_ = 0;
  std::atomic<std::int64_t> reloaded_seconds_ = 0;  // Unix time of the last success; 0: none
  std::atomic<bool> is_started_ = false;
  std::atomic<bool> is_draining_ = false;
};

}  // namespace server
