// Fuzzes parse_response: the input is a server's bytes, as on the wire.
//
// Oracles: those of head_oracle.h (cuts do not matter; proper prefixes give `more`; errors are
// final and at the earliest byte; views follow the bytes; lookups agree; the round trip), under the
// default limits and under tight ones without leniencies; and
//   - the request's method influences only the body
//   - a status is 100 to 999; 1xx, 204 and 304 have no body, nor has a response to HEAD
//   - a response that the strict rules accept, the lenient rules accept with equal contents
//   - grammar.h, written from the ABNF, recognises the same heads
//   - all instruction sets, and the automaton alone, give equal results
//   - parse_folded_response gives, for every split, the result of parse_response for a text whose
//     folds a second implementation has replaced
//   - no call that parses or writes allocates
// Covered by the replay of corpus/response in every build.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "fuzz/grammar.h"
#include "fuzz/head_oracle.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"
#include "parser/limits.h"
#include "parser/parse.h"
#include "parser/simd.h"

namespace {

using fuzz::require;

struct ResponseParser {
  using Head = http1::ResponseHead;
  http1::Limits limits = {};
  http1::Method request_method = http1::Method::get;
  http1::Simd simd = http1::choose_simd();

  http1::Progress operator()(std::string_view bytes, Head& head) const {
    const fuzz::NoAllocation none;
    return http1::parse_response(bytes, head, request_method, limits, simd);
  }

  // A missing space before the reason is the only difference that writing removes.
  static void same(const Head& left, const Head& right) {
    require(left.status() == right.status(), "the status is the same");
    require(left.status_class() == right.status_class(), "the status's class is the same");
    require(left.reason() == right.reason(), "the reason is the same");
  }

  static void write_start(const Head& head, http1::HeadWriter& writer) {
    writer.status_line(head.status(), head.reason(), head.version());
  }
};

constexpr http1::Limits tight = {
    .head_bytes = 192, .fields = 4, .lenient = {.status_without_space = false}};
constexpr http1::Limits wide = {.head_bytes = http1::max_head_bytes, .fields = http1::max_fields};

void check_response(const http1::ResponseHead& head) {
  using http1::BodyKind;
  require(head.status() >= 100 && head.status() <= 999, "a status has three digits");
  require(!head.reason_space_missing() || head.reason().empty(),
          "a missing space means an empty reason");
  const bool has_none = head.status_class() == 1 || head.status() == 204 || head.status() == 304;
  require(!has_none || head.body().kind == BodyKind::none, "1xx, 204 and 304 have no body");
}

// The method changes neither acceptance nor the fields.
void check_methods(const fuzz::Attempt<ResponseParser>& whole, std::string_view input) {
  for (const http1::Method method : {http1::Method::head, http1::Method::connect}) {
    const auto other = fuzz::attempt(ResponseParser{{}, method}, input);
    require(other.progress == whole.progress, "the request's method does not change acceptance");
    require(other.head.failure().offset == whole.head.failure().offset,
            "the request's method does not change the error");
    if (other.progress != http1::Progress::done) continue;
    require(other.head.size() == whole.head.size(),
            "the request's method does not change the size");
    ResponseParser::same(other.head, whole.head);
    const bool has_none = method == http1::Method::head || whole.head.status_class() == 2;
    require(!has_none || other.head.body().kind == http1::BodyKind::none,
            "HEAD, and CONNECT when it succeeds, have no body");
  }
}

// The automaton alone, which reads single bytes where the instruction sets read lines.
struct Automaton : ResponseParser {
  http1::Progress operator()(std::string_view bytes, Head& head) const {
    const fuzz::NoAllocation none;
    return http1::continue_response(bytes, head, request_method, limits, nullptr);
  }
};

void check_instruction_sets(const http1::Limits& limits, std::string_view input) {
  const auto expected = fuzz::attempt(Automaton{{limits}}, input);
  for (const http1::Simd simd : http1::all_simd) {
    if (!http1::is_supported(simd)) continue;
    const ResponseParser parser{limits, http1::Method::get, simd};
    fuzz::require_same_head(expected, fuzz::attempt(parser, input));
  }
}

// Replaces folds line by line, as RFC 9112 5.2 defines it.
std::vector<char> unfolded(std::string_view input) {
  std::vector<char> bytes(input.begin(), input.end());
  const std::string_view text(bytes.data(), bytes.size());
  std::size_t line = text.find('\n');
  for (line = line == text.npos ? text.size() : line + 1; line < text.size();) {
    const std::size_t end = text.find("\r\n", line);
    if (end == line || end == text.npos) break;
    const bool folds = end + 2 < text.size() && (text[end + 2] == ' ' || text[end + 2] == '\t');
    if (folds) std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(end), 2, ' ');
    // A line that begins with a fold is part of the line before, and therefore never empty.
    line = folds ? end + 1 : end + 2;
  }
  return bytes;
}

