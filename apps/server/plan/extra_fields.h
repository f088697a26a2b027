// Fields that an operator adds to every response with --header. Pure.
//
// HeadWriter validates each --header, so that its value cannot end a line. A --header that frames a
// message, or that quoitd sets by itself, is refused at start.
// Covered by tests/server/plan/extra_fields_test.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "parser/write.h"

namespace server {

struct ExtraFields {
  struct Line {
    std::string name;
    std::string value;
  };
  std::vector<Line> lines;           // --header, in order
  std::vector<std::string> origins;  // --cors: origins whose pages may use this server; "*": any
  bool allows_credentials = false;   // to pages of named origins; set by finish_site()
};

// Bytes of all lines together: a bound, because they are part of every head (see head_space).
inline constexpr std::size_t most_extra_bytes = 2048;

// Adds one "Name: value" to `fields`. Returns why it is refused, to follow the text ("has no
// colon"), or nothing.
std::string_view add_header(std::string_view text, ExtraFields& fields);

// Writes the lines of --header. `is_page`: without those that a page of the server has by itself,
// because a browser applies both policies, and that of an operator would forbid the page its style.
void write_extra_fields(const ExtraFields& fields, bool is_page, http1::HeadWriter& writer);

}  // namespace server
