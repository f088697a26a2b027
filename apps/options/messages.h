// The sentences about options that people made a mistake with, each as an ExitReason.
//
// A sentence names the option as the person wrote it (--max-head, QUOIT_MAX_HEAD, or the line of a
// file), the value, the values that are allowed, and an example. It is one line without control
// bytes, whatever the value holds. Covered by tests/options/messages_test.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "apps/options/config_file.h"
#include "apps/options/exit_reason.h"
#include "apps/options/place.h"
#include "apps/options/table.h"

namespace options {

// "--max-head: '1' is out of range; give bytes from 256 to 63K, as in --max-head 32K".
// `problem` completes "'1' ...". The status is that of a usage error on the command line, and of a
// configuration error elsewhere.
[[nodiscard]] ExitReason value_error(const Program& program, const Option& option,
                                     const Place& place, std::string_view value,
                                     std::string_view problem);

// `option` has `count` values, and that is not how many it takes.
[[nodiscard]] ExitReason count_error(const Program& program, const Option& option,
                                     const Place& place, std::size_t count);

// The command line ends behind the name of an option that takes a value.
[[nodiscard]] ExitReason missing_value(const Program& program, const Option& option);

// `word` begins with a dash and names no option; with the nearest one, if there is one.
[[nodiscard]] ExitReason unknown_option(const Program& program, int verb, std::string_view word);

// A file has a setting named `name`, which is no option; with the nearest one, if there is one.
[[nodiscard]] ExitReason unknown_setting(const Program& program, const Place& place,
                                         std::string_view name);

// `option` is not for `verb`.
[[nodiscard]] ExitReason foreign_option(const Program& program, int verb, const Option& option);

// `word` is no verb; with the nearest one, if there is one.
[[nodiscard]] ExitReason unknown_verb(const Program& program, std::string_view word);

// The operand `option` is missing, or `word` stands behind the last of the operands that are
// `taken` ("FILE and URL").
[[nodiscard]] ExitReason missing_operand(const Program& program, int verb, const Option& option);
[[nodiscard]] ExitReason extra_operand(const Program& program, int verb, std::string_view word,
                                       std::string_view taken);

// A usage error with a text of the program's own, which the place to read on is added to.
[[nodiscard]] ExitReason usage_error(const Program& program, int verb, std::string text);

// The option's example as a line of a file: `max-head = "32K"`, `listen = [":8080"]`.
[[nodiscard]] std::string example_line(const Option& option);

// How a file has values of that kind.
[[nodiscard]] Notation notation_of(Kind kind);

// `text` for a message: control bytes become '?', and no more than a line is kept.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace options
