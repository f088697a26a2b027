// Responses with folded lines, for user agents. RFC 9112 5.2.
//
// The parser does not support folds: this file removes them first. The byte behind a line end
// determines whether it belongs to a fold, so a line end at the end of the bytes is held back.
// Covered by tests/parser/unfold_test.cc.
#include <algorithm>
#include <cstring>
#include <span>

#include "parser/parse.h"
#include "parser/phase.h"

namespace http1 {

class HeadUnfolder {
 public:
  static std::size_t unfold(std::span<char> bytes, const ResponseHead& head) noexcept;

 private:
  static char* find(char* from, char* end, char byte) noexcept {
    auto* const found = std::memchr(from, byte, static_cast<std::size_t>(end - from));
    return found == nullptr ? end : static_cast<char*>(found);
  }
};

// Replaces the folds behind the head's cursor. Returns the number of bytes that may be parsed.
std::size_t HeadUnfolder::unfold(std::span<char> bytes, const ResponseHead& head) noexcept {
  char* const end = bytes.data() + bytes.size();
  char* at = bytes.data() + head.cursor_;
  const auto phase = static_cast<Phase>(head.phase_);
  if (at == end || phase >= Phase::end_lf) return bytes.size();
  if (phase < Phase::field_first) {
    // White space behind the first line folds nothing.
    at = find(at, end, '\n');
    if (at == end) return bytes.size();
    ++at;
  }
  const bool is_at_line = phase <= Phase::field_first;
  for (const char* line = is_at_line ? at : nullptr; at < end;) {
    char* const cr = find(at, end, '\r');
    const auto before = static_cast<std::size_t>(cr - bytes.data());
    if (cr == line || cr == end) return bytes.size();
    if (end - cr > 1 && cr[1] != '\n') return bytes.size();
    if (end - cr < 3) return before;
    const bool folds = cr[2] == ' ' || cr[2] == '\t';
    if (folds) std::memset(cr, ' ', 2);
    at = cr + 2;
    if (!folds) line = at;
  }
  return bytes.size();
}

Progress parse_folded_response(std::span<char> bytes, ResponseHead& head, Method request_method,
                               const Limits& limits) noexcept {
  const std::size_t size = HeadUnfolder::unfold(bytes, head);
  return parse_response({bytes.data(), size}, head, request_method, limits);
}

}  // namespace http1
