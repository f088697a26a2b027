// Gathering and parsing a trailer section. Covered by tests/server/plan/trailers_test.cc and
// fuzz/digest_fields_fuzzer.cc.
#include "apps/server/plan/trailers.h"

#include <new>

#include "parser/parse.h"

namespace server {

namespace {

constexpr std::string_view front = "PUT / HTTP/1.1\r\nHost: quoit\r\n\r\n";

}  // namespace

bool Trailers::add(std::string_view bytes) {
  if (bytes.empty()) return true;
  try {
    if (text_.empty()) text_ = front;
    text_.insert(text_.size() - 2, bytes);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

bool Trailers::read(http1::RequestHead& head) const {
  // The decoder has bounded the section.
  const http1::Limits limits{.head_bytes = http1::max_head_bytes, .fields = http1::max_fields};
  head.reset();
  return http1::parse_request(text_, head, limits) == http1::Progress::done;
}

}  // namespace server
