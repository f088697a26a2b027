// Site: a quoitd that serves a temporary directory, on a port that the system chooses.
//
// The server is ready when the constructor returns. The destructor stops it by SIGTERM; it must
// then exit with 0 and without a report of a sanitizer, so that every test checks a graceful
// shutdown. Covered by tests/end_to_end/, whose tests use it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/raw_client.h"
#include "tests/support/scratch.h"

namespace test_support {

struct SiteSetup {
  // A command in front of the program's path: {"sh", "-c", "umask 027; exec \"$@\"", "sh"}.
  std::vector<std::string> wrapper = {};
  // The served directory, which outlives the site; the site's own `root` if empty.
  std::string served = {};
  // The arguments contain a --listen.
  bool listens_elsewhere = false;
  int workers = 2;
};

class Site {
 public:
  // `arguments` follow "--listen 127.0.0.1:0 --workers N".
  explicit Site(const std::vector<std::string>& arguments = {}, const SiteSetup& setup = {});
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  const Scratch root;  // the served directory

  // The addresses that the server prints: "http://127.0.0.1:40123/" or "unix:/tmp/x".
  const std::vector<std::string>& urls() const { return urls_; }
  std::uint16_t port(std::size_t url = 0) const;

  RawClient connect() const { return RawClient::to_port(port()); }
  // Sends a request on a new connection and reads the response.
  Response ask(std::string_view request, RawClient::To method = RawClient::To::any) const;

  Process& process() const { return *process_; }
  void signal(int number) const { process_->signal(number); }
  // Stops all threads of the server until SIGCONT, and waits until they have stopped.
  void suspend() const;
  // The exit status once the server has ended by itself; nullopt while it runs.
  std::optional<int> wait(Timeout timeout = default_timeout) { return process_->wait(timeout); }
  // Sends SIGTERM and checks the exit.
  void stop();

  // Waits until the log on standard output contains the text.
  bool wait_for_log(std::string_view text, Timeout timeout = default_timeout) const {
    return process_->wait_for_out(text, timeout);
  }

 private:
  void find_urls(std::size_t count);

  std::unique_ptr<Process> process_;
  std::vector<std::string> urls_;
};

// Whether this build of quoitd has the layers of the sandbox that no sanitizer allows.
bool has_sandbox();
// Whether the sandbox of a running server restricts files: Landlock exists, and the build uses it.
bool restricts_files(const Site& site);

// Fails the test if the text contains a report of a sanitizer.
void expect_no_sanitizer_report(const std::string& err);

// The paths of the programs, and of a helper that runs a program without io_uring.
std::string quoitd_path();
std::string quoit_path();
std::string without_ring_path();
// The command in front of a program's path that runs it under packaging/seccomp.json; empty where
// that is not possible.
std::vector<std::string> under_profile();

}  // namespace test_support
