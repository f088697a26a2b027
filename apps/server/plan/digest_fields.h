// The fields of RFC 9530: digests that a request announces, and digests that it wants. Pure.
//
// Content-Digest is about the content of the message, Repr-Digest about the whole file.
// parser/digests.h reads them; algorithms that it does not know are ignored beside one of its own.
// A problem is reported by the types of draft-ietf-httpapi-digest-fields-problem-types-06. Covered
// by tests/server/plan/digest_fields_test.cc and fuzz/digest_fields_fuzzer.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "parser/digests.h"
#include "parser/message.h"

namespace server {

using http1::Digest;
using http1::DigestAlgorithm;

// A digest that a request announces.
struct AnnouncedDigest {
  http1::FieldName field = http1::FieldName::content_digest;  // or repr_digest
  Digest digest;
};

enum class DigestProblem : std::uint8_t {
  none,
  malformed,    // a field is no dictionary
  invalid,      // a value is no byte sequence of the algorithm's size
  unsupported,  // a field has only algorithms that are not implemented
};

// The digests of Content-Digest and Repr-Digest of one request, both of them or none, of its header
// section and of its trailer section.
struct AnnouncedDigests {
  DigestProblem problem = DigestProblem::none;
  std::size_t count = 0;
  std::array<AnnouncedDigest, 8> values;  // the first `count` of them

  std::span<const AnnouncedDigest> all() const { return {values.data(), count}; }
  bool has(http1::FieldName field) const;
};

// Says whether a request announces any digest.
inline bool announces_digests(const http1::Head& head) {
  return head.has(http1::FieldName::content_digest) || head.has(http1::FieldName::repr_digest);
}

AnnouncedDigests read_digests(const http1::Head& head);

// The algorithm that Want-Content-Digest or Want-Repr-Digest prefers; empty: it wants none that is
// implemented.
std::optional<DigestAlgorithm> wanted_digest(const http1::Head& head, http1::FieldName field);

// The longest line of write_digest_line().
inline constexpr std::size_t most_digest_line_bytes = 128;

// Writes the field line that has `digest`, with its CR LF, into `buffer` of
// most_digest_line_bytes. Returns a view of it.
std::string_view write_digest_line(http1::FieldName field, const Digest& digest,
                                   std::span<char> buffer);

// The explanation of DigestProblem::malformed, which has no problem type.
inline constexpr std::string_view malformed_digests =
    "Content-Digest and Repr-Digest are to be dictionaries as 'sha-256=:BASE64:'";

// The size of a buffer for the texts of the next functions.
inline constexpr std::size_t digest_problem_bytes = 2048;

// Write the problem details of RFC 9457 in JSON into `buffer`, of digest_problem_bytes. Return a
// view of it. The first is about DigestProblem::invalid or unsupported of `head`; the second is
// about digests that differ from those of the received bytes, which are never sent: they would
// help to find out bytes of a file that the client may not read.
std::string_view write_digest_problem(const http1::Head& head, DigestProblem problem,
                                      std::span<char> buffer);
std::string_view write_mismatch(std::span<const AnnouncedDigest> mismatched,
                                std::span<char> buffer);

}  // namespace server
