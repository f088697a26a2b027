// From dictionaries to digests, and back. Covered by tests/parser/digests_test.cc and
// fuzz/digest_fields_fuzzer.cc.
#include "parser/digests.h"

#include <cassert>

#include "parser/structured_fields.h"

namespace http1 {

namespace {

void take_value(const StructuredItem& item, FieldDigests::Value& value) noexcept {
  value.is_present = true;
  const std::span<char> bytes(reinterpret_cast<char*>(value.digest.bytes.data()),
                              value.digest.bytes.size());
  // RFC 9651 section 4.2.7: the padding may be missing.
  const auto decoded = item.kind == StructuredItem::Kind::bytes
                           ? decode_base64(item.text, bytes, false)
                           : std::nullopt;
  value.is_valid = decoded && decoded->size() == size_of(value.digest.algorithm);
}

}  // namespace

std::string_view name_of(DigestAlgorithm algorithm) noexcept {
  return algorithm == DigestAlgorithm::sha_256 ? "sha-256" : "sha-512";
}

std::size_t size_of(DigestAlgorithm algorithm) noexcept {
  return algorithm == DigestAlgorithm::sha_256 ? 32 : 64;
}

std::optional<DigestAlgorithm> digest_algorithm_of(std::string_view key) noexcept {
  for (const DigestAlgorithm algorithm : digest_algorithms) {
    if (key == name_of(algorithm)) return algorithm;
  }
  return std::nullopt;
}

bool add_digests(std::string_view line, FieldDigests& digests) noexcept {
  DictionaryReader reader(line);
  std::string_view key;
  StructuredItem item;
  auto outcome = reader.next(key, item);
  for (; outcome == DictionaryReader::Outcome::member; outcome = reader.next(key, item)) {
    const std::optional<DigestAlgorithm> algorithm = digest_algorithm_of(key);
    if (!algorithm) {
      digests.has_unknown = true;
      continue;
    }
    FieldDigests::Value& value = digests.values[static_cast<std::size_t>(*algorithm)];
    value.digest.algorithm = *algorithm;
    take_value(item, value);
  }
  return outcome == DictionaryReader::Outcome::end;
}

bool add_digests(const Head& head, FieldName field, FieldDigests& digests) noexcept {
  for (const Field line : head.fields(field)) {
    if (!add_digests(line.value, digests)) return false;
  }
  return true;
}

std::string_view write_digest_value(const Digest& digest, std::span<char> buffer) noexcept {
  assert(buffer.size() >= most_digest_value_bytes);
  const std::size_t size = encode_base64(digest.value(), buffer.subspan(1)).size();
  buffer[0] = ':';
  buffer[size + 1] = ':';
  return {buffer.data(), size + 2};
}

std::string_view write_digest(const Digest& digest, std::span<char> buffer) noexcept {
  const std::string_view name = name_of(digest.algorithm);
  name.copy(buffer.data(), name.size());
  buffer[name.size()] = '=';
  const std::size_t begin = name.size() + 1;
  return {buffer.data(), begin + write_digest_value(digest, buffer.subspan(begin)).size()};
}

}  // namespace http1
