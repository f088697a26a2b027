// From a request-target to a path that is safe to open, and from a URL to its parts.
//
// Splitting yields views of the bytes given. Decoding happens once, into the caller's room, and
// resolves dot segments on the decoded text, so that no spelling of ".." survives it: what comes
// out begins with "/", has no empty, "." or ".." segment, no NUL and no control byte.
// Encoding is the way back, for Location and links. RFC 9112 3.2, RFC 3986 2.1, 3.2, 5.2.4.
// Covered by tests/parser/target_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "parser/error.h"
#include "parser/message.h"
#include "parser/names.h"

namespace http1 {

// host [ ":" port ] of RFC 3986 3.2, without userinfo. The views are of the text given.
struct Authority {
  std::string_view host;  // as written; an IPv6 literal without its brackets
  std::string_view port;  // digits, at most 65535; may be empty
  bool is_ipv6 = false;
  bool has_port = false;  // there was a colon, perhaps with nothing behind it
};

// Splits and checks an authority. The host may not be empty; reg-names are RFC 3986's without "%"
// and "," (stricter: neither occurs in a name that DNS or a certificate knows), IPv6 literals are
// without zone, IPvFuture is refused. False if invalid.
[[nodiscard]] bool parse_authority(std::string_view text, Authority& authority) noexcept;

// The parts of a request-target. The views are of the target given.
struct TargetParts {
  TargetForm form = TargetForm::origin;
  std::string_view authority;  // absolute and authority form
  std::string_view path;       // origin and absolute form; may be empty in the latter
  std::string_view query;      // without the "?"
  bool has_query = false;
};

// Splits a target, whose bytes the parser has checked, into the form that its method allows.
// Returns target_form_invalid or none.
[[nodiscard]] Error split_target(std::string_view target, Method method,
                                 TargetParts& parts) noexcept;

struct DecodedPath {
  Failure failure;  // offset: in the raw path
  std::string_view
      path;  // a view of the buffer, "/a/b", without a slash at its end; a constant "/"
  // The raw path ended in "/", "/." or "/..": it names a directory.
  bool has_trailing_slash = false;

  [[nodiscard]] bool ok() const noexcept { return failure.error == Error::none; }
};

// Decodes and normalises an absolute path into `room`; as many bytes as the raw path has suffice.
// "+" stays "+". Slashes in a row count as one, before dot segments are resolved: /a//../b is /b.
// Errors: path_not_absolute, bad_target_escape, bad_target_byte (a control byte as it is),
// path_encoded_control, path_encoded_slash, path_above_root, path_too_long (for the buffer).
[[nodiscard]] DecodedPath decode_path(std::string_view raw_path, std::span<char> room) noexcept;

// Percent-encodes a path of arbitrary bytes into `room` and returns the view of it, with data()
// null if the buffer is too small (three times the path always suffices). Slashes stay; so do
// unreserved characters and ! $ ( ) * + , ; = @. The result can stand in a field value, in an HTML
// attribute, and as a relative reference (":" is encoded).
[[nodiscard]] std::string_view encode_path(std::string_view path, std::span<char> room) noexcept;

enum class Scheme : std::uint8_t { http, https };

// A client's URL. The views are of the text given; nothing is decoded.
struct Url {
  Scheme scheme = Scheme::http;
  std::string_view userinfo;   // what precedes the last "@" of the authority; not checked
  std::string_view authority;  // host and port, for Host
  std::string_view host;       // an IPv6 literal without its brackets
  std::uint16_t port = 80;     // the scheme's, unless the URL names one
  bool is_ipv6 = false;
  std::string_view path;   // begins with "/"; a constant "/" where the URL has none
  std::string_view query;  // without the "?"
  bool has_query = false;  // a fragment is dropped
};

// Splits a URL. Errors: url_scheme_unsupported, url_host_invalid; bad_target_byte for a byte in
// path or query that parse_request would refuse (the caller encodes those first).
[[nodiscard]] Error parse_url(std::string_view text, Url& url) noexcept;

}  // namespace http1
