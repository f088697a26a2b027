// Fuzzes parse_request: the input is a client's bytes, as on the wire.
//
// Oracles: those of head_oracle.h (cuts do not matter; proper prefixes give `more`; errors are
// final and at the earliest byte; views follow the bytes; lookups agree; the round trip), under the
// default limits and under tight ones without leniencies; and for an accepted request:
//   - HTTP/1.1 has exactly one Host, and parse_authority accepts the authority
//   - split_target finds the same form, authority, path and query in the target
//   - a request that the strict rules accept, the lenient rules accept with equal contents
// and for any input: grammar.h, written from the ABNF, recognises the same heads; all instruction
// sets, and the automaton alone, give equal results. No call that parses or writes allocates.
// Covered by the replay of corpus/request in every build.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "fuzz/grammar.h"
#include "fuzz/head_oracle.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"
#include "parser/limits.h"
#include "parser/parse.h"
#include "parser/simd.h"
#include "parser/target.h"

namespace {

using fuzz::require;

struct RequestParser {
  using Head = http1::RequestHead;
  http1::Limits limits = {};
  http1::Simd simd = http1::choose_simd();

  http1::Progress operator()(std::string_view bytes, Head& head) const {
    const fuzz::NoAllocation none;
    return http1::parse_request(bytes, head, limits, simd);
  }

  static void same(const Head& left, const Head& right) {
    require(left.method() == right.method(), "the method is the same");
    require(left.method_text() == right.method_text(), "the method's text is the same");
    require(left.target() == right.target(), "the target is the same");
    require(left.target_form() == right.target_form(), "the target's form is the same");
    require(left.path() == right.path(), "the path is the same");
    require(left.has_query() == right.has_query(), "the presence of a query is the same");
    require(left.query() == right.query(), "the query is the same");
    require(left.authority() == right.authority(), "the authority is the same");
    require(left.expectation() == right.expectation(), "the expectation is the same");
  }

  static void write_start(const Head& head, http1::HeadWriter& writer) {
    writer.request_line(head.method_text(), head.target(), head.version());
  }
};

// Small enough for inputs of a few dozen bytes to reach every limit.
constexpr http1::Limits tight = {.head_bytes = 192,
                                 .fields = 4,
                                 .target_bytes = 24,
                                 .method_bytes = 8,
                                 .lenient = {.browser_target_bytes = false}};
constexpr http1::Limits wide = {.head_bytes = http1::max_head_bytes, .fields = http1::max_fields};

void check_request(const http1::RequestHead& head) {
  require(head.method() == http1::method_of(head.method_text()), "the method matches its text");
  const bool needs_host = head.version() == http1::Version::http_1_1;
  require(!needs_host || head.has(http1::FieldName::host), "HTTP/1.1 has Host");
  require(!head.has_repeated(http1::FieldName::host), "Host occurs once");
  http1::Authority authority;
  require(head.authority().empty() || http1::parse_authority(head.authority(), authority),
          "the authority is valid");

  http1::TargetParts parts;
  const http1::Error error = http1::split_target(head.target(), head.method(), parts);
  require(error == http1::Error::none, "the target has a form that its method allows");
  require(parts.form == head.target_form(), "split_target finds the same form");
  require(parts.query == head.query() && parts.has_query == head.has_query(), "and query");
  require(parts.authority.empty() || parts.authority == head.authority(), "and authority");
  const bool has_root_for_empty =
      parts.form == http1::TargetForm::absolute && parts.path.empty() && head.path() == "/";
  require(parts.path == head.path() || has_root_for_empty, "and path");
}

// The automaton alone, which reads single bytes where the instruction sets read lines.
struct Automaton : RequestParser {
  http1::Progress operator()(std::string_view bytes, Head& head) const {
    const fuzz::NoAllocation none;
    return http1::continue_request(bytes, head, limits, nullptr);
  }
};

void check_instruction_sets(const http1::Limits& limits, std::string_view input) {
  const auto expected = fuzz::attempt(Automaton{{limits}}, input);
  for (const http1::Simd simd : http1::all_simd) {
    if (!http1::is_supported(simd)) continue;
    fuzz::require_same_head(expected, fuzz::attempt(RequestParser{limits, simd}, input));
  }
}

// Longer inputs reach limits, which the grammar does not model.
void check_grammar(std::string_view input) {
  constexpr std::size_t below_all_limits = 4096;
  if (input.size() > below_all_limits) return;
  for (const bool lenient : {true, false}) {
    const RequestParser parser{{.lenient = {.browser_target_bytes = lenient}}};
    const auto made = fuzz::attempt(parser, input);
    const std::size_t size = made.progress == http1::Progress::done ? made.head.size() : 0;
    require(size == grammar::request_head(input, {.browser_target_bytes = lenient}),
            "the grammar recognises the same requests");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of_input(data, size);
  const RequestParser usual;
  const RequestParser strict{tight};
  const RequestParser reader{wide};
  check_grammar(input);
  check_instruction_sets(usual.limits, input);
  check_instruction_sets(tight, input);
  const auto whole = fuzz::check_head(usual, reader, input);
  if (whole.progress == http1::Progress::done) check_request(whole.head);
  const auto narrow = fuzz::check_head(strict, reader, input);
  if (narrow.progress == http1::Progress::done) fuzz::require_same(narrow, whole);
  return 0;
}
