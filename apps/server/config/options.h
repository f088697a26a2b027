// From the words that a person typed to a Config: the command line, the environment and a file.
//
// Covered by tests/server/config/options_test.cc.
#pragma once

#include "apps/options/exit_reason.h"
#include "apps/options/values.h"
#include "apps/server/config/config.h"

namespace server {

// The words of a command line, as main() gets them. A server that runs reads them again.
struct CommandLine {
  int count = 0;
  const char* const* words = nullptr;
};

// Reads all sources and fills `config`, which must be new. Returns a reason to exit where a source
// is wrong, or where the person asks for a text: --help, --version, --print-config, --check-config.
[[nodiscard]] options::ExitReason read_options(int argc, const char* const* argv, Config& config);

// Fills a new `config` from the values of the table. Fails where an address, a header or an origin
// is none.
[[nodiscard]] options::ExitReason make_config(const options::Values& values, Config& config);

}  // namespace server
