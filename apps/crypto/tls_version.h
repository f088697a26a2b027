// TlsVersion: the oldest version of TLS that a context accepts.
//
// Covered by tests/crypto/tls_session_test.cc.
#pragma once

#include <cstdint>

namespace crypto {

enum class TlsVersion : std::uint8_t { tls_1_2, tls_1_3 };

}  // namespace crypto
