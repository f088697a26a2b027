// Reload: reads the configuration again while the server runs, on SIGHUP.
//
// The command line, the environment and the configuration file are read again, in the order of the
// start. The next generation is built and checked completely, with its logs open, before anything
// changes; then it is published to the workers, which adopt it between two loop iterations. A
// mistake anywhere, a change of an option that needs a new process, or a lack of memory leaves
// everything as it was. docs/decisions/0019-reload.md has the reasons.
//
// Used by the main thread. Covered by tests/server/process/reload_test.cc, reload_memory_test.cc
// and tests/end_to_end/reload_test.cc.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <string>

#include "apps/server/config/config.h"
#include "apps/server/config/options.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/log/access_log.h"
#include "apps/server/process/sandbox.h"
#include "apps/server/process/user.h"
#include "apps/server/process/worker.h"

namespace server {

// For metrics: written by the main thread, read by any thread.
struct ReloadCounts {
  std::atomic<std::uint64_t> applied = 0;  // reloads that found nothing changed count
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::int64_t> last_success_s = 0;  // Unix time of the start or the last applied one
  // Equal configurations have equal hashes: FNV-1a of the names and values of all options.
  std::atomic<std::uint64_t> configuration_hash = 0;
};

class Reload {
 public:
  // All of them outlive this object. `config` is the current configuration, made from
  // `command_line`; publish() replaces it.
  Reload(Config& config, const CommandLine& command_line, Shared& shared,
         std::list<Worker>& workers, const Sandbox& sandbox);
  Reload(const Reload&) = delete;
  Reload& operator=(const Reload&) = delete;

  // Makes Shared::generation, the first one, with which workers start, and opens the logs that
  // `config` asks for; new ones get the owner `user`. `files` is the limit of open files. Returns
  // why a log cannot be written, or nothing.
  options::ExitReason start(std::uint64_t files, const User& user);
  // Reads the files of users and tokens into that generation, as the user that serves, and prints
  // what is to be improved about them. Returns why they cannot be used, or nothing.
  options::ExitReason start_accounts();
  // Starts the threads of these logs, once the process has its final user and rights.
  void start_logs();

  enum class Outcome : std::uint8_t {
    refused,    // nothing has changed; text() says why
    unchanged,  // nothing is different, and the logs were opened again
    published,  // the workers adopt the next generation soon; text() names what has changed
  };
  // Reads the configuration again. Throws nothing.
  [[nodiscard]] Outcome publish() noexcept;
  // One line for people about the last publish(), without the program's name.
  const std::string& text() const { return text_; }

  // Whether all workers have adopted the published generation.
  bool is_adopted() const;

  // Opens the log files again, by their paths.
  void reopen_logs();
  // Writes the rest of the logs and ends their threads.
  void stop_logs();

  const ReloadCounts& counts() const { return counts_; }

 private:
  struct Next;

  options::ExitReason prepare(Next& next);
  static options::ExitReason open_logs(Next& next);
  options::ExitReason make_next_generation(Next& next);
  void commit(Next& next) noexcept;
  void record_success();

  Config& config_;
  const CommandLine command_line_;
  Shared& shared_;
  std::list<Worker>& workers_;
  const Sandbox& sandbox_;
  std::uint64_t files_ = 0;
  AccessLog access_log_;
  AccessLog head_log_;
  std::string text_;
  ReloadCounts counts_;
};

}  // namespace server
