// SHA-256, SHA-512, HMAC-SHA-256, and the two operations on secrets that a compiler must not
// shorten.
//
// Tokens are stored as their SHA-256, and checked passwords are cached under an HMAC, so that
// neither a file nor the memory of a cache contains a secret. Files are verified by digests of
// their bytes. Safe on every thread. Covered by tests/crypto/digest_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

struct evp_md_ctx_st;

namespace crypto {

using Sha256 = std::array<unsigned char, 32>;

// Computes the SHA-256 of `bytes`. False: the library has no memory.
[[nodiscard]] bool sha256(std::string_view bytes, Sha256& digest);

// Computes the HMAC-SHA-256 of `bytes` under `key` (RFC 2104), which has at most 64 bytes. False:
// the library has no memory.
[[nodiscard]] bool hmac_sha256(std::span<const unsigned char> key, std::string_view bytes,
                               Sha256& code);

// The digest of bytes that come in pieces. One thread uses it.
class DigestStream {
 public:
  enum class Algorithm : unsigned char { sha_256, sha_512 };

  explicit DigestStream(Algorithm algorithm);
  ~DigestStream();
  DigestStream(const DigestStream&) = delete;
  DigestStream& operator=(const DigestStream&) = delete;

  void add(std::string_view bytes);
  // Writes the digest, of 32 or 64 bytes, to the front of `digest`, which is large enough. To be
  // called once, and nothing after it. False: the library has no memory.
  [[nodiscard]] bool finish(std::span<unsigned char> digest);

 private:
  evp_md_ctx_st* context_;  // owned
  bool is_valid_;           // no call has failed
};

// Whether both texts are equal, in a time that depends on their lengths alone.
[[nodiscard]] bool equal_secrets(std::string_view left, std::string_view right);
[[nodiscard]] bool equal_secrets(const Sha256& left, const Sha256& right);

// Overwrites memory that has contained a secret.
void wipe(std::span<char> bytes);

}  // namespace crypto
