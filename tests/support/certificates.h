// Certificates for tests: an authority, and certificates that it signs, as PEM files.
//
// They are made in the test, so that no key is in the repository and none expires.
// Covered by tests/crypto/server_context_test.cc, whose tests use them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace test_support {

enum class KeyKind : std::uint8_t { ec, rsa };

struct CertificateTerms {
  std::vector<std::string> names = {"localhost"};  // "1.2.3.4" is an address, others are of the DNS
  KeyKind kind = KeyKind::ec;
  std::string common_name = "quoit test";
  std::string email = {};
  long starts_in_s = -3600;  // of its validity, from now
  long ends_in_s = 86400;
  bool is_for_clients = false;
};

// An authority. Its files are in a directory, which the caller keeps.
class Authority {
 public:
  explicit Authority(std::string directory, const std::string& name = "authority");
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  // The file of its own certificate.
  const std::string& path() const { return path_; }

  struct Files {
    std::string certificate;  // with the chain
    std::string key;
    long serial;
  };
  // Signs a certificate, and writes it and its key to NAME.crt and NAME.key.
  Files sign(const std::string& name, const CertificateTerms& terms = {}) const;

  // Writes a list of revoked certificates to NAME.crl. Returns its path.
  std::string revoke(const std::string& name, const std::vector<long>& serials,
                     long ends_in_s = 86400) const;

 private:
  struct Parts;
  const std::string directory_;
  const std::string path_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace test_support
