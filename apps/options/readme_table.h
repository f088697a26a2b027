// The table of a program's options in README, in Markdown. Pure.
//
// It stands between two comments, which the file has for each program that it describes. Covered by
// tests/options/readme_table_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apps/options/table.h"

namespace options {

// "| option | default | meaning |" and a row for each option but --help and --version.
[[nodiscard]] std::string readme_table(const Program& program);

// `text` with the program's table between its comments. Nothing where the comments are missing.
[[nodiscard]] std::optional<std::string> with_readme_table(const Program& program,
                                                           std::string_view text);

}  // namespace options
