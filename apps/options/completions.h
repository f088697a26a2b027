// Completions of a program's options and verbs, as scripts for bash, zsh and fish. Pure.
//
// Names are completed, and the values of choices, files and directories. Covered by
// tests/options/completions_test.cc, and by tests/options/shells_test in the shells themselves.
#pragma once

#include <string>

#include "apps/options/table.h"

namespace options {

// For bash, with or without the package bash-completion.
[[nodiscard]] std::string bash_completion(const Program& program);
// For zsh, as a function of fpath.
[[nodiscard]] std::string zsh_completion(const Program& program);
// For fish.
[[nodiscard]] std::string fish_completion(const Program& program);

}  // namespace options
