// Fuzzes read_terms, parse_mtime and clash_with: the input is the fields of a PUT.
//
// Oracles:
//   - accepted terms are consistent: the byte range is as long as the body, ends within the
//     complete size, and is smaller than the whole file
//   - a byte range that begins at the end of the file leaves no gap; one byte further it does
//   - a time, written as decimal and parsed again, is the same time
//   - a missing field has no effect
//   - no call allocates
// Covered by the replay of corpus/put_terms in every build.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/plan/put_terms.h"
#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"
#include "parser/parse.h"

namespace {

using fuzz::require;
using http1::FieldName;

void check_mtime(std::int64_t seconds) {
  fuzz::Text text;
  if (seconds < 0) text.append('-');
  text.append(static_cast<std::uint64_t>(seconds < 0 ? -seconds : seconds));
  require(server::parse_mtime(text.view()) == seconds, "a written time parses to itself");
  text.append(".5");
  require(server::parse_mtime(text.view()) == seconds, "a fraction is dropped");
  text.append(' ');
  require(!server::parse_mtime(text.view()), "a time with more bytes is refused");
}

void check_part(const server::PutTerms& terms, const http1::RequestHead& head) {
  const http1::ByteRange part = *terms.part;
  require(part.first <= part.last && part.last <= http1::max_length, "a byte range is not empty");
  const http1::Body body = head.body();
  require(body.kind == http1::BodyKind::chunked || body.length == part.size(),
          "a partial upload has a body size");
  require(!terms.complete_size || part.last < *terms.complete_size,
          "the byte range is within the file");
  require(terms.complete_size != part.size(), "the whole file is not a partial upload");
  require(terms.body_size == part.size(), "the body is as long as the byte range");
  const bool fits = !terms.complete_size || part.first <= *terms.complete_size;
  require(fits && server::clash_with(terms, part.first).empty(),
          "a byte range may begin at the end of the file");
  require(part.first == 0 || !server::clash_with(terms, part.first - 1).empty(),
          "a gap is refused");
}

bool names_part(const http1::RequestHead& head) {
  return head.has(FieldName::content_range) || head.has(FieldName::range);
}

void check_head(const http1::RequestHead& head) {
  server::PutTerms terms;
  {
    const fuzz::NoAllocation none;
    terms = server::read_terms(head);
  }
  if (!terms.error.empty()) {
    require(names_part(head) || head.has(FieldName::x_oc_mtime),
            "a request without the fields is accepted");
    return;
  }
  require(names_part(head) == terms.body_size.has_value(), "a byte range is applied or refused");
  require(terms.body_size || !terms.part, "a byte range comes from a field");
  require(head.has(FieldName::x_oc_mtime) == terms.mtime_seconds.has_value(),
          "a time is applied or refused");
  if (terms.part) check_part(terms, head);
  if (terms.mtime_seconds) check_mtime(*terms.mtime_seconds);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Text text = {"PUT /a HTTP/1.1\r\nHost: a\r\n", fuzz::text_of_input(data, size),
                           "\r\n\r\n"};
  const fuzz::Block bytes(text.view());
  http1::RequestHead head;
  if (http1::parse_request(bytes.view(), head) == http1::Progress::done) check_head(head);
  return 0;
}
