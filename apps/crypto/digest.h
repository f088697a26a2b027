// SHA-256, HMAC-SHA-256, and the two operations on secrets that a compiler must not shorten.
//
// Tokens are stored as their SHA-256, and checked passwords are cached under an HMAC, so that
// neither a file nor the memory of a cache contains a secret. Safe on every thread. Covered by
// tests/crypto/digest_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace crypto {

using Sha256 = std::array<unsigned char, 32>;

// Computes the SHA-256 of `bytes`. False: the library has no memory.
[[nodiscard]] bool sha256(std::string_view bytes, Sha256& digest);

// Computes the HMAC-SHA-256 of `bytes` under `key` (RFC 2104), which has at most 64 bytes. False:
// the library has no memory.
[[nodiscard]] bool hmac_sha256(std::span<const unsigned char> key, std::string_view bytes,
                               Sha256& code);

// Whether both texts are equal, in a time that depends on their lengths alone.
[[nodiscard]] bool equal_secrets(std::string_view left, std::string_view right);
[[nodiscard]] bool equal_secrets(const Sha256& left, const Sha256& right);

// Overwrites memory that has contained a secret.
void wipe(std::span<char> bytes);

}  // namespace crypto
