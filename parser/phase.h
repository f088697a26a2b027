// The position of the parser in the grammar between two calls. Not installed.
// Covered by tests/parser/cases_test.cc, which cuts every case everywhere.
#pragma once

#include <cstdint>

namespace http1 {

// The element that is being read. A request begins with the first phase, a response with `version`.
enum class Phase : std::uint8_t {
  start,  // perhaps an empty line before the request line
  start_lf,
  method,
  path,   // of the target, with all that precedes it in the absolute form
  query,  // of the target
  version,
  request_line_cr,
  status,
  reason,
  first_line_lf,
  field_first,  // the first byte of a field line, or the CR of the blank line
  name,
  value_space,
  value,
  value_lf,
  end_lf,
  done,
  failed,
};

}  // namespace http1
