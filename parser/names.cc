// Recognition of methods and field names.
//
// A field name is folded to one 64-bit key: its first and its last eight bytes, in lower case, and
// its length. A multiplier, searched by the compiler, spreads the keys of the known names over 512
// slots without a collision, so that one look-up leaves one candidate, which is then compared.
// Covered by tests/parser/names_test.cc.
#include "parser/names.h"

#include <array>
#include <bit>
#include <cstring>
#include <type_traits>

namespace http1 {
namespace {

constexpr std::array<std::string_view, method_count> method_texts = {
    "",        "GET",   "HEAD",   "POST",     "PUT",       "DELETE", "CONNECT",
    "OPTIONS", "TRACE", "PATCH",  "PROPFIND", "PROPPATCH", "MKCOL",  "COPY",
    "MOVE",    "LOCK",  "UNLOCK", "REPORT",   "SEARCH",
};

constexpr std::array<std::string_view, field_name_count> field_texts = {
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
    "Content-Location",
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
    "Want-Repr-Digest",
    "WWW-Authenticate",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-OC-MTime",
};

// Reads up to eight bytes as a little-endian number; one load at run time when there are eight.
constexpr std::uint64_t load(const char* bytes, std::size_t size) noexcept {
  if (!std::is_constant_evaluated() && size == 8 && std::endian::native == std::endian::little) {
    std::uint64_t word;
    std::memcpy(&word, bytes, 8);
    return word;
  }
  std::uint64_t word = 0;
  for (std::size_t at = 0; at < size; ++at) {
    word |= std::uint64_t{static_cast<unsigned char>(bytes[at])} << (8 * at);
  }
  return word;
}

constexpr std::uint64_t all_lower_case = 0x2020202020202020;

constexpr std::uint64_t key_of(std::string_view name) noexcept {
  const std::size_t size = name.size() < 8 ? name.size() : 8;
  const std::uint64_t first = load(name.data(), size) | all_lower_case;
  const std::uint64_t last = load(name.data() + name.size() - size, size) | all_lower_case;
  return first ^ std::rotl(last, 29) ^ (name.size() << 56);
}

constexpr unsigned slot_bits = 9;
constexpr std::size_t slot_count = std::size_t{1} << slot_bits;

constexpr std::size_t slot_of(std::uint64_t key, std::uint64_t multiplier) noexcept {
  return static_cast<std::size_t>((key * multiplier) >> (64 - slot_bits));
}

using Keys = std::array<std::uint64_t, field_name_count>;

constexpr Keys keys_of_fields() noexcept {
  Keys keys{};
  for (std::size_t at = 1; at < keys.size(); ++at) keys[at] = key_of(field_texts[at]);
  return keys;
}

constexpr bool separates(const Keys& keys, std::uint64_t multiplier) noexcept {
  std::array<bool, slot_count> taken{};
  for (std::size_t at = 1; at < keys.size(); ++at) {
    bool& slot = taken[slot_of(keys[at], multiplier)];
    if (slot) return false;
    slot = true;
  }
  return true;
}

constexpr std::uint64_t find_multiplier() noexcept {
  constexpr std::uint64_t step = 0x9e3779b97f4a7c15;  // 2^64 divided by the golden ratio
  const Keys keys = keys_of_fields();
  std::uint64_t multiplier = step;
  while (!separates(keys, multiplier)) multiplier += step << 1;
  return multiplier;
}

constexpr std::uint64_t multiplier = find_multiplier();

constexpr std::array<FieldName, slot_count> make_slots() noexcept {
  std::array<FieldName, slot_count> slots{};
  for (std::size_t at = 1; at < field_name_count; ++at) {
    slots[slot_of(key_of(field_texts[at]), multiplier)] = static_cast<FieldName>(at);
  }
  return slots;
}

constexpr std::array<FieldName, slot_count> slots = make_slots();

constexpr char lower_case(char byte) noexcept {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte;
}

bool equal_folded(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) return false;
  for (std::size_t at = 0; at < left.size(); ++at) {
    if (lower_case(left[at]) != lower_case(right[at])) return false;
  }
  return true;
}

}  // namespace

Method method_of(std::string_view text) noexcept {
  if (text.empty()) return Method::unknown;
  for (std::size_t at = 1; at < method_texts.size(); ++at) {
    if (method_texts[at] == text) return static_cast<Method>(at);
  }
  return Method::unknown;
}

FieldName field_name_of(std::string_view text) noexcept {
  if (text.empty()) return FieldName::other;
  const FieldName candidate = slots[slot_of(key_of(text), multiplier)];
  return equal_folded(text, text_of(candidate)) ? candidate : FieldName::other;
}

std::string_view text_of(Method method) noexcept {
  return method_texts[static_cast<std::size_t>(method)];
}

std::string_view text_of(FieldName name) noexcept {
  return field_texts[static_cast<std::size_t>(name)];
}

std::string_view text_of(Version version) noexcept {
  return version == Version::http_1_0 ? "HTTP/1.0" : "HTTP/1.1";
}

}  // namespace http1
