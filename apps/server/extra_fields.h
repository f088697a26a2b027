// Fields that an operator adds to every answer: --header and --cors. Pure.
//
// What stands in a --header is judged by the writer of heads, so that nothing in it can end a line;
// what frames a message, or what quoitd says itself, is refused at start.
// Covered by tests/server/extra_fields_test.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "parser/message.h"
#include "parser/write.h"

namespace server {

struct ExtraFields {
  struct Line {
    std::string name;
    std::string value;
  };
  std::vector<Line> lines;           // --header, in order
  std::vector<std::string> origins;  // --cors: origins whose pages may use this server; "*": any
};

// All lines together: the room for a head is that of Location and these.
inline constexpr std::size_t most_extra_bytes = 2048;

// Adds one "Name: value". Returns what is wrong with it, or nothing.
std::string_view add_header(std::string_view text, ExtraFields& fields);

// Adds one origin, after all headers ("https://example.org", "http://127.0.0.1:3000", "null") or
// "*".
std::string_view add_origin(std::string_view text, ExtraFields& fields);

// What of an answer depends on the Origin of its request: the CORS protocol of the Fetch standard.
struct Cors {
  bool is_on = false;
  std::string_view origin;         // Access-Control-Allow-Origin; empty: a page may not read this
  bool is_preflight = false;       // a browser asks what a page may do
  std::string_view asked_headers;  // Access-Control-Request-Headers, if it is a list of tokens
};
Cors judge_origin(const http1::RequestHead& head, const ExtraFields& fields);

// Writes the lines, and the CORS fields. `methods` is the value of Allow.
void write_extra_fields(const ExtraFields& fields, const Cors& cors, std::string_view methods,
                        http1::HeadWriter& writer);

}  // namespace server
