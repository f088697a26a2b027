// Targets, authorities, paths and URLs. The parser has checked the characters of a target, while a
// URL comes from a user; nothing else about them is trusted. Covered by
// tests/parser/target_test.cc.
#include "parser/target.h"

#include <algorithm>

#include "parser/fields.h"
#include "parser/hex.h"
#include "parser/scan.h"

namespace http1 {
namespace {

constexpr std::size_t npos = std::string_view::npos;

bool is_ipv4(std::string_view text) noexcept {
  int octets = 0;
  for (bool more = true; more; ++octets) {
    const std::size_t dot = text.find('.');
    const std::string_view octet = text.substr(0, dot);
    const bool padded = octet.size() > 1 && octet[0] == '0';
    const std::optional<std::uint64_t> number = parse_decimal(octet);
    if (!number || *number > 255 || padded) return false;
    more = dot != npos;
    if (more) text.remove_prefix(dot + 1);
  }
  return octets == 4;
}

// h16 = 1*4HEXDIG
bool is_group(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 4 && std::all_of(text.begin(), text.end(), [](char byte) {
    return scan::is(scan::hex_digit_bit, byte);
  });
}

// Counts the 16-bit groups of "a:b:c"; an IPv4 address at the end counts as two. -1 if malformed.
int count_groups(std::string_view text, bool may_end_in_ipv4) noexcept {
  if (text.empty()) return 0;
  int groups = 0;
  for (;;) {
    const std::size_t colon = text.find(':');
    const std::string_view group = text.substr(0, colon);
    const bool is_last = colon == npos;
    if (is_group(group)) {
      ++groups;
    } else if (is_last && may_end_in_ipv4 && is_ipv4(group)) {
      groups += 2;
    } else {
      return -1;
    }
    if (is_last) return groups;
    text.remove_prefix(colon + 1);
  }
}

// IPv6address of RFC 3986 3.2.2: eight groups, or fewer around one "::".
bool is_ipv6(std::string_view text) noexcept {
  const std::size_t gap = text.find("::");
  if (gap == npos) return count_groups(text, true) == 8;
  const int before = count_groups(text.substr(0, gap), false);
  const int after = count_groups(text.substr(gap + 2), true);
  return before >= 0 && after >= 0 && before + after <= 7;
}

// port = *DIGIT, at most 65535
bool is_port(std::string_view text) noexcept {
  if (text.empty()) return true;
  const std::optional<std::uint64_t> port = parse_decimal(text);
  return port && *port <= 65535;
}

// Splits off "http://" or "https://", in any case; 0 bytes if it is neither.
std::size_t scheme_size(std::string_view text, Scheme& scheme) noexcept {
  constexpr std::string_view http = "http://";
  constexpr std::string_view https = "https://";
  scheme = Scheme::http;
  if (equal_ignoring_case(text.substr(0, http.size()), http)) return http.size();
  scheme = Scheme::https;
  return equal_ignoring_case(text.substr(0, https.size()), https) ? https.size() : 0;
}

void split_query(std::string_view text, TargetParts& parts) noexcept {
  const std::size_t question = text.find('?');
  parts.path = text.substr(0, question);
  parts.has_query = question != npos;
  if (parts.has_query) parts.query = text.substr(question + 1);
}

// absolute-form, RFC 9112 3.2.2: an http or https URI with a host and without userinfo (RFC 9110
// 4.2.1, 4.2.4).
Error split_absolute(std::string_view target, TargetParts& parts) noexcept {
  Scheme scheme;
  const std::size_t prefix = scheme_size(target, scheme);
  if (prefix == 0) return Error::target_form_invalid;
  const std::string_view rest = target.substr(prefix);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  parts.form = TargetForm::absolute;
  parts.authority = rest.substr(0, end);
  split_query(rest.substr(end), parts);
  Authority authority;
  return parse_authority(parts.authority, authority) ? Error::none : Error::target_form_invalid;
}

// Writes decoded segments into the buffer, and removes them for "..".
class PathBuilder {
 public:
  explicit PathBuilder(std::span<char> room) noexcept : room_(room) {}

  // The next byte of the current segment; false if the buffer is full.
  bool put(char byte) noexcept {
    if (size_ == segment_ && !push('/')) return false;
    return push(byte);
  }

  // Ends the current segment; false if it climbs above the root.
  bool end_segment() noexcept {
    const std::string_view segment(room_.data() + segment_, size_ - segment_);
    is_directory_ = segment.empty() || segment == "/." || segment == "/..";
    if (is_directory_) size_ = segment_;
    const bool climbs = segment == "/..";
    if (climbs && size_ == 0) return false;
    if (climbs) size_ = std::string_view(room_.data(), size_).rfind('/');
    segment_ = size_;
    return true;
  }

  bool is_directory() const noexcept { return is_directory_; }
  std::string_view path() const noexcept {
    return size_ == 0 ? "/" : std::string_view(room_.data(), size_);
  }

 private:
  bool push(char byte) noexcept {
    if (size_ == room_.size()) return false;
    room_[size_++] = byte;
    return true;
  }

