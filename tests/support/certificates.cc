// Keys, signatures and PEM files by OpenSSL. Covered by tests/crypto/server_context_test.cc.
#include "tests/support/certificates.h"

#include <atomic>
#include <cstdio>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdexcept>
#include <sys/stat.h>

namespace test_support {

namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

void require(bool is_fine, const char* what) {
  if (!is_fine) throw std::runtime_error(std::string("certificates for tests: ") + what);
}

Key make_key(KeyKind kind) {
  Key key(kind == KeyKind::ec ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048), EVP_PKEY_free);
  require(key != nullptr, "a key");
  return key;
}

long next_serial() {
  static std::atomic<long> last = 1000;
  return ++last;
}

void add_name(X509_NAME* name, const char* part, const std::string& text) {
  X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(text.c_str()), -1, -1, 0);
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  require(extension != nullptr, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

Certificate begin_certificate(EVP_PKEY* key, const std::string& common_name, long starts_in_s,
                              long ends_in_s) {
  Certificate certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), next_serial());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), starts_in_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), ends_in_s);
  X509_set_pubkey(certificate.get(), key);
  add_name(X509_get_subject_name(certificate.get()), "CN", common_name);
  return certificate;
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File create(const std::string& path) {
  File file(std::fopen(path.c_str(), "we"), std::fclose);
  require(file != nullptr, path.c_str());
  return file;
}

bool is_address(const std::string& name) {
  return name.find_first_not_of("0123456789.") == std::string::npos ||
         name.find(':') != std::string::npos;
}

std::string alternative_names(const CertificateTerms& terms) {
  std::string text;
  for (const std::string& name : terms.names) {
    text += (text.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  }
  if (!terms.email.empty()) text += (text.empty() ? "email:" : ",email:") + terms.email;
  return text;
}

}  // namespace

struct Authority::Parts {
  Key key = make_key(KeyKind::ec);
  Certificate certificate = Certificate(nullptr, X509_free);
};

Authority::Authority(std::string directory, const std::string& name)
    : directory_(std::move(directory)),
      path_(directory_ + "/" + name + ".pem"),
      parts_(std::make_unique<Parts>()) {
  parts_->certificate = begin_certificate(parts_->key.get(), name, -86400, 864000);
  X509* const certificate = parts_->certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
  require(X509_sign(certificate, parts_->key.get(), EVP_sha256()) > 0, "signing");
  require(PEM_write_X509(create(path_).get(), certificate) == 1, "writing");
}

Authority::~Authority() = default;

Authority::Files Authority::sign(const std::string& name, const CertificateTerms& terms) const {
  const Key key = make_key(terms.kind);
  const Certificate certificate =
      begin_certificate(key.get(), terms.common_name, terms.starts_in_s, terms.ends_in_s);
  X509* const issuer = parts_->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
  const std::string names = alternative_names(terms);
  if (!names.empty()) add_extension(certificate.get(), issuer, NID_subject_alt_name, names);
  add_extension(certificate.get(), issuer, NID_ext_key_usage,
                terms.is_for_clients ? "clientAuth" : "serverAuth");
  require(X509_sign(certificate.get(), parts_->key.get(), EVP_sha256()) > 0, "signing");
  const Files files{.certificate = directory_ + "/" + name + ".crt",
                    .key = directory_ + "/" + name + ".key",
                    .serial = ASN1_INTEGER_get(X509_get0_serialNumber(certificate.get()))};
  require(PEM_write_X509(create(files.certificate).get(), certificate.get()) == 1, "writing");
  require(PEM_write_PrivateKey(create(files.key).get(), key.get(), nullptr, nullptr, 0, nullptr,
                               nullptr) == 1,
          "writing");
  ::chmod(files.key.c_str(), 0600);
  return files;
}

std::string Authority::revoke(const std::string& name, const std::vector<long>& serials,
                              long ends_in_s) const {
  const std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)> list(X509_CRL_new(), X509_CRL_free);
  X509_CRL_set_version(list.get(), 1);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(parts_->certificate.get()));
  ASN1_TIME* const begin = X509_gmtime_adj(nullptr, -86400);
  ASN1_TIME* const end = X509_gmtime_adj(nullptr, ends_in_s);
  X509_CRL_set1_lastUpdate(list.get(), begin);
  X509_CRL_set1_nextUpdate(list.get(), end);
  for (const long serial : serials) {
    X509_REVOKED* const revoked = X509_REVOKED_new();
    ASN1_INTEGER* const number = ASN1_INTEGER_new();
    ASN1_INTEGER_set(number, serial);
    X509_REVOKED_set_serialNumber(revoked, number);
    X509_REVOKED_set_revocationDate(revoked, begin);
    X509_CRL_add0_revoked(list.get(), revoked);
    ASN1_INTEGER_free(number);
  }
  ASN1_TIME_free(begin);
  ASN1_TIME_free(end);
  X509_CRL_sort(list.get());
  require(X509_CRL_sign(list.get(), parts_->key.get(), EVP_sha256()) > 0, "signing a list");
  const std::string path = directory_ + "/" + name + ".crl";
  require(PEM_write_X509_CRL(create(path).get(), list.get()) == 1, "writing");
  return path;
}

}  // namespace test_support
