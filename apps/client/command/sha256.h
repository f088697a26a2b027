// SHA-256 digests as texts: of --verify, of the field Repr-Digest (RFC 9530), and for people; and
// the report of a server that a digest did not match.
//
// Pure; local/file_digest.h computes them. Covered by tests/client/command/sha256_test.cc.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "parser/message.h"

namespace client {

using Sha256 = std::array<unsigned char, 32>;

// The value of Want-Repr-Digest that asks for a SHA-256. RFC 9530 4.
inline constexpr std::string_view wants_sha256 = "sha-256=10";

// Reads 64 hexadecimal digits in either case.
[[nodiscard]] std::optional<Sha256> parse_sha256(std::string_view hex);

// The digest as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string hex_text(const Sha256& digest);

// The digest as the value of Repr-Digest: "sha-256=:BASE64:".
[[nodiscard]] std::string field_text(const Sha256& digest);

// The SHA-256 of the whole file that the response announces in Repr-Digest; nothing where it has
// none, or a malformed one.
[[nodiscard]] std::optional<Sha256> announced_sha256(const http1::ResponseHead& head);

// Says whether problem details (RFC 9457) in JSON are of the type digest-mismatched-values: the
// server has received bytes with another digest than the announced one.
[[nodiscard]] bool reports_mismatch(std::string_view problem);

}  // namespace client
