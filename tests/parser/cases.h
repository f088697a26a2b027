// Cases that a person can read: what is on the wire, and what becomes of it.
//
// A file in cases/ is a list of cases, each with the RFC section it is about:
//
//   == request fields=2 | RFC 9112 5 | a third field is one too many
//   > GET / HTTP/1.1             these bytes, then CR LF
//   > Host: a
//   > B: c
//   >- \@D: e                    these bytes and nothing else
//   = failed too_many_fields
//
// Kinds: request, response, response-to-METHOD, chunked; after the kind, settings of Limits.
// In a line, \r \n \t \0 \\ \xHH are bytes, \{60*a} is a byte 60 times, and \@ stands in front of
// the byte that proves the failure, or of the first byte behind an accepted message. A line that
// begins with ">@ " is refused at the LF of its CR LF. Results: = more, = failed ERROR, = done
// NAME=VALUE... (facts_of() in cases_test.cc names them). Lines that begin with # are comments.
// case_seeds.cc writes the bytes of all cases as fuzz seeds.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parser/error.h"
#include "parser/limits.h"
#include "parser/names.h"

namespace cases {

enum class Kind { request, response, chunked };

struct Case {
  Kind kind = Kind::request;
  http1::Method request_method = http1::Method::get;  // for kind response
  http1::Limits limits;
  std::string rfc;
  std::string sentence;
  std::string place;  // file:line
  std::string bytes;
  std::optional<std::size_t> mark;  // where \@ stood
  http1::Progress progress = http1::Progress::more;
  http1::Error error = http1::Error::none;
  std::map<std::string, std::string> facts;
};

// Reads all cases of a folder, in the order of its files' names. Throws std::runtime_error with the
// place of a malformed line.
std::vector<Case> load(const std::string& folder);

// The sentence as a file's or a test's name: letters, digits and underscores.
std::string slug(std::string_view sentence);

}  // namespace cases
