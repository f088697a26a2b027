// From dictionaries to digests, and problem details. Covered by
// tests/server/plan/digest_fields_test.cc and fuzz/digest_fields_fuzzer.cc.
#include "apps/server/plan/digest_fields.h"

#include <algorithm>

#include "apps/server/plan/append.h"
#include "apps/server/plan/base64.h"
#include "apps/server/plan/structured_fields.h"
#include "parser/names.h"

namespace server {

using http1::FieldName;
using http1::Head;

namespace {

constexpr std::array algorithms = {DigestAlgorithm::sha_256, DigestAlgorithm::sha_512};
constexpr std::array digest_fields = {FieldName::content_digest, FieldName::repr_digest};

std::optional<DigestAlgorithm> algorithm_of(std::string_view key) {
  for (const DigestAlgorithm algorithm : algorithms) {
    if (key == name_of(algorithm)) return algorithm;
  }
  return std::nullopt;
}

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

// The digests of one field: by algorithm, the last value counts.
struct FieldDigests {
  struct Value {
    bool is_present = false;
    bool is_valid = false;
    Digest digest;
  };
  std::array<Value, algorithms.size()> values;
  bool has_unknown = false;
};

void take_value(const StructuredItem& item, DigestAlgorithm algorithm, FieldDigests::Value& value) {
  value.is_present = true;
  value.digest.algorithm = algorithm;
  const std::span<char> bytes(reinterpret_cast<char*>(value.digest.bytes.data()),
                              value.digest.bytes.size());
  // RFC 9651 section 4.2.7: the padding may be missing.
  const auto decoded = item.kind == StructuredItem::Kind::bytes
                           ? decode_base64(item.text, bytes, false)
                           : std::nullopt;
  value.is_valid = decoded && decoded->size() == size_of(algorithm);
}

// False: the field is malformed.
bool read_field(const Head& head, FieldName field, FieldDigests& digests) {
  return walk(head, field, [&digests](std::string_view key, const StructuredItem& item) {
    const std::optional<DigestAlgorithm> algorithm = algorithm_of(key);
    if (algorithm)
      take_value(item, *algorithm, digests.values[static_cast<std::size_t>(*algorithm)]);
    else
      digests.has_unknown = true;
    return true;
  });
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
  if (!read_field(head, field, digests)) return;
  for (const FieldDigests::Value& value : digests.values) {
    if (!value.is_present || value.is_valid) continue;
    writer.begin(name_of(value.digest.algorithm), field);
    writer.member("reason", reason_for(value.digest.algorithm));
    writer.end();
  }
}

void list_unsupported(const Head& head, FieldName field, ProblemWriter& writer) {
  FieldDigests digests;
  if (!read_field(head, field, digests) || is_any_present(digests)) return;
  walk(head, field, [&](std::string_view key, const StructuredItem& /*item*/) {
    if (writer.is_full()) return false;
    writer.begin(key, field);
    writer.end();
    return true;
  });
}

// The text of a digest as a byte sequence.
using DigestText = std::array<char, base64_size(most_digest_bytes) + 2>;

std::string_view write_value(const Digest& digest, DigestText& buffer) {
  const std::span<char> rest(buffer.data() + 1, buffer.size() - 1);
  const std::size_t size = encode_base64(digest.value(), rest).size();
  buffer[0] = ':';
  buffer[size + 1] = ':';
  return {buffer.data(), size + 2};
}

}  // namespace

std::string_view name_of(DigestAlgorithm algorithm) {
  return algorithm == DigestAlgorithm::sha_256 ? "sha-256" : "sha-512";
}

std::size_t size_of(DigestAlgorithm algorithm) {
  return algorithm == DigestAlgorithm::sha_256 ? 32 : 64;
}

bool AnnouncedDigests::has(FieldName field) const {
  return std::any_of(all().begin(), all().end(),
                     [field](const AnnouncedDigest& one) { return one.field == field; });
}

AnnouncedDigests read_digests(const Head& head) {
  AnnouncedDigests announced;
  for (const FieldName field : digest_fields) {
    FieldDigests digests;
    if (!read_field(head, field, digests)) return {.problem = DigestProblem::malformed};
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
  std::array<std::int64_t, algorithms.size()> weights{};
  const bool is_valid = walk(head, field, [&](std::string_view key, const StructuredItem& item) {
    const std::optional<DigestAlgorithm> algorithm = algorithm_of(key);
    if (!algorithm) return true;
    // RFC 9530 section 4: from 1 on with growing preference; 0 is not wanted.
    const bool is_weight =
        item.kind == StructuredItem::Kind::integer && item.integer >= 0 && item.integer <= 10;
    weights[static_cast<std::size_t>(*algorithm)] = is_weight ? item.integer : 0;
    return true;
  });
  const auto best = std::max_element(weights.begin(), weights.end());
  if (!is_valid || *best == 0) return std::nullopt;
  return algorithms[static_cast<std::size_t>(best - weights.begin())];
}

std::string_view write_digest_line(FieldName field, const Digest& digest, std::span<char> buffer) {
  DigestText value;
  std::string_view text(buffer.data(), 0);
  for (const std::string_view piece :
       {http1::text_of(field), std::string_view(": "), name_of(digest.algorithm),
        std::string_view("="), write_value(digest, value), std::string_view("\r\n")}) {
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
    DigestText value;
    writer.begin(name_of(one.digest.algorithm), one.field);
    writer.member("provided_digest", write_value(one.digest, value));
    writer.end();
  }
  return writer.finish();
}

}  // namespace server
