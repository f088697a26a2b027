// Writes the heads of requests and responses into the caller's buffer.
//
// The library's parser accepts every head of this writer: a name, value, target or reason with a
// byte that the parser would reject (such as CR, LF, NUL and other control bytes) is not written,
// which prevents response splitting. After the first rejected text, or when the buffer is full,
// ok() is false, nothing more is written, and view() is empty, so that no incomplete head is sent.
// Covered by tests/parser/write_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "parser/names.h"

namespace http1 {

// Returns the standard reason phrase of a status (RFC 9110 15 and its registry), "Unknown" for
// one without; a constant of the program.
[[nodiscard]] std::string_view reason_of(int status) noexcept;

class HeadWriter {
 public:
  // `room`, the buffer, belongs to the caller and outlives the writer and its views.
  explicit HeadWriter(std::span<char> room) noexcept : room_(room) {}

  // The first line: one of these, once.
  void request_line(std::string_view method, std::string_view target,
                    Version version = Version::http_1_1) noexcept;
  void status_line(int status) noexcept;
  void status_line(int status, std::string_view reason,
                   Version version = Version::http_1_1) noexcept;

  // Field lines.
  void field(std::string_view name, std::string_view value) noexcept;
  void field(std::string_view name, std::uint64_t value) noexcept;
  void date(std::string_view name, std::int64_t unix_seconds) noexcept;
  // field() without a check of the value, for values that were checked before or that the program
  // made itself: digits, tags, dates.
  void checked_field(FieldName name, std::string_view value) noexcept;
  void checked_field(FieldName name, std::uint64_t value) noexcept;
  // Whole field lines that a writer has written before.
  void checked_lines(std::string_view lines) noexcept { append(lines); }
  // Content-Range: bytes first-last/size, and bytes */size for 416 (RFC 9110 14.4).
  void content_range(std::uint64_t first, std::uint64_t last, std::uint64_t size) noexcept;
  void content_range_unsatisfied(std::uint64_t size) noexcept;

  // The blank line.
  void end() noexcept;

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  // The bytes written so far, a view of the buffer; empty when not ok().
  [[nodiscard]] std::string_view written() const noexcept {
    return ok_ ? std::string_view(room_.data(), size_) : std::string_view();
  }

 private:
  void append(std::string_view text) noexcept;
  // Writes "name: value" and the line's end.
  void line(std::string_view name, std::string_view value) noexcept;
  // Space for the next bytes; null if they do not fit, or if a text was rejected before.
  char* take(std::size_t size) noexcept;
  void require(bool condition) noexcept { ok_ = ok_ && condition; }

  std::span<char> room_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace http1
