// Writing and reading the text. Covered by tests/server/plan/digest_attribute_test.cc and
// fuzz/digest_attribute_fuzzer.cc.
#include "apps/server/plan/digest_attribute.h"

#include <array>
#include <charconv>
#include <span>

#include "parser/hex.h"

namespace server {

using http1::Digest;
using http1::DigestAlgorithm;

namespace {

constexpr std::size_t hex_bytes = 64;

}  // namespace

std::string_view write_digest_attribute(const FileFacts& facts, const Digest& digest,
                                        std::span<char> buffer) {
  char* at = buffer.data();
  char* const end = at + buffer.size();
  *at++ = '1';
  *at++ = ' ';
  at = std::to_chars(at, end, facts.size).ptr;
  *at++ = ' ';
  at = std::to_chars(at, end, facts.mtime_ns).ptr;
  *at++ = ' ';
  for (std::size_t i = 0; i < hex_bytes / 2; ++i) at = http1::write_hex_byte(at, digest.bytes[i]);
  return {buffer.data(), static_cast<std::size_t>(at - buffer.data())};
}

// Facts and digest have one text. The text with the digest that is read must therefore be the text
// that was given, which leaves no other way to write a number.
bool read_digest_attribute(std::string_view text, const FileFacts& facts, Digest& digest) {
  if (text.size() < hex_bytes || text.size() > most_digest_attribute_bytes) return false;
  if (!facts.has_validators()) return false;
  Digest found{.algorithm = DigestAlgorithm::sha_256};
  const std::span<unsigned char> bytes = std::span(found.bytes).first(hex_bytes / 2);
  // Whether the digits are in lower case shows when the text is compared.
  if (!http1::read_hex_bytes(text.substr(text.size() - hex_bytes), bytes)) return false;
  std::array<char, most_digest_attribute_bytes> expected;
  if (write_digest_attribute(facts, found, expected) != text) return false;
  digest = found;
  return true;
}

}  // namespace server
