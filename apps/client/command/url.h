// Url: a URL that a request can be made for, taken apart and owning its parts.
//
// Typed text becomes a valid request target: a missing scheme is http, bytes that a URL cannot have
// are percent-encoded, userinfo is kept apart so that no message shows it. All pure: text in, text
// out. RFC 3986. Covered by tests/client/command/url_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/client/command/exit_code.h"

namespace client {

struct Url {
  std::string userinfo = {};  // "name:password", as written; never shown
  // The value of Authorization for this URL's origin, where it has no userinfo; never shown.
  std::string authorization = {};
  std::string host = {};   // an IPv6 literal without its brackets
  bool is_secure = false;  // https: TLS below HTTP
  std::uint16_t port = 80;
  bool is_ipv6 = false;
  std::string path = "/";  // as sent: percent-encoded, begins with a slash
  std::string query = {};  // without the "?"
  bool has_query = false;

  // The value of Host: the port only where it is not that of the scheme, IPv6 in brackets.
  // RFC 9110 7.2.
  std::string authority() const;
  // "host:port", always with the port: the other end of a connection.
  std::string server() const;
  // Scheme, host and port: credentials for one origin go to no other. RFC 6454 4.
  std::string origin() const;
  // The target of the request line: path and query.
  std::string target() const;
  // The URL for people, without userinfo.
  std::string text() const;
};

// Undoes percent-encoding; a "%" that begins no escape stays.
[[nodiscard]] std::string decode_percent(std::string_view text);

// Reads a URL as people type it. Fails with bad_url, or unsupported_scheme for any but http and
// https.
[[nodiscard]] ExitReason parse_url(std::string_view text, Url& url);

// Reads HOST and PORT of the original command line, with a path that people typed.
[[nodiscard]] ExitReason parse_host_port(std::string_view host, std::string_view port,
                                         std::string_view path, Url& url);

// Resolves the value of a Location field against the URL of the request. RFC 3986 5.2, RFC 9110
// 10.2.2.
[[nodiscard]] ExitReason resolve(const Url& base, std::string_view reference, Url& url);

// The name of a local file for the resource at `url`: the path's last segment, decoded;
// "index.html" where it is empty. Nothing where that is not a plain name in a directory: "." and
// "..", a slash, a control character, or more than 255 bytes.
[[nodiscard]] std::optional<std::string> file_name_of(const Url& url);

// Where the path names a directory (ends in a slash): adds `name` to it, percent-encoded.
void complete_with_name(Url& url, std::string_view name);

// The path of the local file that the URL's path names, relative to the current directory: decoded,
// dot segments resolved, no slash in front. Nothing where it does not name a file.
[[nodiscard]] std::optional<std::string> local_path_of(const Url& url);

}  // namespace client
