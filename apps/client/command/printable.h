// Text of servers, files and command lines, made safe for a terminal.
//
// A reason phrase or a name may hold characters that a terminal obeys: those of C0 and C1 (U+0000
// to U+001F, U+007F to U+009F), line separators, and characters that change the direction of the
// text after them. All pure. Covered by tests/client/command/printable_test.cc.
#pragma once

#include <string>
#include <string_view>

namespace client {

enum class LineFeeds { escaped, kept };

// `text` with control characters and ill-formed bytes escaped, as \x1b, \u009b and \xff. Any other
// character of UTF-8 stays.
[[nodiscard]] std::string printable(std::string_view text,
                                    LineFeeds line_feeds = LineFeeds::escaped);

// Says whether `text` has a control character. Ill-formed bytes are none.
[[nodiscard]] bool has_control(std::string_view text);

}  // namespace client
