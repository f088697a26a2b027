// Sandbox: the kernel refuses the running server everything that it does not need, so that a client
// who exploits a fault in it reaches neither the other files of the machine nor other programs.
//
// Its layers, each of which holds without the others:
//   no_new_privs    no program gains privileges by being started
//   Landlock        no file but those under ROOT, of the logs and of the configuration; no TCP
//                   connections, no signals to other processes (process/landlock.h)
//   restricted rings  no operation of io_uring but those that quoitd starts (uring/ring.h)
//   seccomp         no system call but those that a running server makes (process/seccomp_filter.h)
// A layer that the kernel or a container refuses is left out, and reported. The first two restrict
// the calling thread and all threads that start later, so that they come before the first thread;
// the last one restricts all threads, and comes when all rings exist.
// docs/decisions/0022-sandbox.md has the reasons. Covered by tests/end_to_end/sandbox_test.cc and
// tests/server/process/escape_test.cc.
#pragma once

#include <string>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/server/config/config.h"

namespace server {

// A sanitizer's run-time library reads files of /proc and makes system calls of its own, so that
// such builds leave out Landlock and seccomp.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_instrumented = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
inline constexpr bool is_instrumented = true;
#else
inline constexpr bool is_instrumented = false;
#endif
#else
inline constexpr bool is_instrumented = false;
#endif

// All functions are for the main thread.
class Sandbox {
 public:
  // With `config.sandbox`, restricts this thread to the files that `config` names and to the
  // directory `root`. There must be no other thread yet, since it would keep all rights.
  void enter(const Config& config, int root);

  // Why this process cannot use `next`, which was read again, in place of the configuration that
  // enter() got: it needs a right that was not given at the start.
  options::ExitReason check_change(const Config& next) const;

  // Restricts all threads and those that start later to the system calls of a running server, after
  // all rings were made. `lacks_ring_restrictions`: the kernel could not restrict these.
  void complete(bool lacks_ring_restrictions);

  // Files are restricted, so that another directory at ROOT's path cannot be served.
  bool restricts_files() const { return restricts_files_; }

  // One line that names the missing layers and the reason; empty if none is missing or wanted.
  const std::string& missing() const { return missing_; }

 private:
  void add_missing(const std::string& text);
  bool allows_log(const std::string& path) const;

  bool is_on_ = false;
  bool restricts_files_ = false;
  bool may_write_ = true;                // below ROOT
  std::vector<std::string> log_places_;  // directories, and files that are not replaced
  std::string missing_;
};

}  // namespace server
