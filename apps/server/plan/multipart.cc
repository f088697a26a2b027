// Writing the delimiters between parts, and computing the length of all parts. Covered by
// tests/server/plan/multipart_test.cc.
#include "apps/server/plan/multipart.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

namespace server {

namespace {

// A number as decimal text.
struct Digits {
  explicit Digits(std::uint64_t number) {
    const char* end = std::to_chars(bytes.data(), bytes.data() + bytes.size(), number).ptr;
    size = static_cast<std::size_t>(end - bytes.data());
  }
  std::string_view text() const { return {bytes.data(), size}; }

  std::array<char, 20> bytes{};
  std::size_t size = 0;
};

// Copies all pieces into `buffer`, or nothing where they do not fit. Returns their size.
std::size_t write(std::initializer_list<std::string_view> pieces, std::span<char> buffer) {
  std::size_t size = 0;
  for (const std::string_view piece : pieces) size += piece.size();
  if (size > buffer.size()) return size;
  char* end = buffer.data();
  for (const std::string_view piece : pieces) end = std::copy(piece.begin(), piece.end(), end);
  return size;
}

}  // namespace

// RFC 2046 section 5.1.1: the line end before a delimiter belongs to the delimiter. The first
// delimiter could do without, but zsync expects an empty first line and repeats its request for
// ever where it is missing (seen).
std::size_t write_part_head(const Parts& parts, std::size_t index, std::span<char> buffer) {
  const std::string_view begin = "\r\n--";
  if (index == parts.ranges.size()) return write({begin, parts.boundary, "--\r\n"}, buffer);
  const http1::ByteRange range = parts.ranges[index];
  const bool typed = !parts.content_type.empty();
  return write({begin, parts.boundary, typed ? "\r\nContent-Type: " : "", parts.content_type,
                "\r\nContent-Range: bytes ", Digits(range.first).text(), "-",
                Digits(range.last).text(), "/", Digits(parts.complete_size).text(), "\r\n\r\n"},
               buffer);
}

std::uint64_t length_of(const Parts& parts) {
  constexpr std::array<char, boundary_bytes> any_boundary{};
  Parts measured = parts;
  measured.boundary = {any_boundary.data(), any_boundary.size()};
  std::uint64_t length = write_part_head(measured, parts.ranges.size(), {});
  for (std::size_t i = 0; i < parts.ranges.size(); ++i) {
    length += write_part_head(measured, i, {}) + parts.ranges[i].size();
  }
  return length;
}

}  // namespace server
