// Covered by tests/client/command/sha256_test.cc.
#include "apps/client/command/sha256.h"

#include <algorithm>
#include <span>

#include "apps/client/command/json_reader.h"
#include "parser/digests.h"
#include "parser/hex.h"

namespace client {

std::optional<Sha256> parse_sha256(std::string_view hex) {
  Sha256 digest{};
  if (!http1::read_hex_bytes(hex, digest)) return {};
  return digest;
}

std::string hex_text(const Sha256& digest) {
  std::string text(2 * digest.size(), '\0');
  char* to = text.data();
  for (const unsigned char byte : digest) to = http1::write_hex_byte(to, byte);
  return text;
}

std::string field_text(const Sha256& digest) {
  http1::Digest one{.algorithm = http1::DigestAlgorithm::sha_256};
  std::copy(digest.begin(), digest.end(), one.bytes.begin());
  std::array<char, http1::most_digest_text_bytes> text{};
  return std::string(http1::write_digest(one, text));
}

std::optional<Sha256> announced_sha256(const http1::ResponseHead& head) {
  http1::FieldDigests digests;
  if (!http1::add_digests(head, http1::FieldName::repr_digest, digests)) return {};
  const auto& value = digests.of(http1::DigestAlgorithm::sha_256);
  if (!value.is_present || !value.is_valid) return {};
  Sha256 digest{};
  std::copy_n(value.digest.bytes.begin(), digest.size(), digest.begin());
  return digest;
}

bool reports_mismatch(std::string_view problem) {
  JsonReader json(problem);
  bool is_mismatch = false;
  bool is_first = true;
  if (!json.take_open('{')) return false;
  while (json.take_next('}', is_first)) {
    const std::optional<std::string> name = json.take_name();
    if (name == "type" && json.kind() == JsonReader::Kind::string) {
      const std::optional<std::string> type = json.take_string();
      is_mismatch = type && type->ends_with("#digest-mismatched-values");
    } else {
      json.skip();
    }
  }
  return is_mismatch && !json.failed();
}

}  // namespace client
