// The BIO of a session: OpenSSL reads the bytes that a call was given, and writes into the memory
// that the call was given.
//
// It has no descriptor and keeps no bytes. A read without bytes and a write without space report
// that they have to be tried again, which ends the call of OpenSSL with SSL_ERROR_WANT_READ or
// SSL_ERROR_WANT_WRITE. Covered by tests/crypto/tls_session_test.cc.
#pragma once

#include <openssl/bio.h>

#include "apps/crypto/tls_buffers.h"

namespace crypto {

// A BIO without buffers; null if memory is exhausted. The caller frees it.
BIO* new_tls_bio();

// Lets the BIO use `buffers`, which the caller keeps, until the next call; null: none.
inline void use_buffers(BIO* bio, TlsBuffers* buffers) { BIO_set_data(bio, buffers); }

}  // namespace crypto
