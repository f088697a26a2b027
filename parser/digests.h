// Digests in fields: Content-Digest and Repr-Digest of RFC 9530.
//
// Each is a dictionary from the name of an algorithm to a byte sequence. sha-256 and sha-512 are
// implemented; the members of other algorithms are recognised and left out. Pure functions over
// field values; nothing is allocated. Covered by tests/parser/digests_test.cc and
// fuzz/digest_fields_fuzzer.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "parser/base64.h"
#include "parser/message.h"

namespace http1 {

enum class DigestAlgorithm : std::uint8_t { sha_256, sha_512 };

inline constexpr std::array digest_algorithms = {DigestAlgorithm::sha_256,
                                                 DigestAlgorithm::sha_512};
inline constexpr std::size_t most_digest_bytes = 64;

// The key of the algorithm in a dictionary, and the size of its digests in bytes.
[[nodiscard]] std::string_view name_of(DigestAlgorithm algorithm) noexcept;
[[nodiscard]] std::size_t size_of(DigestAlgorithm algorithm) noexcept;
// The algorithm of that key; empty: it is not implemented.
[[nodiscard]] std::optional<DigestAlgorithm> digest_algorithm_of(std::string_view key) noexcept;

// A digest; the first size_of(algorithm) of its bytes.
struct Digest {
  DigestAlgorithm algorithm = DigestAlgorithm::sha_256;
  std::array<unsigned char, most_digest_bytes> bytes{};

  [[nodiscard]] std::span<const unsigned char> value() const noexcept {
    return {bytes.data(), size_of(algorithm)};
  }
};

// The digests of one field.
struct FieldDigests {
  struct Value {
    bool is_present = false;
    bool is_valid = false;  // it is a byte sequence of the algorithm's size
    Digest digest;
  };
  std::array<Value, digest_algorithms.size()> values;  // by algorithm
  bool has_unknown = false;                            // the field has other algorithms

  [[nodiscard]] const Value& of(DigestAlgorithm algorithm) const noexcept {
    return values[static_cast<std::size_t>(algorithm)];
  }
};

// Adds the digests of one line of a field. Of an algorithm that occurs again, the last value
// counts. False: the line is no dictionary.
[[nodiscard]] bool add_digests(std::string_view line, FieldDigests& digests) noexcept;
// Adds those of all lines of the field.
[[nodiscard]] bool add_digests(const Head& head, FieldName field, FieldDigests& digests) noexcept;

// A member of a dictionary as text, and a byte sequence between its colons as text.
inline constexpr std::size_t most_digest_value_bytes = base64_size(most_digest_bytes) + 2;
inline constexpr std::size_t most_digest_text_bytes = 8 + most_digest_value_bytes;

// Writes the digest as a byte sequence, ":BASE64:", and as a member of a dictionary,
// "sha-256=:BASE64:", into `buffer`, of the size above. Both return a view of it.
std::string_view write_digest_value(const Digest& digest, std::span<char> buffer) noexcept;
std::string_view write_digest(const Digest& digest, std::span<char> buffer) noexcept;

}  // namespace http1
