// quoit: the client. Reads the command line, makes a plan of jobs and runs it.
// Covered by tests/client/run_test.cc.
#include <cstdio>

#include "apps/client/command/options.h"
#include "apps/client/command/plan.h"
#include "apps/client/run.h"
#include "apps/client/screen/report.h"
#include "uring/standard_streams.h"

int main(int argc, char** argv) {
  uring::occupy_standard_streams(uring::ClosedStream::failing);
  client::Arguments arguments;
  client::Plan plan;
  client::ExitReason reason = client::read_options(argc, argv, arguments);
  if (reason && reason.status == 0) {  // --help or --version
    const bool printed = std::fputs(reason.text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
    return static_cast<int>(printed ? client::ExitCode::ok : client::ExitCode::write_error);
  }
  if (!reason) reason = client::make_plan(arguments, plan);
  if (reason) {
    client::Report(plan.settings).error(reason.text);
    return reason.status;
  }
  return client::run(plan);
}
