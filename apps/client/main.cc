// quoit: the client. Reads the command line, makes a plan of jobs and runs it.
// Covered by tests/client/run_test.cc.
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <unistd.h>

#include "apps/client/command/options.h"
#include "apps/client/command/plan.h"
#include "apps/client/local/credentials.h"
#include "apps/client/local/password.h"
#include "apps/client/local/proxies.h"
#include "apps/client/local/small_file.h"
#include "apps/client/local/tree.h"
#include "apps/client/run.h"
#include "apps/client/screen/report.h"
#include "uring/standard_streams.h"

namespace {

// The status of a run that the system refuses memory or a thread.
constexpr int no_resources = static_cast<int>(client::ExitCode::no_engine);

// Ends the process when an allocation fails: a client has one task, which cannot go on without its
// memory. Allocates nothing itself.
[[noreturn]] void end_without_memory() {
  constexpr std::string_view text = "quoit: there is not enough memory; see 'ulimit -v'\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(no_resources);
}

// Prints a text for standard output, as --help and passwd have it.
int print(const std::string& text) {
  const bool printed = std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return static_cast<int>(printed ? client::ExitCode::ok : client::ExitCode::write_error);
}

int run(int argc, char** argv) {
  client::Arguments arguments;
  client::Plan plan;
  client::ExitReason reason = client::read_options(argc, argv, arguments);
  if (!reason && arguments.verb == client::Verb::passwd) {
    std::string password;
    reason = client::ask_password(password);
    if (!reason) reason = client::make_user_line(arguments.user, password);
  }
  if (reason && reason.status == 0) return print(reason.text);
  if (!reason) reason = client::read_url_list(arguments);
  if (!reason) reason = client::make_plan(arguments, plan);
  if (!reason) reason = client::find_directories(plan);
  if (!reason) reason = client::add_proxies(plan.settings);
  if (!reason) reason = client::add_credentials(plan);
  if (reason) {
    client::Report(plan.settings).error(reason);
    return reason.status;
  }
  return client::run(plan);
}

}  // namespace

int main(int argc, char** argv) {
  uring::occupy_standard_streams(uring::ClosedStream::failing);
  std::set_new_handler(end_without_memory);
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "quoit: the system refuses what quoit needs: %s\n", error.what());
    return no_resources;
  }
}
