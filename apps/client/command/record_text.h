// The parts of which the texts of records consist: one fact a line, "NAME VALUE".
//
// Pure. Covered by tests/client/command/part_record_test.cc and upload_record_test.cc.
#pragma once

#include <string_view>

namespace client {

// Says whether the text may be the value of a line: not empty, without line feeds and NUL.
[[nodiscard]] bool is_record_value(std::string_view text);

// Takes `prefix` off the front of `rest`. False: it begins with something else.
[[nodiscard]] bool take_prefix(std::string_view& rest, std::string_view prefix);

// Takes the line that begins with `name`, which ends in a space, and returns the rest of that line;
// empty where the first line is another one.
[[nodiscard]] std::string_view take_record_value(std::string_view& rest, std::string_view name);

}  // namespace client