  std::span<char> room_;
  std::size_t size_ = 0;
  std::size_t segment_ = 0;  // the position of the slash of the current segment
  bool is_directory_ = true;
};

constexpr bool is_control(int code) noexcept { return (code >= 0 && code < 0x20) || code == 0x7f; }

// Decodes the byte at `at`, escaped or not, and steps over it. parse_request lets no control byte
// through, but a path may come from elsewhere: Destination may hold a tab.
Failure decode_byte(std::string_view raw, std::size_t& at, char& byte) noexcept {
  byte = raw[at];
  if (byte != '%') return {is_control(byte) ? Error::bad_target_byte : Error::none, at++};
  const int high = at + 1 < raw.size() ? scan::hex_value(raw[at + 1]) : -1;
  const int low = at + 2 < raw.size() ? scan::hex_value(raw[at + 2]) : -1;
  if (high < 0 || low < 0) return {Error::bad_target_escape, at};
  const int code = high * 16 + low;
  if (is_control(code)) return {Error::path_encoded_control, at};
  if (code == '/') return {Error::path_encoded_slash, at};
  byte = static_cast<char>(code);
  at += 3;
  return {Error::none, at};
}

bool stays_in_path(char byte) noexcept {
  constexpr std::string_view others = "-._~!$()*+,;=@/";
  const bool alnum = scan::is(scan::digit_bit, byte) || scan::detail::is_alpha(byte);
  return alnum || others.find(byte) != npos;
}

Error split_url_authority(std::string_view text, Url& url) noexcept {
  const std::size_t at_sign = text.rfind('@');
  if (at_sign != npos) url.userinfo = text.substr(0, at_sign);
  url.authority = at_sign == npos ? text : text.substr(at_sign + 1);
  Authority authority;
  if (!parse_authority(url.authority, authority)) return Error::url_host_invalid;
  url.host = authority.host;
  url.is_ipv6 = authority.is_ipv6;
  url.port = url.scheme == Scheme::http ? 80 : 443;
  if (!authority.port.empty()) {
    url.port = static_cast<std::uint16_t>(*parse_decimal(authority.port));
  }
  return url.port == 0 ? Error::url_host_invalid : Error::none;
}

bool is_clean_path(std::string_view path) noexcept {
  const char* at = path.data();
  const char* const end = at + path.size();
  while ((at = scan::path_end(at, end)) != end) {
    const bool escape = *at == '%' && end - at >= 3 && scan::is(scan::hex_digit_bit, at[1]) &&
                        scan::is(scan::hex_digit_bit, at[2]);
    if (!escape) return false;
    at += 3;
  }
  return true;
}

}  // namespace

bool parse_authority(std::string_view text, Authority& authority) noexcept {
  authority = {};
  std::size_t host_size = 0;
  if (text.starts_with('[')) {
    const std::size_t bracket = text.find(']');
    if (bracket == npos) return false;
    authority.host = text.substr(1, bracket - 1);
    authority.is_ipv6 = true;
    if (!is_ipv6(authority.host)) return false;
    host_size = bracket + 1;
  } else {
    const char* const end = scan::host_end(text.data(), text.data() + text.size());
    host_size = static_cast<std::size_t>(end - text.data());
    authority.host = text.substr(0, host_size);
    if (authority.host.empty()) return false;
  }
  if (host_size == text.size()) return true;
  if (text[host_size] != ':') return false;
  authority.has_port = true;
  authority.port = text.substr(host_size + 1);
  return is_port(authority.port);
}

// RFC 9112 3.2: origin-form, absolute-form, authority-form for CONNECT only, "*" for OPTIONS only.
Error split_target(std::string_view target, Method method, TargetParts& parts) noexcept {
  parts = {};
  if (method == Method::connect) {
    Authority authority;
    parts.form = TargetForm::authority;
    parts.authority = target;
    const bool valid = parse_authority(target, authority) && !authority.port.empty();
    return valid ? Error::none : Error::target_form_invalid;
  }
  if (target == "*") {
    parts.form = TargetForm::asterisk;
    return method == Method::options ? Error::none : Error::target_form_invalid;
  }
  if (!target.starts_with('/')) return split_absolute(target, parts);
  parts.form = TargetForm::origin;
  split_query(target, parts);
  return Error::none;
}

DecodedPath decode_path(std::string_view raw_path, std::span<char> room) noexcept {
  if (!raw_path.starts_with('/')) return {{Error::path_not_absolute, 0}, {}, false};
  PathBuilder builder(room);
  for (std::size_t at = 1; at < raw_path.size();) {
    const std::size_t where = at;
    char byte;
    const Failure failure = decode_byte(raw_path, at, byte);
    if (failure.error != Error::none) return {failure, {}, false};
    const bool fits = byte == '/' || builder.put(byte);
    if (!fits) return {{Error::path_too_long, where}, {}, false};
    const bool stays = byte != '/' || builder.end_segment();
    if (!stays) return {{Error::path_above_root, where}, {}, false};
  }
  if (!builder.end_segment()) return {{Error::path_above_root, raw_path.size()}, {}, false};
  return {{}, builder.path(), builder.is_directory()};
}

std::string_view encode_path(std::string_view path, std::span<char> room) noexcept {
  std::size_t size = 0;
  for (const char byte : path) {
    const bool stays = stays_in_path(byte);
    if (room.size() - size < (stays ? 1U : 3U)) return {};
    if (stays) {
      room[size++] = byte;
      continue;
    }
    room[size++] = '%';
    write_hex_byte(&room[size], static_cast<unsigned char>(byte), upper_hex_digits);
    size += 2;
  }
  return {room.data(), size};
}

Error parse_url(std::string_view text, Url& url) noexcept {
  url = {};
  const std::size_t prefix = scheme_size(text, url.scheme);
  if (prefix == 0) return Error::url_scheme_unsupported;
  text.remove_prefix(prefix);
  text = text.substr(0, text.find('#'));
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  const Error error = split_url_authority(text.substr(0, end), url);
  if (error != Error::none) return error;
  TargetParts parts;
  split_query(text.substr(end), parts);
  url.path = parts.path.empty() ? "/" : parts.path;
  url.query = parts.query;
  url.has_query = parts.has_query;
  const char* const query_last = url.query.data() + url.query.size();
  const bool clean =
      is_clean_path(url.path) && scan::query_end(url.query.data(), query_last) == query_last;
  return clean ? Error::none : Error::bad_target_byte;
}

}  // namespace http1
