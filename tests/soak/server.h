// Server: the quoitd under test as a process that is started, disturbed, killed and replaced.
//
// Functions are for the main thread, except those that say otherwise. Covered by the runs of the
// soak itself.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/scratch.h"

namespace soak {

struct ServerOptions {
  std::string program;            // the path of quoitd
  std::string io;                 // the value of --io
  std::vector<std::string> more;  // further options
};

// What a process uses; read from /proc.
struct Usage {
  std::uint64_t memory_bytes = 0;  // resident, without mapped files
  std::size_t descriptors = 0;
  std::size_t threads = 0;
};

class Server {
 public:
  explicit Server(ServerOptions options);

  // Starts the server and waits until it listens. False: it does not; see messages().
  bool start();
  // SIGKILL, and a new start.
  bool kill_and_start();
  // SIGTERM, the end with status 0, and a new start.
  bool stop_and_start();
  // SIGTERM and the end with status 0.
  bool stop();
  // A new configuration file and SIGHUP; waits for the message that it was applied.
  bool reload();
  // Renames the access log, SIGUSR1, and waits until the new one exists.
  bool rotate();
  // Starts a second server on the control socket, which takes the place of the first one.
  bool replace();
  // SIGSTOP, 50 ms, SIGCONT: connections and requests arrive meanwhile. Always true.
  bool pause();

  // By every thread. The number changes whenever the server becomes unreachable and when it is
  // back: an odd number while it is not.
  std::uint64_t outage() const { return outage_.load(); }
  std::uint16_t port() const { return port_; }
  std::uint16_t admin_port() const { return admin_port_; }
  // By every thread. Changes whenever another process answers; an odd number while either may.
  std::uint64_t epoch() const { return epoch_.load(); }

  const test_support::Scratch& root() const { return root_; }
  Usage usage() const;
  // What the present and the last process have written to standard error.
  std::string messages() const;
  // The names of temporary files below ROOT.
  std::vector<std::string> temporaries() const;

 private:
  std::vector<std::string> command() const;
  void write_config();
  bool is_listening(test_support::Process& process) const;

  const ServerOptions options_;
  const test_support::Scratch root_;
  const test_support::Scratch place_;  // configuration, log, control socket
  const std::uint16_t port_;
  const std::uint16_t admin_port_;
  std::unique_ptr<test_support::Process> process_;
  std::string old_messages_;
  unsigned generation_ = 0;  // of the configuration file
  unsigned rotations_ = 0;
  std::atomic<std::uint64_t> outage_ = 1;
  std::atomic<std::uint64_t> epoch_ = 1;
};

}  // namespace soak
