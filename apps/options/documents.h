// The command line of the build's generators: a program's man page, completions, and table in
// README.
//
// Each program with a table has a generator, which is a main() with one call. Covered by
// tests/options/documents_test.cc.
#pragma once

#include <string_view>

#include "apps/options/table.h"

namespace options {

// `write DIRECTORY`: writes man1/NAME.1, bash/NAME, zsh/_NAME and fish/NAME.fish there.
// `readme FILE`: puts the table between its comments in FILE.
// `check FILE`: fails where `readme` would change FILE.
// Returns the exit status, and says on standard error why it is not 0.
[[nodiscard]] int make_documents(const Program& program, std::string_view version, int argc,
                                 const char* const* argv);

}  // namespace options
