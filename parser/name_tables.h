// The tables by which methods and field names are recognised, computed by the compiler. Not
// installed.
//
// A field name is hashed by its last four bytes, its first two and its size. A multiplier, searched
// by the compiler, spreads the known names over the slots without a collision, so that one look-up
// leaves one candidate. That is compared with 32 bytes at once, as many of them as the name and its
// colon have, which is why the comparison is also one of sizes. No code branches on the name, since
// no branch predictor knows which field comes next. Methods of up to seven letters are one word
// each, which is looked up by its hash.
// Covered by tests/parser/names_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parser/bytes.h"
#include "parser/vocabulary.h"

namespace http1::names {

inline constexpr std::array<std::string_view, method_count> method_texts = {
    "",        "GET",   "HEAD",   "POST",     "PUT",       "DELETE", "CONNECT",
    "OPTIONS", "TRACE", "PATCH",  "PROPFIND", "PROPPATCH", "MKCOL",  "COPY",
    "MOVE",    "LOCK",  "UNLOCK", "REPORT",   "SEARCH",
};

inline constexpr std::array<std::string_view, field_name_count> field_texts = {
    "",
    "Accept",
    "Accept-Encoding",
    "Accept-Ranges",
    "Access-Control-Request-Headers",
    "Access-Control-Request-Method",
    "Allow",
    "Authorization",
    "Cache-Control",
    "Connection",
    "Content-Digest",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Length",
    "Content-Range",
    "Content-Type",
    "Cookie",
    "Date",
    "Depth",
    "Destination",
    "ETag",
    "Expect",
    "Forwarded",
    "Host",
    "If",
    "If-Match",
    "If-Modified-Since",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Keep-Alive",
    "Last-Modified",
    "Location",
    "Lock-Token",
    "Origin",
    "Overwrite",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "Range",
    "Referer",
    "Repr-Digest",
    "Retry-After",
    "Server",
    "Set-Cookie",
    "TE",
    "Timeout",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Upload-Complete",
    "Upload-Draft-Interop-Version",
    "Upload-Length",
    "Upload-Limit",
    "Upload-Offset",
    "User-Agent",
    "Vary",
    "Want-Content-Digest",
    "Want-Repr-Digest",
    "WWW-Authenticate",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-OC-MTime",
};

// ---- field names --------------------------------------------------------------------------------

// Folding by this bit is exact among token characters, for names of letters and hyphens.
inline constexpr char lower_case_bit = 0x20;

inline constexpr unsigned field_bits = 9;
inline constexpr std::size_t longest_field = 31;
inline constexpr std::size_t field_slots = (std::size_t{1} << field_bits) + longest_field + 1;

// `first` and `last` are the first two and the last four bytes as words. What precedes a name of
// two or three bytes is the CR LF of the line before.
constexpr std::uint32_t key_of(std::uint16_t first, std::uint32_t last) noexcept {
  return (last ^ first) | 0x20202020U;
}

constexpr std::size_t field_slot(std::uint32_t key, std::size_t size,
                                 std::uint32_t multiplier) noexcept {
  return (static_cast<std::uint32_t>(key * multiplier) >> (32 - field_bits)) + size;
}

// The key of a name outside a head, of at least two bytes.
constexpr std::uint32_t key_of(std::string_view name) noexcept {
  std::uint32_t last = static_cast<std::uint32_t>(word_of("\r\n\r\n", 4));
  for (const char byte : name) {
    last = last >> 8 | std::uint32_t{static_cast<unsigned char>(byte)} << 24;
  }
  return key_of(static_cast<std::uint16_t>(word_of(name.data(), 2)), last);
}

constexpr bool separates(std::uint32_t multiplier) noexcept {
  std::array<bool, field_slots> taken{};
  for (std::size_t at = 1; at < field_name_count; ++at) {
    bool& slot = taken[field_slot(key_of(field_texts[at]), field_texts[at].size(), multiplier)];
    if (slot) return false;
    slot = true;
  }
  return true;
}

constexpr std::uint32_t find_multiplier() noexcept {
  constexpr std::uint32_t step = 0x9e3779b9;  // 2^32 divided by the golden ratio
  std::uint32_t multiplier = step;
  while (!separates(multiplier)) multiplier += step << 1;
  return multiplier;
}

inline constexpr std::uint32_t field_multiplier = find_multiplier();

// By name: 32 bytes that begin with the name in lower case and its colon. 32 bytes more stand
// before the first, so that a text may be read from up to 32 bytes before where it begins.
inline constexpr std::size_t folded_size = 32;

struct FieldTables {
  char before[folded_size];
  char folded[field_name_count][folded_size];
  std::uint32_t masks[field_name_count];  // a bit for each byte of name and colon; of `other`, none
  FieldName candidates[field_slots];      // by slot: the one name that may be it
};

constexpr FieldTables make_field_tables() noexcept {
  FieldTables tables{};
  for (std::size_t name = 1; name < field_name_count; ++name) {
    const std::string_view text = field_texts[name];
    for (std::size_t at = 0; at < text.size(); ++at) {
      tables.folded[name][at] = static_cast<char>(text[at] | lower_case_bit);
    }
    tables.folded[name][text.size()] = ':';  // has lower_case_bit too
    tables.masks[name] = static_cast<std::uint32_t>(low_bits(text.size() + 1));
    tables.candidates[field_slot(key_of(text), text.size(), field_multiplier)] =
        static_cast<FieldName>(name);
  }
  return tables;
}

alignas(64)
    [[gnu::visibility("hidden")]] inline constexpr FieldTables field_tables = make_field_tables();

// ---- methods ------------------------------------------------------------------------------------

inline constexpr std::size_t word_method_size = 7;  // with a space behind it: a word

constexpr std::size_t count_word_methods() noexcept {
  std::size_t count = 0;
  for (std::size_t at = 1; at < method_count; ++at) {
    if (method_texts[at].size() <= word_method_size) ++count;
  }
  return count;
}

inline constexpr unsigned method_bits = 6;
// Gives each of them a slot of its own, as make_method_slots() checks.
inline constexpr std::uint64_t method_multiplier = 0x9e3779b97f4a7c15;

constexpr std::size_t method_slot(std::uint64_t word) noexcept {
  return static_cast<std::size_t>((word * method_multiplier) >> (64 - method_bits));
}

struct MethodSlot {
  std::uint64_t word = ~std::uint64_t{0};  // no method is this word
  Method method = Method::unknown;
};

constexpr std::array<MethodSlot, std::size_t{1} << method_bits> make_method_slots() noexcept {
  std::array<MethodSlot, std::size_t{1} << method_bits> slots;
  slots.fill(
      MethodSlot());  // g++ 12 ignores the member's default if it makes the table at run time
  for (std::size_t at = 1; at < method_count; ++at) {
    const std::string_view text = method_texts[at];
    if (text.size() > word_method_size) continue;
    const std::uint64_t word = word_of(text.data(), text.size());
    if (slots[method_slot(word)].method != Method::unknown) return {};  // does not compile below
    slots[method_slot(word)] = {word, static_cast<Method>(at)};
  }
  return slots;
}

[[gnu::visibility("hidden")]] inline constexpr auto method_slots = make_method_slots();
static_assert(method_slots[method_slot(word_of("GET", 3))].method == Method::get);

// The method whose letters are this word, zeros behind them; or unknown.
inline Method method_of_word(std::uint64_t word) noexcept {
  const MethodSlot& slot = method_slots[method_slot(word)];
  return slot.word == word ? slot.method : Method::unknown;
}

}  // namespace http1::names
