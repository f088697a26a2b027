// Reading URLs and writing their parts. Covered by tests/client/command/url_test.cc.
#include "apps/client/command/url.h"

#include <algorithm>
#include <array>
#include <string>
#include <system_error>
#include <vector>

#include "apps/client/command/clause.h"
#include "apps/client/command/printable.h"
#include "apps/options/nearest_name.h"
#include "apps/options/whole_number.h"
#include "parser/error.h"
#include "parser/fields.h"
#include "parser/hex.h"
#include "parser/scan.h"
#include "parser/target.h"

namespace client {

namespace {

constexpr std::uint16_t http_port = 80;
constexpr std::uint16_t https_port = 443;
// NAME_MAX: no file system of Linux has longer names.
constexpr std::size_t longest_name = 255;

bool is_control_byte(char byte) {
  const auto value = static_cast<unsigned char>(byte);
  return value < 0x20 || value == 0x7f;
}

// The length of "scheme:" at the front, 0 where there is none. RFC 3986 3.1.
std::size_t scheme_size(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    if (byte == ':') return at == 0 ? 0 : at + 1;
    const bool letter = (byte | 0x20) >= 'a' && (byte | 0x20) <= 'z';
    const bool other = (byte >= '0' && byte <= '9') || byte == '+' || byte == '-' || byte == '.';
    if (!letter && (at == 0 || !other)) return 0;
  }
  return 0;
}

bool begins_escape(std::string_view text) {
  return text.size() >= 3 && http1::scan::hex_value(text[1]) >= 0 &&
         http1::scan::hex_value(text[2]) >= 0;
}

void append_encoded(std::string& to, char byte) {
  std::array<char, 2> digits;
  http1::write_hex_byte(digits.data(), static_cast<unsigned char>(byte), http1::upper_hex_digits);
  to.append("%").append(digits.data(), digits.size());
}

// Encodes the bytes that people type and a URL cannot have: spaces, letters beyond ASCII, a lone %.
// Control bytes stay, and are refused by the parser.
std::string encode_typed(std::string_view text) {
  std::string encoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    const bool stays = byte == '%' ? begins_escape(text.substr(at))
                                   : is_control_byte(byte) || byte == '#' ||
                                         http1::scan::is(http1::scan::uri_bit, byte);
    if (stays)
      encoded += byte;
    else
      append_encoded(encoded, byte);
  }
  return encoded;
}

// A URL for a message: without userinfo and control characters, and at most a line long.
std::string shown(std::string_view text) {
  const std::size_t start = text.find("://");
  const std::size_t from = start == std::string_view::npos ? 0 : start + 3;
  const std::size_t end = text.find_first_of("/?#", from);
  const std::size_t at = text.substr(0, end).rfind('@');
  std::string line(text.substr(0, from));
  line += text.substr(at == std::string_view::npos || at < from ? from : at + 1);
  constexpr std::size_t longest = 200;
  if (line.size() <= longest) return printable(line);
  std::size_t cut = longest;  // between two characters
  while (cut > 0 && (static_cast<unsigned char>(line[cut]) & 0xc0) == 0x80) --cut;
  return printable(line.substr(0, cut)) + "…";
}

bool is_ascii(char byte) { return static_cast<unsigned char>(byte) < 0x80; }

// Why no host is named like that: the mistakes that people make.
std::string_view host_problem(std::string_view text) {
  if (text.find(' ') != std::string_view::npos) return "its host is not valid: it has a space";
  if (text.find('\\') != std::string_view::npos) {
    return "its host is not valid: a path begins with /, and not with a backslash";
  }
  if (!std::all_of(text.begin(), text.end(), is_ascii)) {
    return "its host is not valid: a name with letters beyond ASCII is written in its xn-- form";
  }
  const bool is_open = text.find('[') != std::string_view::npos;
  if (is_open != (text.find(']') != std::string_view::npos) ||
      (!is_open && std::count(text.begin(), text.end(), ':') > 1)) {
    return "its host is not valid: an IPv6 address stands in brackets, as [::1]";
  }
  return {};
}

