// The text of --help, for a program and for one of its verbs. Pure.
//
// Options are listed by section, in the order of the table: names on the left, the meaning with the
// default and the limits on the right. No line is longer than 100 columns. Covered by
// tests/options/help_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/options/table.h"

namespace options {

// The help of the program (no_verb), or of one verb with all options that it takes.
[[nodiscard]] std::string help_text(const Program& program, int verb);

// "BYTES", "on|off", or nothing for a flag.
[[nodiscard]] std::string_view metavar_of(const Option& option);

// "at most 63K" for a count or a number of bytes; empty where there is no such limit.
[[nodiscard]] std::string limit_of(const Option& option);

// "default: 16K, twice a browser's largest cookies; at most 63K"; empty where there is nothing to
// say.
[[nodiscard]] std::string facts_of(const Option& option);

// The sections of the options that `verb` takes, in the order in which they first occur.
[[nodiscard]] std::vector<std::string_view> sections_of(const Program& program, int verb);

// `text` in lines of at most `columns`, broken at spaces; a line feed in it always breaks.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

}  // namespace options
