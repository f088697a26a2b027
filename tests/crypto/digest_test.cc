// The digests of the standards' examples, and comparing and wiping secrets.
#include "apps/crypto/digest.h"

#include <algorithm>
#include <array>
#include <string>

#include <gtest/gtest.h>

#include "parser/hex.h"

namespace crypto {
namespace {

std::string hex(const Sha256& digest) {
  std::string text(2 * digest.size(), '\0');
  char* at = text.data();
  for (const unsigned char byte : digest) at = http1::write_hex_byte(at, byte);
  return text;
}

std::string sha256_of(std::string_view bytes) {
  Sha256 digest{};
  EXPECT_TRUE(sha256(bytes, digest));
  return hex(digest);
}

// FIPS 180-2, appendix B.
TEST(Digest, IsSha256) {
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

// FIPS 180-2, appendices B and C.
TEST(Digest, OfBytesInPiecesIsThatOfTheWhole) {
  const std::string text =
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
      "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
  const auto digest_of = [&](DigestStream::Algorithm algorithm, std::size_t bytes,
                             std::size_t piece) {
    DigestStream stream(algorithm);
    for (std::size_t at = 0; at < text.size(); at += piece) stream.add(text.substr(at, piece));
    std::array<unsigned char, 64> digest{};
    EXPECT_TRUE(stream.finish(digest));
    std::string hexadecimal(2 * bytes, '\0');
    char* at = hexadecimal.data();
    for (std::size_t i = 0; i < bytes; ++i) at = http1::write_hex_byte(at, digest[i]);
    return hexadecimal;
  };
  for (const std::size_t piece : {1U, 7U, 64U, 1000U}) {
    EXPECT_EQ(digest_of(DigestStream::Algorithm::sha_512, 64, piece),
              "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
              "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909");
    EXPECT_EQ(digest_of(DigestStream::Algorithm::sha_256, 32, piece), sha256_of(text));
  }
}

// RFC 4231 section 4.2 and 4.3.
TEST(Digest, IsHmac) {
  Sha256 code{};
  const std::string key(20, '\x0b');
  const auto bytes_of = [](const std::string& text) {
    return std::span(reinterpret_cast<const unsigned char*>(text.data()), text.size());
  };
  ASSERT_TRUE(hmac_sha256(bytes_of(key), "Hi There", code));
  EXPECT_EQ(hex(code), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  ASSERT_TRUE(hmac_sha256(bytes_of("Jefe"), "what do ya want for nothing?", code));
  EXPECT_EQ(hex(code), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Secrets, AreEqualInLengthAndBytes) {
  EXPECT_TRUE(equal_secrets(std::string_view("abc"), "abc"));
  EXPECT_FALSE(equal_secrets(std::string_view("abc"), "abd"));
  EXPECT_FALSE(equal_secrets(std::string_view("abc"), "ab"));
  EXPECT_TRUE(equal_secrets(std::string_view(), ""));
}

TEST(Secrets, AreWiped) {
  std::string secret = "secret";
  wipe(secret);
  EXPECT_TRUE(std::all_of(secret.begin(), secret.end(), [](char c) { return c == '\0'; }));
}

}  // namespace
}  // namespace crypto
