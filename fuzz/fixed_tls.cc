// Random bytes by RAND_set_rand_method(3), and time(2) and gettimeofday(2) in place of those of the
// C library. OpenSSL writes the time into tickets. Covered by the replay of corpus/tls in every
// build.
#define OPENSSL_SUPPRESS_DEPRECATED  // RAND_METHOD; a provider would be ten times the code
#include "fuzz/fixed_tls.h"

#include <cstdio>
#include <ctime>
#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "fuzz/require.h"

namespace {

constexpr std::time_t now_s = 1'800'000'000;

fuzz::RandomStream* current = nullptr;

int take_bytes(unsigned char* to, int count) {
  fuzz::require(current != nullptr, "random bytes come from a stream");
  for (int i = 0; i < count; ++i) {
    to[i] = static_cast<unsigned char>(current->numbers.next());
  }
  return 1;
}

int is_ready() { return 1; }

}  // namespace

// OpenSSL calls these instead of those of the C library.
extern "C" std::time_t time(std::time_t* result) noexcept {
  if (result) *result = now_s;
  return now_s;
}
extern "C" int gettimeofday(timeval* result, void* /*zone*/) noexcept {
  *result = {.tv_sec = now_s, .tv_usec = 0};
  return 0;
}

namespace fuzz {

void use_random(RandomStream& stream) {
  static const RAND_METHOD method = {nullptr, take_bytes, nullptr, nullptr, take_bytes, is_ready};
  if (!current) RAND_set_rand_method(&method);
  current = &stream;
}

void write_certificate(const std::string& certificate_path, const std::string& key_path) {
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> owner(X509_new(), X509_free);
  X509* const certificate = owner.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key.get());
  X509_EXTENSION* const names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
  require(names != nullptr && X509_add_ext(certificate, names, -1) == 1, "the name is added");
  X509_EXTENSION_free(names);
  require(X509_sign(certificate, key.get(), EVP_sha256()) > 0, "the certificate is signed");
  const File public_file(std::fopen(certificate_path.c_str(), "we"), std::fclose);
  const File private_file(std::fopen(key_path.c_str(), "we"), std::fclose);
  require(public_file && private_file, "the files of the certificate can be made");
  ::chmod(key_path.c_str(), 0600);
  require(PEM_write_X509(public_file.get(), certificate) == 1, "the certificate is written");
  require(PEM_write_PrivateKey(private_file.get(), key.get(), nullptr, nullptr, 0, nullptr,
                               nullptr) == 1,
          "the key is written");
}

}  // namespace fuzz
