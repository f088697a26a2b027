// Objects of OpenSSL as std::unique_ptr, for the sources of this library.
//
// Covered by all tests of tests/crypto/.
#pragma once

#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace crypto {

template <auto free_it>
struct FreeBy {
  template <class Object>
  void operator()(Object* object) const {
    free_it(object);
  }
};

template <class Object, auto free_it>
using Owned = std::unique_ptr<Object, FreeBy<free_it>>;

using OwnedContext = Owned<SSL_CTX, SSL_CTX_free>;
using OwnedBio = Owned<BIO, BIO_free>;
using OwnedCertificate = Owned<X509, X509_free>;
using OwnedRevocations = Owned<X509_CRL, X509_CRL_free>;
using OwnedKey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using OwnedStore = Owned<X509_STORE, X509_STORE_free>;

// Functions for those that are macros of OpenSSL.
inline void free_bytes(unsigned char* bytes) { OPENSSL_free(bytes); }
inline void free_name_list(STACK_OF(X509_NAME) * names) {
  sk_X509_NAME_pop_free(names, X509_NAME_free);
}
using OwnedNameList = Owned<STACK_OF(X509_NAME), free_name_list>;

}  // namespace crypto
