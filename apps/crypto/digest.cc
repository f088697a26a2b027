// Calls of libcrypto. Covered by tests/crypto/digest_test.cc.
#include "apps/crypto/digest.h"

#include <algorithm>
#include <cassert>
#include <memory>
#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace crypto {

namespace {

// Fetched once: a call with EVP_sha256() looks the algorithm up each time, which takes longer than
// the digest of a short text.
const EVP_MD* algorithm() {
  static const EVP_MD* const fetched = ::EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched;
}

const EVP_MD* algorithm_of(DigestStream::Algorithm name) {
  static const EVP_MD* const sha_512 = ::EVP_MD_fetch(nullptr, "SHA512", nullptr);
  return name == DigestStream::Algorithm::sha_512 ? sha_512 : algorithm();
}

// Computes the digest of two texts, one behind the other.
bool digest_of(std::span<const unsigned char> first, std::string_view second, Sha256& digest) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context(::EVP_MD_CTX_new(),
                                                                          &::EVP_MD_CTX_free);
  return context && algorithm() && ::EVP_DigestInit_ex(context.get(), algorithm(), nullptr) == 1 &&
         ::EVP_DigestUpdate(context.get(), first.data(), first.size()) == 1 &&
         ::EVP_DigestUpdate(context.get(), second.data(), second.size()) == 1 &&
         ::EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
}

}  // namespace

bool sha256(std::string_view bytes, Sha256& digest) { return digest_of({}, bytes, digest); }

// The two digests of RFC 2104, since HMAC(3) of OpenSSL 3.0 takes three times as long.
bool hmac_sha256(std::span<const unsigned char> key, std::string_view bytes, Sha256& code) {
  std::array<unsigned char, 64> inner{};  // the block of SHA-256
  std::array<unsigned char, 64> outer{};
  assert(key.size() <= inner.size());
  std::copy(key.begin(), key.end(), inner.begin());
  std::copy(key.begin(), key.end(), outer.begin());
  for (unsigned char& byte : inner) byte ^= 0x36;
  for (unsigned char& byte : outer) byte ^= 0x5c;
  Sha256 digest{};
  const bool is_made =
      digest_of(inner, bytes, digest) &&
      digest_of(outer, {reinterpret_cast<const char*>(digest.data()), digest.size()}, code);
  ::OPENSSL_cleanse(inner.data(), inner.size());
  ::OPENSSL_cleanse(outer.data(), outer.size());
  return is_made;
}

DigestStream::DigestStream(Algorithm algorithm) : context_(::EVP_MD_CTX_new()) {
  const EVP_MD* const fetched = algorithm_of(algorithm);
  is_valid_ = context_ && fetched && ::EVP_DigestInit_ex(context_, fetched, nullptr) == 1;
}

DigestStream::~DigestStream() { ::EVP_MD_CTX_free(context_); }

void DigestStream::add(std::string_view bytes) {
  is_valid_ = is_valid_ && ::EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1;
}

bool DigestStream::finish(std::span<unsigned char> digest) {
  assert(!is_valid_ || digest.size() >= static_cast<std::size_t>(::EVP_MD_CTX_get_size(context_)));
  return is_valid_ && ::EVP_DigestFinal_ex(context_, digest.data(), nullptr) == 1;
}

bool equal_secrets(std::string_view left, std::string_view right) {
  return left.size() == right.size() &&
         ::CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

bool equal_secrets(const Sha256& left, const Sha256& right) {
  return ::CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

void wipe(std::span<char> bytes) { ::OPENSSL_cleanse(bytes.data(), bytes.size()); }

}  // namespace crypto
