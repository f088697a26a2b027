// Codings: which compressed sibling of a file a client may be sent. Pure.
//
// quoitd compresses nothing; it sends `a.css.br`, `a.css.zst` or `a.css.gz` in place of `a.css`
// where they lie beside it and the client takes them. RFC 9110 8.4, 12.5.3.
// Covered by tests/server/plan/precompressed_test.cc and fuzz/coding_fuzzer.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "parser/message.h"

namespace server {

enum class Coding : std::uint8_t { identity, br, zstd, gzip };

// "br", "zstd", "gzip": the value of Content-Encoding. Empty for identity.
std::string_view name_of(Coding coding);
// ".br", ".zst", ".gz": the end of a sibling's name. Empty for identity.
std::string_view suffix_of(Coding coding);

struct CodingChoice {
  std::array<Coding, 3> codings{};
  std::size_t count = 0;
  std::span<const Coding> wanted() const { return {codings.data(), count}; }
};
// The codings that the client takes, the one it likes best first; of equal ones the smallest first:
// br, zstd, gzip. Those that it likes less than the plain file are none of them. Where there is no
// sibling, the plain file is sent even if it says "identity;q=0": RFC 9110 12.5.3 lets it.
// None for a Range without If-Range: wget2 -c and curl --compressed -C go on with a file that they
// have uncompressed, and could do nothing with a piece of another representation.
CodingChoice acceptable_codings(const http1::RequestHead& head);

// Says whether a sibling of that time may stand for a file of that time, both in nanoseconds: it is
// not older. Compressors copy the time, some of them without its nanoseconds.
bool is_current(std::int64_t sibling_ns, std::int64_t file_ns);

}  // namespace server
