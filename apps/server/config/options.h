// The command line of quoitd, by CLI11: from the words that a person typed to a Config.
//
// Covered by tests/server/config/options_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "apps/server/config/config.h"

namespace server {

// Reads a count of bytes with an optional unit: "4096", "64K", "10M", "2G", "1T" (powers of 1024).
std::optional<std::uint64_t> parse_bytes(std::string_view text);

// How the reading of the command line ended.
struct ParseOutcome {
  bool run = false;  // false: exit with `status`, everything has been said
  int status = 0;
};

// Fills `config` from the command line; writes help, version or one line of error itself.
ParseOutcome parse_command_line(int argc, char** argv, Config& config);

}  // namespace server
