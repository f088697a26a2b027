// PutTerms: the fields of a PUT that describe its file: byte range and modification time. Pure.
//
// Content-Range names the bytes of the file that the body replaces (RFC 9110 sections 14.4
// and 14.5): curl -C - -T sends it to resume an upload, and lftp's put -c sends Range with that
// meaning. X-OC-MTime, sent by ownCloud's clients, is the modification time that the file is to
// have. quoitd follows both fields exactly or refuses the request, and never ignores them. Covered
// by tests/server/plan/put_terms_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "parser/fields.h"
#include "parser/message.h"

namespace server {

struct PutTerms {
  std::string_view error;                // the explanation of a 400; empty: none
  std::optional<http1::ByteRange> part;  // absent: the body is the whole file, also for "0-4/5"
  std::optional<std::uint64_t> complete_size;  // of the file afterwards, from Content-Range
  std::optional<std::uint64_t> body_size;      // from Content-Range, also of a whole file
  std::optional<std::int64_t> mtime_seconds;   // since 1970
};

// Reads both fields of `head`, and compares the part with the body's length where that is known.
PutTerms read_terms(const http1::RequestHead& head);

// Returns the explanation of a 409 where a part does not fit a file of `size` bytes, else nothing.
// A part behind the file's end would leave a gap of bytes that no client sent; a file that is
// longer than the complete size is not the file that the client means.
std::string_view clash_with(const PutTerms& terms, std::uint64_t size);

// Parses a number of seconds since 1970: decimal digits, optionally with a minus in front and with
// a fraction, which is dropped. Empty for any other text, and beyond the year 2261.
std::optional<std::int64_t> parse_mtime(std::string_view text);

}  // namespace server
