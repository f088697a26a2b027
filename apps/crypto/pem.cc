// PEM by way of memory. Covered by tests/crypto/server_context_test.cc.
#include "apps/crypto/pem.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "apps/crypto/problem_text.h"

namespace crypto {

namespace {

Problem unreadable(const std::string& path, Problem::Kind kind, int error) {
  return {kind, "cannot read " + path + ": " + std::generic_category().message(error)};
}

// A file descriptor that is closed at the end of a block.
struct OpenFile {
  explicit OpenFile(const std::string& path)
      : number(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)) {}
  ~OpenFile() {
    if (number >= 0) ::close(number);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  const int number;
};

// A BIO that reads `bytes`, which the caller keeps.
OwnedBio reader_of(const std::string& bytes) {
  return OwnedBio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

// The end of a PEM file is an error of OpenSSL: no further line begins an object.
bool is_end_of_pem() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

// Adds all objects of a PEM file that `read_next` finds to `objects`. `name` is the plural of them.
template <class Object, class ReadNext>
Problem read_objects(const std::string& path, Problem::Kind kind, const char* name,
                     ReadNext read_next, std::vector<Object>& objects) {
  std::string bytes;
  if (Problem problem = read_file(path, kind, bytes)) return problem;
  const OwnedBio bio = reader_of(bytes);
  if (!bio) return out_of_memory();
  const std::size_t before = objects.size();
  ERR_clear_error();
  while (Object next{read_next(bio.get())}) objects.push_back(std::move(next));
  if (!is_end_of_pem()) {
    return {kind, path + " has a damaged entry: " + take_error_text()};
  }
  ERR_clear_error();
  if (objects.size() > before) return {};
  return {kind, path + " contains no " + name + " in PEM format"};
}

// Refuses a passphrase: no person is there to type it when a server starts by itself.
int give_no_passphrase(char* /*text*/, int /*size*/, int /*writes*/, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

}  // namespace

Problem read_file(const std::string& path, Problem::Kind kind, std::string& bytes) {
  const OpenFile file(path);
  if (file.number < 0) return unreadable(path, kind, errno);
  struct stat status {};
  if (::fstat(file.number, &status) != 0) return unreadable(path, kind, errno);
  if (S_ISDIR(status.st_mode)) return unreadable(path, kind, EISDIR);
  bytes.clear();
  std::string piece(65536, '\0');
  while (true) {
    const ssize_t got = ::read(file.number, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(path, kind, errno);
    if (got == 0) break;
    bytes.append(piece, 0, static_cast<std::size_t>(got));
    if (bytes.size() > most_pem_bytes) return unreadable(path, kind, EFBIG);
  }
  OPENSSL_cleanse(piece.data(), piece.size());
  return {};
}

Problem read_certificates(const std::string& path, Problem::Kind kind,
                          std::vector<OwnedCertificate>& certificates) {
  const auto read_next = [](BIO* bio) {
    return PEM_read_bio_X509_AUX(bio, nullptr, nullptr, nullptr);
  };
  return read_objects(path, kind, "certificate", read_next, certificates);
}

Problem read_revocations(const std::string& path, std::vector<OwnedRevocations>& lists) {
  const auto read_next = [](BIO* bio) {
    return PEM_read_bio_X509_CRL(bio, nullptr, nullptr, nullptr);
  };
  return read_objects(path, Problem::Kind::authorities, "list of revoked certificates", read_next,
                      lists);
}

Problem read_key(const std::string& path, OwnedKey& key) {
  std::string bytes;
  if (Problem problem = read_file(path, Problem::Kind::certificate, bytes)) return problem;
  const OwnedBio bio = reader_of(bytes);
  if (!bio) return out_of_memory();
  ERR_clear_error();
  bool was_asked = false;
  key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, give_no_passphrase, &was_asked));
  const bool is_absent = bytes.find("PRIVATE KEY-----") == std::string::npos;
  OPENSSL_cleanse(bytes.data(), bytes.size());
  if (key) return {};
  const std::string reason = take_error_text();
  if (was_asked) {
    return {Problem::Kind::certificate,
            path + " is encrypted; write it without a passphrase, as by 'openssl pkey -in " + path +
                " -out FILE'"};
  }
  if (is_absent) {
    return {Problem::Kind::certificate, path + " contains no private key in PEM format"};
  }
  return {Problem::Kind::certificate, path + " has no usable private key: " + reason};
}

Problem use_pair(SSL_CTX* context, const std::string& certificate_path,
                 const std::string& key_path) {
  constexpr auto kind = Problem::Kind::certificate;
  std::vector<OwnedCertificate> chain;
  if (Problem problem = read_certificates(certificate_path, kind, chain)) return problem;
  OwnedKey key;
  if (Problem problem = read_key(key_path, key)) return problem;
  ERR_clear_error();
  if (X509_check_private_key(chain.front().get(), key.get()) != 1) {
    ERR_clear_error();
    return {kind, "the key " + key_path + " does not belong to the certificate " +
                      certificate_path + ", whose file has it first"};
  }
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return {kind, "cannot use the certificate " + certificate_path + ": " + take_error_text()};
  }
  SSL_CTX_clear_chain_certs(context);  // of the certificate that was used last
  for (std::size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) {
      return {kind, "cannot use the chain of " + certificate_path + ": " + take_error_text()};
    }
  }
  return {};
}

}  // namespace crypto