// Why the authority of a URL, "user@host:port", is not valid.
std::string_view authority_problem(std::string_view authority) {
  authority = authority.substr(authority.rfind('@') + 1);
  if (const std::string_view problem = host_problem(authority); !problem.empty()) return problem;
  const std::size_t bracket = authority.find(']');  // of an IPv6 literal
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (authority.substr(0, colon).empty()) return "it names no host";
  if (colon == std::string_view::npos) return "its host is not valid";
  const std::string_view port = authority.substr(colon + 1);
  const auto number = options::whole_number<std::uint16_t>(port);
  const bool good = number && *number >= 1;
  return good ? "its host is not valid" : "its port is not a number from 1 to 65535";
}

ExitReason bad_url(std::string_view text, const std::string& problem) {
  return exit_with(ExitCode::bad_url, "'" + shown(text) + "' is not a URL: " + problem +
                                          "; write http://HOST:PORT/PATH");
}

// "http:/host" and "http:host": a slip of the finger, and no host of that name.
bool lacks_slashes(std::string_view text) {
  const std::size_t size = scheme_size(text);
  if (size == 0 || text.substr(size, 2) == "//") return false;
  const std::string_view scheme = text.substr(0, size - 1);
  return http1::equal_ignoring_case(scheme, "http") || http1::equal_ignoring_case(scheme, "https");
}

// "http//host": a host named http does not exist.
bool lacks_colon(std::string_view text) {
  const std::size_t slashes = text.find("//");
  if (slashes == std::string_view::npos) return false;
  const std::string_view host = text.substr(0, slashes);
  return http1::equal_ignoring_case(host, "http") || http1::equal_ignoring_case(host, "https");
}

// The scheme that one which quoit does not know resembles; empty: none.
std::string_view similar_scheme(std::string_view scheme) {
  constexpr std::array<std::string_view, 6> others = {"ftp",  "ftps", "nntp",
                                                      "sftp", "smtp", "tftp"};
  if (std::find(others.begin(), others.end(), scheme) != others.end()) return {};
  constexpr std::array<std::string_view, 2> web = {"http", "https"};
  return options::nearest_name(scheme, web);
}

ExitReason unsupported(std::string_view text) {
  const std::string_view scheme = text.substr(0, std::max<std::size_t>(scheme_size(text), 1) - 1);
  const std::string_view similar = similar_scheme(scheme);
  const std::string advice =
      similar.empty()
          ? "quoit supports no other scheme"
          : "did you mean " + shown(std::string(similar).append(text.substr(scheme.size()))) + "?";
  return exit_with(ExitCode::unsupported_scheme,
                   "'" + shown(text) + "' is not an http:// or https:// URL; " + advice);
}

// Removes "." and ".." from an absolute path. RFC 3986 5.2.4.
std::string without_dots(std::string_view path) {
  std::vector<std::string_view> segments;
  bool directory = false;  // the path ends in a slash
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at + 1), path.size());
    const std::string_view segment = path.substr(at + 1, end - at - 1);
    directory = segment == "." || segment == "..";
    if (segment == ".." && !segments.empty()) segments.pop_back();
    if (!directory) segments.push_back(segment);
    at = end;
  }
  std::string clean;
  for (const std::string_view segment : segments) clean.append("/").append(segment);
  if (directory || clean.empty()) clean += '/';
  return clean;
}

}  // namespace

std::string decode_percent(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%' && begins_escape(text.substr(at))) {
      const int high = http1::scan::hex_value(text[at + 1]);
      decoded += static_cast<char>(high * 16 + http1::scan::hex_value(text[at + 2]));
      at += 2;
    } else {
      decoded += text[at];
    }
  }
  return decoded;
}

std::string Url::authority() const {
  const std::string name = is_ipv6 ? "[" + host + "]" : host;
  return port == (is_secure ? https_port : http_port) ? name : name + ":" + std::to_string(port);
}

