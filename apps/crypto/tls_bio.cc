// The callbacks of the BIO; BIO_meth_new(3) describes them. Covered by
// tests/crypto/tls_session_test.cc.
#include "apps/crypto/tls_bio.h"

#include <algorithm>
#include <cstring>

namespace crypto {

namespace {

int read_bytes(BIO* bio, char* to, std::size_t size, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  *count = 0;
  auto* const buffers = static_cast<TlsBuffers*>(BIO_get_data(bio));
  if (!buffers || buffers->in.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  *count = std::min(size, buffers->in.size());
  std::memcpy(to, buffers->in.data(), *count);
  buffers->in.remove_prefix(*count);
  return 1;
}

int write_bytes(BIO* bio, const char* from, std::size_t size, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  *count = 0;
  auto* const buffers = static_cast<TlsBuffers*>(BIO_get_data(bio));
  if (!buffers || buffers->out.empty()) {
    BIO_set_retry_write(bio);
    return -1;
  }
  *count = std::min(size, buffers->out.size());
  std::memcpy(buffers->out.data(), from, *count);
  buffers->out = buffers->out.subspan(*count);
  return 1;
}

// OpenSSL flushes after each flight of a handshake. Every other request is answered with 0, also
// the one whether the kernel encrypts (BIO_CTRL_GET_KTLS_SEND).
long control(BIO* /*bio*/, int request, long /*number*/, void* /*pointer*/) {
  return request == BIO_CTRL_FLUSH ? 1 : 0;
}

int create(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

// Made once for the process and never freed, since sessions on other threads may use it to the end.
BIO_METHOD* make_method() {
  BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "quoit");
  if (!method) return nullptr;
  BIO_meth_set_read_ex(method, read_bytes);
  BIO_meth_set_write_ex(method, write_bytes);
  BIO_meth_set_ctrl(method, control);
  BIO_meth_set_create(method, create);
  return method;
}

}  // namespace

BIO* new_tls_bio() {
  static BIO_METHOD* const method = make_method();
  return method ? BIO_new(method) : nullptr;
}

}  // namespace crypto
