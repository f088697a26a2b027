// Site: a quoitd that serves a directory of the test's own, on a port of the system's choice.
//
// It is ready when the constructor returns. When it goes away the server is stopped by SIGTERM, and
// must then exit 0 without a word of a sanitizer: every test checks a clean end.
// Covered by tests/end_to_end/, which lives on it.
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
  // What runs before the program's path: {"sh", "-c", "umask 027; exec \"$@\"", "sh"}.
  std::vector<std::string> wrapper = {};
  // A directory to serve that outlives the site; its own `root` if empty.
  std::string served = {};
  // The arguments have a --listen of their own.
  bool listens_elsewhere = false;
  int workers = 2;
};

class Site {
 public:
  // `arguments` come after "--listen 127.0.0.1:0 --workers N".
  explicit Site(const std::vector<std::string>& arguments = {}, const SiteSetup& setup = {});
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  const Scratch root;  // what is served

  // Where it listens, as it says so: "http://127.0.0.1:40123/" or "unix:/tmp/x".
  const std::vector<std::string>& urls() const { return urls_; }
  std::uint16_t port(std::size_t url = 0) const;

  RawClient connect() const { return RawClient::to_port(port()); }
  // The answer to a request on a connection of its own.
  Response ask(std::string_view request, RawClient::To method = RawClient::To::any) const;

  Process& process() const { return *process_; }
  void signal(int number) const { process_->signal(number); }
  // The exit status, once it has ended by itself; nothing while it has not.
  std::optional<int> wait(Patience patience = default_patience) { return process_->wait(patience); }
  // SIGTERM, and a clean end.
  void stop();

  // Waits until the log on standard output has this text.
  bool wait_for_log(std::string_view text, Patience patience = default_patience) const {
    return process_->wait_for_out(text, patience);
  }

 private:
  void find_urls(std::size_t count);

  std::unique_ptr<Process> process_;
  std::vector<std::string> urls_;
};

// No sanitizer has reported anything there.
void expect_no_sanitizer_report(const std::string& err);

// The paths of the programs, and of a helper that runs one without io_uring.
std::string quoitd_path();
std::string quoit_path();
std::string without_ring_path();
// What runs a program under packaging/seccomp.json, in front of its path; nothing where it cannot.
std::vector<std::string> under_profile();

}  // namespace test_support
