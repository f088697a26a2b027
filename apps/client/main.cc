// quoit: the client. Reads the command line, makes a plan, runs it. Covered by
// tests/client/run_test.cc.
#include <cstdio>

#include "apps/client/command/options.h"
#include "apps/client/command/plan.h"
#include "apps/client/run.h"
#include "apps/client/screen/report.h"

int main(int argc, char** argv) {
  client::Arguments arguments;
  const client::Complaint misread = client::read_options(argc, argv, arguments);
  if (!misread.failed() && !misread.text.empty()) {
    const bool printed = std::fputs(misread.text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
    return static_cast<int>(printed ? client::ExitCode::ok : client::ExitCode::write_error);
  }
  client::Plan plan;
  const client::Complaint failure = misread.failed() ? misread : make_plan(arguments, plan);
  if (failure.failed()) {
    client::Report(plan.settings).complain(failure.text);
    return static_cast<int>(failure.code);
  }
  return client::run(plan);
}