// Vectors, not strings: those would bring functions of their own to libFuzzer, which
// MemorySanitizer then takes for ours.
void check_folds(std::string_view input) {
  const std::vector<char> expected_bytes = unfolded(input);
  const std::string_view text(expected_bytes.data(), expected_bytes.size());
  const auto expected = fuzz::attempt(ResponseParser{}, text);
  const auto give = [&](std::span<const std::size_t> ends) {
    std::vector<char> bytes;
    http1::ResponseHead head;
    http1::Progress progress = http1::Progress::more;
    for (const std::size_t end : ends) {
      const std::string_view more = input.substr(bytes.size(), end - bytes.size());
      bytes.insert(bytes.end(), more.begin(), more.end());
      bytes.shrink_to_fit();
      const fuzz::NoAllocation none;
      progress = http1::parse_folded_response(bytes, head, http1::Method::get);
    }
    // A line end at the end of the bytes is held back: it may still turn out to be an error.
    const bool waits = progress == http1::Progress::more && !text.empty() &&
                       (text.back() == '\r' || text.back() == '\n');
    require(waits || progress == expected.progress, "replacing folds does not change the progress");
    if (progress != expected.progress) return;
    require(head.failure().error == expected.head.failure().error,
            "replacing folds does not change the error");
    require(head.failure().offset == expected.head.failure().offset,
            "replacing folds does not change the error offset");
    if (progress != http1::Progress::done) return;
    require(head.size() == expected.head.size(), "replacing folds does not change the size");
    require(head.field_count() == expected.head.field_count(),
            "replacing folds does not change the number of fields");
    for (std::size_t at = 0; at < head.field_count(); ++at) {
      require(head.field(at).value == expected.head.field(at).value,
              "replacing folds gives the same values");
    }
  };
  fuzz::cut_anywhere(input, give);
  const std::size_t whole = input.size();
  give({&whole, 1});
}

// Longer inputs reach limits, which the grammar does not model.
void check_grammar(std::string_view input) {
  constexpr std::size_t below_all_limits = 4096;
  if (input.size() > below_all_limits) return;
  for (const bool lenient : {true, false}) {
    const ResponseParser parser{{.lenient = {.status_without_space = lenient}}};
    const auto made = fuzz::attempt(parser, input);
    const std::size_t size = made.progress == http1::Progress::done ? made.head.size() : 0;
    require(size == grammar::response_head(input, {.status_without_space = lenient}),
            "the grammar recognises the same responses");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of_input(data, size);
  const ResponseParser usual;
  const ResponseParser strict{tight};
  const ResponseParser reader{wide};
  check_grammar(input);
  check_folds(input);
  check_instruction_sets(usual.limits, input);
  check_instruction_sets(tight, input);
  const auto whole = fuzz::check_head(usual, reader, input);
  check_methods(whole, input);
  if (whole.progress == http1::Progress::done) check_response(whole.head);
  const auto narrow = fuzz::check_head(strict, reader, input);
  if (narrow.progress == http1::Progress::done) fuzz::require_same(narrow, whole);
  return 0;
}
