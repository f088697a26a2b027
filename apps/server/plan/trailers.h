// Trailers: the trailer section of a body in chunks (RFC 9112 section 7.1.2), as far as it arrives.
// Pure.
//
// The bytes of the field lines are gathered as the decoder of chunks finds them, and are read by
// the parser of requests, behind a request line and a Host field of the server, so that fields of
// both sections are read by the same functions. An object without trailer fields has no memory.
// Covered by tests/server/plan/trailers_test.cc and fuzz/digest_fields_fuzzer.cc.
#pragma once

#include <string>
#include <string_view>

#include "parser/message.h"

namespace server {

class Trailers {
 public:
  // Adds the next bytes, http1::ChunkedDecoder::Result::trailers, whose number Limits bounds.
  // False: memory is exhausted.
  [[nodiscard]] bool add(std::string_view bytes);

  bool empty() const { return text_.empty(); }

  // Parses the complete section, which is not empty, as the fields of `head`, whose views are valid
  // as long as this object is neither changed nor moved. False: it is malformed, which the decoder
  // has refused before.
  [[nodiscard]] bool read(http1::RequestHead& head) const;

 private:
  std::string text_;  // a request head
};

}  // namespace server
