// PutTerms: what a PUT says of its file besides the bytes. Pure.
//
// Content-Range names the part of the file that the body is (RFC 9110 14.4, 14.5): curl -C - -T
// sends it to go on where an upload stopped, and lftp's put -c means it by Range. X-OC-MTime, of
// ownCloud's clients, is the modification time that the file is to have. What either says is obeyed
// to the letter or refused, never ignored. Covered by tests/server/plan/put_terms_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "parser/fields.h"
#include "parser/message.h"

namespace server {

struct PutTerms {
  std::string_view wrong;                      // why it is a 400; empty: nothing
  std::optional<http1::ByteRange> part;        // absent: the body is the whole file ("0-4/5" too)
  std::optional<std::uint64_t> complete_size;  // of the file afterwards, as Content-Range has it
  std::optional<std::uint64_t> body_size;      // as Content-Range has it, also of a whole file
  std::optional<std::int64_t> mtime_seconds;   // since 1970
};

// Reads both fields of `head`, and compares the part with the body's length where that is known.
PutTerms read_terms(const http1::RequestHead& head);

// Says why a part cannot be put into a file of `size` bytes (409), or nothing. A gap would be bytes
// that nobody sent; a file that is longer than the whole is another file.
std::string_view clash_with(const PutTerms& terms, std::uint64_t size);

// Reads a number of seconds since 1970: decimal digits, perhaps with a minus before them and a
// fraction behind them, which is dropped. Empty for anything else, and beyond the year 2261.
std::optional<std::int64_t> parse_mtime(std::string_view text);

}  // namespace server
