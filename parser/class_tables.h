// Character classes of scan.h as pairs of tables of 16 bytes, for instruction sets that look up 16
// or 32 bytes at once, and the other bytes they compare with. Not installed.
//
// A byte below 0x80 is a row (its high four bits, 0 to 7) and a column (its low four bits). For
// each column the class's table has a bit for each row whose byte is in the class; `rows` has the
// bit of each row. So a byte is in the class if both look-ups share a bit. Bytes from 0x80 on are
// in none: the shuffle instructions return zero for them. Covered by tests/parser/simd_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace http1::scan {

// 32 bytes; tables of 16 are stored twice.
using Bytes = std::array<std::uint8_t, 32>;

struct alignas(32) ClassTables {
  Bytes token;
  Bytes path;
  Bytes query;
  Bytes host;
  Bytes rows;
  // Each is one byte, 32 times.
  Bytes low_half;      // 0x0f
  Bytes last_control;  // 0x1f
  Bytes del;
  Bytes lower_case;  // the bit that makes letters lower case
};

// Defined in another file, so that compilers load them instead of building them from immediates,
// which takes three instructions each time.
[[gnu::visibility("hidden")]] extern const ClassTables class_tables;

}  // namespace http1::scan
