// Scalar scanning: a table look-up for each byte, with four bytes in an iteration, so that short
// runs stay cheap and long ones are not limited by the loop. Covered by tests/parser/scan_test.cc.
#include "parser/scan.h"

namespace http1::scan {
namespace {

template <Class wanted>
const char* first_outside(const char* first, const char* last) noexcept {
  while (last - first >= 4) {
    if (!is(wanted, first[0])) return first;
    if (!is(wanted, first[1])) return first + 1;
    if (!is(wanted, first[2])) return first + 2;
    if (!is(wanted, first[3])) return first + 3;
    first += 4;
  }
  while (first != last && is(wanted, *first)) ++first;
  return first;
}

}  // namespace

const char* token_end(const char* first, const char* last) noexcept {
  return first_outside<token_bit>(first, last);
}
const char* value_end(const char* first, const char* last) noexcept {
  return first_outside<value_bit>(first, last);
}
const char* path_end(const char* first, const char* last) noexcept {
  return first_outside<path_bit>(first, last);
}
const char* query_end(const char* first, const char* last) noexcept {
  return first_outside<query_bit>(first, last);
}
const char* uri_end(const char* first, const char* last) noexcept {
  return first_outside<uri_bit>(first, last);
}
const char* host_end(const char* first, const char* last) noexcept {
  return first_outside<host_bit>(first, last);
}
const char* digits_end(const char* first, const char* last) noexcept {
  return first_outside<digit_bit>(first, last);
}
const char* space_end(const char* first, const char* last) noexcept {
  while (first != last && (*first == ' ' || *first == '\t')) ++first;
  return first;
}

}  // namespace http1::scan
