// Codings: which precompressed sibling of a file a client accepts. Pure.
//
// quoitd compresses nothing. It sends `a.css.br`, `a.css.zst` or `a.css.gz` in place of `a.css`
// where that file exists in the directory of `a.css` and the client accepts its coding. RFC 9110
// sections 8.4 and 12.5.3. Covered by tests/server/plan/precompressed_test.cc and
// fuzz/coding_fuzzer.cc.
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

// The codings that the client accepts, by falling weight; codings of equal weight in the order br,
// zstd, gzip. A coding of a lower weight than identity is left out. Where no sibling exists the
// plain file is sent even to a client with "identity;q=0", which RFC 9110 section 12.5.3 permits.
// None for a Range without If-Range: wget2 -c and curl --compressed -C resume a file that they have
// stored uncompressed, and cannot use a part of another representation.
CodingChoice acceptable_codings(const http1::RequestHead& head);

// Says whether a sibling with that modification time may be sent in place of a file with that one,
// both in nanoseconds: the sibling is not older. A sibling of whole seconds may be up to one second
// older, because some compressors copy the time without its nanoseconds.
bool is_current(std::int64_t sibling_ns, std::int64_t file_ns);

}  // namespace server
