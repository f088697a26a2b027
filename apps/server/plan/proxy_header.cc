// Version 1 is a line of text, version 2 is binary. Covered by
// tests/server/plan/proxy_header_test.cc and fuzz/proxy_header_fuzzer.cc.
#include "apps/server/plan/proxy_header.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "apps/server/plan/request_id.h"
#include "parser/fields.h"

namespace server {

using http1::Progress;

namespace {

constexpr std::string_view begin_of_v1 = "PROXY ";
constexpr std::size_t most_line_bytes = 107;  // with CRLF
constexpr std::string_view begin_of_v2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t fixed_bytes = 16;  // of version 2

// Whether `bytes` may be the begin of a text that begins with `begin`.
bool may_begin_with(std::string_view bytes, std::string_view begin) {
  const std::size_t count = std::min(bytes.size(), begin.size());
  return bytes.substr(0, count) == begin.substr(0, count);
}

// --- Version 1 ---

// Takes the bytes before the next space, and the space, off `rest`.
std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(' '), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

bool is_port(std::string_view text) {
  const std::optional<std::uint64_t> port = http1::parse_decimal(text);
  const bool has_leading_zero = text.size() > 1 && text.front() == '0';
  return port && *port <= 65535 && !has_leading_zero;
}

// Reads an address of the family that the line names.
std::optional<Peer> parse_address(std::string_view text, bool is_v6) {
  const bool has_colon = text.find(':') != std::string_view::npos;
  return has_colon == is_v6 ? parse_peer(text) : std::nullopt;
}

// Reads "TCP4 SOURCE DESTINATION PORT PORT" or "UNKNOWN" and anything. False: it is malformed.
bool read_line(std::string_view line, ProxyHeader& header) {
  const std::size_t spaces = static_cast<std::size_t>(std::count(line.begin(), line.end(), ' '));
  std::string_view rest = line;
  const std::string_view family = take_word(rest);
  if (family == "UNKNOWN") return true;
  const bool is_v6 = family == "TCP6";
  if ((!is_v6 && family != "TCP4") || spaces != 4) return false;
  header.client = parse_address(take_word(rest), is_v6);
  const bool has_destination = parse_address(take_word(rest), is_v6).has_value();
  const bool has_source_port = is_port(take_word(rest));
  return header.client && has_destination && has_source_port && is_port(rest);
}

Progress read_v1(std::string_view bytes, ProxyHeader& header) {
  if (!may_begin_with(bytes, begin_of_v1)) return Progress::failed;
  const std::string_view first = bytes.substr(0, most_line_bytes);
  const std::size_t end = first.find_first_of("\r\n");
  if (end == std::string_view::npos || end + 1 == first.size()) {
    const bool may_end = first.size() < most_line_bytes;
    const bool is_bare_lf = end != std::string_view::npos && first[end] == '\n';
    return may_end && !is_bare_lf ? Progress::more : Progress::failed;
  }
  if (end < begin_of_v1.size() || first.substr(end, 2) != "\r\n") return Progress::failed;
  header.size = end + 2;
  const std::string_view line = first.substr(begin_of_v1.size(), end - begin_of_v1.size());
  return read_line(line, header) ? Progress::done : Progress::failed;
}

// --- Version 2 ---

std::uint8_t byte_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::size_t number_at(std::string_view bytes, std::size_t at) {
  return std::size_t{byte_at(bytes, at)} << 8 | byte_at(bytes, at + 1);
}

// One step of CRC-32C (RFC 3720 appendix B.4), the checksum of the protocol.
std::uint32_t add_to_crc(std::uint32_t crc, std::uint8_t byte) {
  constexpr std::uint32_t reversed_polynomial = 0x82f63b78;
  crc ^= byte;
  for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? reversed_polynomial : 0);
  return crc;
}

// Whether the four bytes at `at` are the checksum of the header, computed with zeros in their
// place.
bool has_checksum(std::string_view header, std::size_t at) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (std::size_t i = 0; i < header.size(); ++i) {
    const bool is_own = i >= at && i < at + 4;
    crc = add_to_crc(crc, is_own ? 0 : byte_at(header, i));
  }
  const std::size_t announced = number_at(header, at) << 16 | number_at(header, at + 2);
  return announced == static_cast<std::uint32_t>(~crc);
}

// Reads the additional values (type, length, value) of the header `bytes` from `at` to the end.
// False: one is longer than the header, or the checksum is wrong.
bool read_values(std::string_view bytes, std::size_t at, ProxyHeader& header) {
  constexpr std::uint8_t type_of_checksum = 0x03;
  constexpr std::uint8_t type_of_unique_id = 0x05;
  while (at < bytes.size()) {
    if (bytes.size() - at < 3) return false;
    const std::uint8_t type = byte_at(bytes, at);
    const std::size_t size = number_at(bytes, at + 1);
    at += 3;
    if (size > bytes.size() - at) return false;
    if (type == type_of_checksum && (size != 4 || !has_checksum(bytes, at))) return false;
    const std::string_view value = bytes.substr(at, size);
    if (type == type_of_unique_id && is_request_id(value)) header.unique_id = value;
    at += size;
  }
  return true;
}

// The size of the addresses of that family and protocol. Empty: the protocol does not define it.
std::optional<std::size_t> address_bytes(std::uint8_t family) {
  switch (family) {
    case 0x00: return 0;  // not specified
    case 0x11:
    case 0x12: return 12;  // IPv4: TCP, UDP
    case 0x21:
    case 0x22: return 36;  // IPv6: TCP, UDP
    case 0x31:
    case 0x32: return 216;  // unix sockets: stream, datagram
    default: return std::nullopt;
  }
}

Progress read_v2(std::string_view bytes, ProxyHeader& header) {
  constexpr std::uint8_t local = 0x20;
  constexpr std::uint8_t proxied = 0x21;
  if (!may_begin_with(bytes, begin_of_v2)) return Progress::failed;
  if (bytes.size() < fixed_bytes) return Progress::more;
  const std::uint8_t command = byte_at(bytes, 12);
  const std::uint8_t family = byte_at(bytes, 13);
  const std::size_t size = fixed_bytes + number_at(bytes, 14);
  if (command != local && command != proxied) return Progress::failed;
  if (size > most_proxy_header_bytes) return Progress::failed;
  const std::optional<std::size_t> addresses = address_bytes(family);
  if (command == proxied && (!addresses || size - fixed_bytes < *addresses)) {
    return Progress::failed;
  }
  if (bytes.size() < size) return Progress::more;
  header.size = size;
  if (command == local) return Progress::done;
  if (!read_values(bytes.substr(0, size), fixed_bytes + *addresses, header)) {
    return Progress::failed;
  }
  const auto* const source = reinterpret_cast<const unsigned char*>(bytes.data()) + fixed_bytes;
  if (family == 0x11) header.client = peer_of_v4(source);
  if (family == 0x21) header.client = peer_of_v6(source);
  return Progress::done;
}

}  // namespace

bool may_be_proxy_header(std::string_view bytes) {
  return may_begin_with(bytes, begin_of_v1) || may_begin_with(bytes, begin_of_v2);
}

Progress read_proxy_header(std::string_view bytes, ProxyHeader& header) {
  header = {};
  if (bytes.empty()) return Progress::more;
  const Progress progress = bytes.front() == '\r' ? read_v2(bytes, header) : read_v1(bytes, header);
  if (progress != Progress::done) header = {};
  return progress;
}

}  // namespace server
