// What TLS takes from its surroundings, fixed: random bytes, the time, and a certificate. An input
// then gives the same bytes in each run.
//
// Covered by the replay of corpus/tls in every build, which compares the bytes of several runs.
#pragma once

#include <cstdint>
#include <string>

#include "parser/splitmix64.h"

namespace fuzz {

// Random bytes for one side of a connection.
struct RandomStream {
  explicit RandomStream(std::uint64_t seed) : numbers(seed) {}
  http1::SplitMix64 numbers;
};

// From here to the next call, OpenSSL takes all random bytes from `stream`, which the caller keeps.
// Only for programs with one thread.
void use_random(RandomStream& stream);

// Writes a key for ECDSA (P-256) and a certificate by itself for localhost to the two files.
void write_certificate(const std::string& certificate_path, const std::string& key_path);

}  // namespace fuzz
