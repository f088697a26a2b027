// The extended attribute that keeps the digest of a file, as text. Pure.
//
// The text is "1 SIZE MTIME_NS HEX": a version, the size and the modification time (nanoseconds
// since 1970) of the file whose digest it is, and its sha-256. Other programs may change the file
// without the attribute, or copy the attribute to another file, so that it counts only where size
// and time are those of the file. The time of the last status change cannot be in it, because
// writing the attribute changes that time. Covered by tests/server/plan/digest_attribute_test.cc
// and fuzz/digest_attribute_fuzzer.cc.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "apps/server/plan/facts.h"
#include "parser/digests.h"

namespace server {

inline constexpr const char* digest_attribute_name = "user.quoit.sha256";

// The longest text: the version, two numbers of 64 bits, and 64 digits.
inline constexpr std::size_t most_digest_attribute_bytes = 1 + 1 + 20 + 1 + 20 + 1 + 64;

// Writes the text about a file with these facts, whose sha-256 is `digest`, into `buffer` of
// most_digest_attribute_bytes. Returns a view of it.
std::string_view write_digest_attribute(const FileFacts& facts, const http1::Digest& digest,
                                        std::span<char> buffer);

// Reads the text. False, and `digest` unchanged: it is no such text, or about a file with other
// facts, or these identify no version (FileFacts::has_validators()).
bool read_digest_attribute(std::string_view text, const FileFacts& facts, http1::Digest& digest);

}  // namespace server
