// From dictionaries to digests, and problem details. Covered by
// tests/server/plan/digest_fields_test.cc and fuzz/digest_fields_fuzzer.cc.
#include "apps/server/plan/digest_fields.h"

#include <algorithm>

#include "apps/server/plan/append.h"
#include "parser/names.h"
#include "parser/structured_fields.h"

namespace server {

using http1::DictionaryReader;
using http1::digest_algorithms;
using http1::FieldDigests;
using http1::FieldName;
using http1::Head;
using http1::StructuredItem;

namespace {

constexpr std::array digest_fields = {FieldName::content_digest, FieldName::repr_digest};

// Calls use(key, item) for each member of the dictionary in the lines of a field, until it returns
// false. False: the field is malformed.
template <class Use>
bool walk(const Head& head, FieldName field, Use use) {
  for (const http1::Field line : head.fields(field)) {
    DictionaryReader reader(line.value);
    std::string_view key;
    StructuredItem item;
    auto outcome = reader.next(key, item);
    for (; outcome == DictionaryReader::Outcome::member; outcome = reader.next(key, item)) {
      if (!use(key, item)) return true;
    }
    if (outcome == DictionaryReader::Outcome::malformed) return false;
  }
  return true;
}

bool is_any_present(const FieldDigests& digests) {
  return std::any_of(digests.values.begin(), digests.values.end(),
                     [](const FieldDigests::Value& value) { return value.is_present; });
}

// Problem details in JSON, as far as they fit into the buffer. The list of digests is cut before
// that: a client may name any number of algorithms.
class ProblemWriter {
 public:
  ProblemWriter(std::span<char> buffer, std::string_view type, std::string_view title,
                std::string_view list)
      : buffer_(buffer), text_(buffer.data(), 0) {
    add(R"({"type":"https://iana.org/assignments/http-problem-types#)");
    add(type);
    add(R"(","title":")");
    add(title);
    add(R"(","status":400,")");
    add(list);
    add(R"(":[)");
  }

  // Keys of dictionaries and names of fields have no byte that JSON escapes.
  void begin(std::string_view key, FieldName field) {
    add(count_++ > 0 ? "," : "");
    add(R"({"algorithm":")");
    add(key.substr(0, most_key_bytes));
    add(R"(","header":")");
    add(http1::text_of(field));
    add("\"");
  }
  void member(std::string_view name, std::string_view value) {
    add(",\"");
    add(name);
    add("\":\"");
    add(value);
    add("\"");
  }
  void end() { add("}"); }
  bool is_full() const { return count_ == most_entries; }

  std::string_view finish() {
    add("]}\n");
    return text_;
  }

 private:
  static constexpr std::size_t most_entries = 8;
  static constexpr std::size_t most_key_bytes = 64;

  void add(std::string_view more) { text_ = append(buffer_, text_, more); }

  std::span<char> buffer_;
  std::string_view text_;
  std::size_t count_ = 0;
};

std::string_view reason_for(DigestAlgorithm algorithm) {
  return algorithm == DigestAlgorithm::sha_256 ? "the value is no byte sequence of 32 bytes"
                                               : "the value is no byte sequence of 64 bytes";
}

void list_invalid(const Head& head, FieldName field, ProblemWriter& writer) {
  FieldDigests digests;
  if (!add_digests(head, field, digests)) return;
  for (const FieldDigests::Value& value : digests.values) {
    if (!value.is_present || value.is_valid) continue;
    writer.begin(name_of(value.digest.algorithm), field);
    writer.member("reason", reason_for(value.digest.algorithm));
    writer.end();
  }
}

void list_unsupported(const Head& head, FieldName field, ProblemWriter& writer) {
  FieldDigests digests;
  if (!add_digests(head, field, digests) || is_any_present(digests)) return;
  walk(head, field, [&](std::string_view key, const StructuredItem& /*item*/) {
    if (writer.is_full()) return false;
    writer.begin(key, field);
    writer.end();
    return true;
  });
}

}  // namespace

bool AnnouncedDigests::has(FieldName field) const {
  return std::any_of(all().begin(), all().end(),
                     [field](const AnnouncedDigest& one) { return one.field == field; });
}

AnnouncedDigests read_digests(const Head& head) {
  AnnouncedDigests announced;
  for (const FieldName field : digest_fields) {
    FieldDigests digests;
    if (!add_digests(head, field, digests)) return {.problem = DigestProblem::malformed};
    if (digests.has_unknown && !is_any_present(digests)) {
      announced.problem = std::max(announced.problem, DigestProblem::unsupported);
    }
    for (const FieldDigests::Value& value : digests.values) {
      if (!value.is_present) continue;
      // A value that cannot be right is an error of the client, whatever else it sends.
      if (!value.is_valid) announced.problem = DigestProblem::invalid;
      announced.values[announced.count++] = {.field = field, .digest = value.digest};
    }
    if (announced.problem == DigestProblem::invalid) break;
  }
  return announced;
}

std::optional<DigestAlgorithm> wanted_digest(const Head& head, FieldName field) {
  std::array<std::int64_t, digest_algorithms.size()> weights{};
  const bool is_valid = walk(head, field, [&](std::string_view key, const StructuredItem& item) {
    const std::optional<DigestAlgorithm> algorithm = http1::digest_algorithm_of(key);
    if (!algorithm) return true;
    // RFC 9530 section 4: from 1 on with growing preference; 0 is not wanted.
    const bool is_weight =
        item.kind == StructuredItem::Kind::integer && item.integer >= 0 && item.integer <= 10;
    weights[static_cast<std::size_t>(*algorithm)] = is_weight ? item.integer : 0;
    return true;
  });
  const auto best = std::max_element(weights.begin(), weights.end());
  if (!is_valid || *best == 0) return std::nullopt;
  return digest_algorithms[static_cast<std::size_t>(best - weights.begin())];
}

std::string_view write_digest_line(FieldName field, const Digest& digest, std::span<char> buffer) {
  std::array<char, http1::most_digest_text_bytes> value;
  std::string_view text(buffer.data(), 0);
  for (const std::string_view piece : {http1::text_of(field), std::string_view(": "),
                                       write_digest(digest, value), std::string_view("\r\n")}) {
    text = append(buffer, text, piece);
  }
  return text;
}

std::string_view write_digest_problem(const Head& head, DigestProblem problem,
                                      std::span<char> buffer) {
  const bool is_invalid = problem == DigestProblem::invalid;
  ProblemWriter writer(buffer,
                       is_invalid ? "digest-invalid-values" : "digest-unsupported-algorithms",
                       is_invalid ? "a digest cannot be a value of its algorithm"
                                  : "only sha-256 and sha-512 are supported",
                       is_invalid ? "invalid_digests" : "unsupported_algorithms");
  for (const FieldName field : digest_fields) {
    is_invalid ? list_invalid(head, field, writer) : list_unsupported(head, field, writer);
  }
  return writer.finish();
}

std::string_view write_mismatch(std::span<const AnnouncedDigest> mismatched,
                                std::span<char> buffer) {
  ProblemWriter writer(buffer, "digest-mismatched-values", "the received bytes have another digest",
                       "mismatched_digests");
  for (const AnnouncedDigest& one : mismatched) {
    std::array<char, http1::most_digest_value_bytes> value;
    writer.begin(name_of(one.digest.algorithm), one.field);
    writer.member("provided_digest", write_digest_value(one.digest, value));
    writer.end();
  }
  return writer.finish();
}

}  // namespace server
