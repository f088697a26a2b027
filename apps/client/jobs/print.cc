// Covered by tests/client/jobs/head_test.cc and ls_test.cc.
#include "apps/client/jobs/print.h"

#include <unistd.h>

#include "apps/client/command/printable.h"
#include "apps/client/local/output_file.h"

namespace client {

uring::Task<ExitCode> print(Channel& channel, const std::string& text) {
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  const std::string lines = is_terminal ? printable(text, LineFeeds::kept) : text;
  OutputFile output;
  const std::string standard_output = standard_stream;
  const ExitCode opened = co_await open_output(channel.io, output, standard_output);
  if (opened != ExitCode::ok) co_return channel.fail(output.error);
  const ExitCode written = co_await write_output(channel.io, output, lines);
  if (written != ExitCode::ok) co_return channel.fail(output.error);
  co_return ExitCode::ok;
}

}  // namespace client
