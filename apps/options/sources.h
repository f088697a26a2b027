// Where values come from besides the command line, the environment and a file, and back into a
// file.
//
// Flags come before the environment, the environment before the file, and the file before the
// defaults: read in that order, for an option keeps its first value. Covered by
// tests/options/sources_test.cc.
#pragma once

#include <string>

#include "apps/options/exit_reason.h"
#include "apps/options/values.h"

namespace options {

// The value of the option's environment variable, or null. An empty variable is an unset one, as
// Compose writes it for a variable that it does not have.
[[nodiscard]] const char* variable_value(const Option& option);

// Reads QUOIT_NAME for each option. The values of a repeatable option are separated by its
// separator. Variables that no option has are ignored: Kubernetes sets QUOIT_PORT and its like
// where a service is named quoit.
[[nodiscard]] ExitReason read_environment(Values& values);

// Reads a file of at most 1 MiB, as config_file.h describes it.
[[nodiscard]] ExitReason read_config_file(const std::string& path, Values& values);

// All options that a file can set, as a file, with where each value was given.
[[nodiscard]] std::string print_config(const Values& values);

}  // namespace options
