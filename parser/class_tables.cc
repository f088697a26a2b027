// The tables, made from the classes of scan.h by the compiler.
// Covered by tests/parser/simd_test.cc.
#include "parser/class_tables.h"

#include "parser/name_tables.h"
#include "parser/scan.h"

namespace http1::scan {
namespace {

constexpr Bytes columns_of(Class wanted) noexcept {
  Bytes columns{};
  for (std::size_t byte = 0; byte < 0x80; ++byte) {
    if ((classes[byte] & wanted) == 0) continue;
    for (const std::size_t column : {byte % 16, byte % 16 + 16}) {
      columns[column] = static_cast<std::uint8_t>(columns[column] | 1U << byte / 16);
    }
  }
  return columns;
}

constexpr Bytes make_rows() noexcept {
  Bytes rows{};
  for (std::size_t row = 0; row < 8; ++row) {
    rows[row] = rows[row + 16] = static_cast<std::uint8_t>(1U << row);
  }
  return rows;
}

constexpr Bytes all(std::uint8_t byte) noexcept {
  Bytes bytes{};
  bytes.fill(byte);
  return bytes;
}

}  // namespace

constinit const ClassTables class_tables = {
    .token = columns_of(token_bit),
    .path = columns_of(path_bit),
    .query = columns_of(query_bit),
    .host = columns_of(host_bit),
    .rows = make_rows(),
    .low_half = all(0x0f),
    .last_control = all(0x1f),
    .del = all(0x7f),
    .lower_case = all(names::lower_case_bit),
};

}  // namespace http1::scan
