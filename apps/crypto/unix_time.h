// Times of certificates as Unix times, for the sources of this library.
//
// Covered by tests/crypto/server_context_test.cc.
#pragma once

#include <cstdint>
#include <limits>
#include <openssl/asn1.h>
#include <time.h>

namespace crypto {

// The Unix time of an ASN.1 time; the latest time if it is malformed.
inline std::int64_t unix_time_of(const ASN1_TIME* time) {
  tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::numeric_limits<std::int64_t>::max();
  return ::timegm(&parts);
}

}  // namespace crypto
