// Fuzzes the readers of digest fields: the input is the field lines of a request.
//
// Oracles:
//   - digests that are read have the size of their algorithm, and at most one each by field
//   - a digest, written as a line and read again, is that digest
//   - a problem is told in JSON that fits its buffer, without control bytes or quotes in a text
//   - an algorithm that is wanted is one of the two
//   - in a trailer section, in any two pieces, the lines give the digests that they give in a head
//   - no call allocates
// Covered by the replay of corpus/digest_fields in every build.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/plan/digest_fields.h"
#include "apps/server/plan/trailers.h"
#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"
#include "parser/chunked.h"
#include "parser/parse.h"

namespace {

using fuzz::require;
using http1::FieldName;
using server::AnnouncedDigests;
using server::DigestProblem;

http1::RequestHead parse(std::string_view bytes) {
  http1::RequestHead head;
  if (http1::parse_request(bytes, head) != http1::Progress::done) head.reset();
  return head;
}

void check_round_trip(const server::AnnouncedDigest& one) {
  std::array<char, server::most_digest_line_bytes> buffer{};
  const std::string_view line = server::write_digest_line(one.field, one.digest, buffer);
  const fuzz::Text text = {"PUT /a HTTP/1.1\r\nHost: a\r\n", line, "\r\n"};
  const fuzz::Block bytes(text.view());
  const http1::RequestHead head = parse(bytes.view());
  const AnnouncedDigests again = server::read_digests(head);
  require(again.problem == DigestProblem::none && again.count == 1, "a written digest is read");
  const server::AnnouncedDigest& other = again.values[0];
  require(other.field == one.field && other.digest.algorithm == one.digest.algorithm &&
              std::ranges::equal(other.digest.value(), one.digest.value()),
          "it is the digest that was written");
}

void check_json(std::string_view text) {
  require(text.starts_with("{\"type\":\"https://") && text.ends_with("}]}\n"), "it is an object");
  const auto quotes = std::count(text.begin(), text.end(), '"');
  require(quotes % 2 == 0, "each text ends");
  const bool is_plain = std::all_of(text.begin(), text.end() - 1,
                                    [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
  require(is_plain, "no byte needs an escape");
}

void check_head(const http1::RequestHead& head) {
  AnnouncedDigests digests;
  std::array<char, server::digest_problem_bytes> buffer{};
  std::string_view text;
  {
    const fuzz::NoAllocation none;
    digests = server::read_digests(head);
    const DigestProblem problem = digests.problem;
    if (problem == DigestProblem::invalid || problem == DigestProblem::unsupported) {
      text = server::write_digest_problem(head, problem, buffer);
    } else if (problem == DigestProblem::none && digests.count > 0) {
      text = server::write_mismatch(digests.all(), buffer);
    }
    (void)server::wanted_digest(head, FieldName::want_repr_digest);
    (void)server::wanted_digest(head, FieldName::want_content_digest);
  }
  if (!text.empty()) check_json(text);
  require(server::announces_digests(head) || digests.problem == DigestProblem::none,
          "a problem needs a field");
  if (digests.problem != DigestProblem::none) return;
  require(digests.count <= digests.values.size(), "there are two of two algorithms");
  for (const server::AnnouncedDigest& one : digests.all()) check_round_trip(one);
}

bool is_same(const AnnouncedDigests& left, const AnnouncedDigests& right) {
  return left.problem == right.problem &&
         std::ranges::equal(left.all(), right.all(), [](const auto& one, const auto& other) {
           return one.field == other.field && one.digest.algorithm == other.digest.algorithm &&
                  std::ranges::equal(one.digest.value(), other.digest.value());
         });
}

// Decodes a trailer section with these lines, which are valid in the head of a request.
void check_trailers(const http1::RequestHead& head, std::string_view lines) {
  const fuzz::Text text = {"0\r\n", lines, "\r\n\r\n"};
  const fuzz::Block bytes(text.view());
  const std::size_t cut = fuzz::Random(lines).below(text.view().size());
  http1::ChunkedDecoder decoder;
  server::Trailers trailers;
  http1::ChunkedDecoder::Result result;
  for (const std::string_view piece : {bytes.view().substr(0, cut), bytes.view().substr(cut)}) {
    fuzz::Block block(piece);
    result = decoder.decode(block.data(), piece.size());
    require(trailers.add(result.trailers), "memory is not exhausted");
  }
  if (result.progress != http1::Progress::done || trailers.empty()) return;
  http1::RequestHead again;
  require(trailers.read(again), "what the decoder accepts can be parsed");
  require(again.field_count() == head.field_count(), "no line is lost");
  require(is_same(server::read_digests(again), server::read_digests(head)),
          "digests are read alike in both sections");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view lines = fuzz::text_of_input(data, size);
  const fuzz::Text text = {"PUT /a HTTP/1.1\r\nHost: a\r\n", lines, "\r\n\r\n"};
  const fuzz::Block bytes(text.view());
  http1::RequestHead head;
  if (http1::parse_request(bytes.view(), head) != http1::Progress::done) return 0;
  check_head(head);
  if (head.size() == text.view().size()) check_trailers(head, lines);
  return 0;
}