std::string Url::server() const {
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Url::target() const { return has_query ? path + "?" + query : path; }

std::string Url::origin() const { return (is_secure ? "https://" : "http://") + server(); }

std::string Url::text() const {
  return (is_secure ? "https://" : "http://") + authority() + target();
}

ExitReason parse_url(std::string_view text, Url& url) {
  if (lacks_slashes(text)) return bad_url(text, "two slashes belong behind the scheme");
  if (lacks_colon(text)) return bad_url(text, "a colon belongs behind the scheme");
  const bool has_scheme = text.substr(scheme_size(text), 2) == "//" && scheme_size(text) > 0;
  const std::string whole = has_scheme ? std::string(text) : "http://" + std::string(text);
  const std::size_t after_slashes = whole.find("://") + 3;
  const std::size_t path_at = std::min(whole.find_first_of("/?#", after_slashes), whole.size());
  const std::string typed =
      whole.substr(0, path_at) + encode_typed(std::string_view(whole).substr(path_at));
  http1::Url parts;
  const http1::Error error = http1::parse_url(typed, parts);
  if (error == http1::Error::url_scheme_unsupported) return unsupported(text);
  if (error == http1::Error::url_host_invalid) {
    const std::string_view authority =
        std::string_view(whole).substr(after_slashes, path_at - after_slashes);
    return bad_url(text, std::string(authority_problem(authority)));
  }
  if (error != http1::Error::none) return bad_url(text, clause(error));
  url = {.userinfo = std::string(parts.userinfo),
         .host = std::string(parts.host),
         .is_secure = parts.scheme == http1::Scheme::https,
         .port = parts.port,
         .is_ipv6 = parts.is_ipv6,
         .path = std::string(parts.path),
         .query = std::string(parts.query),
         .has_query = parts.has_query};
  return {};
}

ExitReason parse_host_port(std::string_view host, std::string_view port, std::string_view path,
                           Url& url) {
  const bool bare_ipv6 = host.find(':') != std::string_view::npos && host.front() != '[';
  std::string text = "http://";
  text += bare_ipv6 ? "[" + std::string(host) + "]" : std::string(host);
  text.append(":").append(port);
  if (path.substr(0, 1) != "/") text += '/';
  return parse_url(text.append(path), url);
}

ExitReason resolve(const Url& base, std::string_view reference, Url& url) {
  if (scheme_size(reference) > 0) {
    // A scheme without an authority ("mailto:", "http:path") names no server.
    if (reference.substr(scheme_size(reference), 2) != "//") return unsupported(reference);
    return parse_url(reference, url);
  }
  if (reference.substr(0, 2) == "//") {
    return parse_url((base.is_secure ? "https:" : "http:") + std::string(reference), url);
  }
  reference = reference.substr(0, reference.find('#'));
  const std::size_t question = reference.find('?');
  const std::string_view path = reference.substr(0, question);
  std::string target;
  if (path.empty()) {
    target =
        question == std::string_view::npos ? base.target() : base.path + std::string(reference);
  } else {
    const std::string parent =
        path.front() == '/' ? "" : base.path.substr(0, base.path.rfind('/') + 1);
    target = without_dots(parent + std::string(path));
    if (question != std::string_view::npos) target += reference.substr(question);
  }
  const char* const scheme = base.is_secure ? "https://" : "http://";
  return parse_url(scheme + base.authority() + target, url);
}

std::optional<std::string> file_name_of(const Url& url) {
  std::string name = decode_percent(url.path.substr(url.path.rfind('/') + 1));
  if (name.empty()) return "index.html";
  if (name == "." || name == ".." || name.size() > longest_name) return {};
  if (name.find('/') != std::string::npos || has_control(name)) return {};
  return name;
}

void complete_with_name(Url& url, std::string_view name) {
  if (url.path.back() != '/') return;
  std::vector<char> space(name.size() * 3);
  url.path += http1::encode_path(name, space);
}

std::optional<std::string> local_path_of(const Url& url) {
  std::vector<char> space(url.path.size());
  const http1::DecodedPath decoded = http1::decode_path(url.path, space);
  if (!decoded.ok() || decoded.has_trailing_slash || decoded.path.size() < 2) return {};
  return std::string(decoded.path.substr(1));
}

}  // namespace client
