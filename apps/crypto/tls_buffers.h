// TlsBuffers: the bytes that one call of a TlsSession works on.
//
// Covered by tests/crypto/tls_session_test.cc.
#pragma once

#include <span>
#include <string_view>

namespace crypto {

// A call removes the bytes that it has used from the front of `in`, and the bytes that it has
// written from the front of `out`. The session keeps no pointer to either after the call.
struct TlsBuffers {
  std::string_view in;  // received bytes that no call has used yet
  std::span<char> out;  // free memory for bytes to be sent
};

}  // namespace crypto
