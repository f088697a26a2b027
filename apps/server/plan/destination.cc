// From the fields of a MOVE to the second path of its Intent. Covered by
// tests/server/plan/destination_test.cc.
#include "apps/server/plan/destination.h"

#include <algorithm>
#include <cstdint>

#include "parser/error.h"
#include "parser/fields.h"
#include "parser/target.h"

namespace server {

namespace {

using http1::FieldName;
using http1::RequestHead;

Intent refusal(int status, std::string_view explanation) {
  return {.action = Action::refuse, .status = status, .explanation = explanation};
}

// A Destination, split. The views are of the field.
struct Parts {
  int status = 0;                // of the refusal; 0: it is one of this server
  std::string_view explanation;  // of the refusal
  std::string_view path;         // encoded
};

constexpr Parts malformed{.status = 400,
                          .explanation = "Destination is no absolute path and no http(s) URL"};
constexpr Parts foreign{.status = 502, .explanation = "Destination is on another server"};

// Whether a URL can have these bytes. A fragment is no part of a Destination.
bool is_url_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return byte > ' ' && byte < '\x7f' && byte != '#'; });
}

// Whether `url` has the host and the port that the request is for. A port that is not written is
// that of the scheme of `url`.
bool is_of_this_server(const RequestHead& head, const http1::Url& url) {
  http1::Authority own;
  if (!http1::parse_authority(head.authority(), own)) return false;
  const std::uint16_t usual = url.scheme == http1::Scheme::http ? 80 : 443;
  const std::uint64_t port =
      own.port.empty() ? usual : http1::parse_decimal(own.port).value_or(usual);
  return port == url.port && http1::equal_ignoring_case(own.host, url.host);
}

Parts split(const RequestHead& head) {
  const std::string_view text = head.value_of(FieldName::destination);
  if (text.empty() || head.has_repeated(FieldName::destination) || !is_url_text(text)) {
    return malformed;
  }
  if (text.starts_with("//")) return malformed;  // the first name would be a host
  if (text.starts_with('/')) return {.path = text.substr(0, text.find('?'))};
  http1::Url url;
  const http1::Error error = http1::parse_url(text, url);
  const bool has_scheme = text.find("://") != std::string_view::npos;
  if (error == http1::Error::url_scheme_unsupported && has_scheme) return foreign;
  if (error != http1::Error::none || !url.userinfo.empty()) return malformed;
  return is_of_this_server(head, url) ? Parts{.path = url.path} : foreign;
}

// Reads Overwrite: "T", which is the default, or "F". False: it is neither.
bool read_overwrite(const RequestHead& head, bool& may_replace) {
  if (!head.has(FieldName::overwrite)) return true;
  const std::string_view value = head.value_of(FieldName::overwrite);
  may_replace = http1::equal_ignoring_case(value, "T");
  const bool is_known = may_replace || http1::equal_ignoring_case(value, "F");
  return is_known && !head.has_repeated(FieldName::overwrite);
}

}  // namespace

Intent decide_destination(const RequestHead& head, const Site& site, Intent intent,
                          std::span<char> buffer) {
  const Parts parts = split(head);
  if (parts.status != 0) return refusal(parts.status, parts.explanation);
  if (!read_overwrite(head, intent.may_replace))
    return refusal(400, "Overwrite is neither T nor F");
  const http1::DecodedPath decoded =
      http1::decode_path(parts.path, buffer.first(buffer.size() - 1));
  if (!decoded.ok()) return refusal(400, http1::describe(decoded.failure.error));
  intent.destination_names_directory = decoded.has_trailing_slash;
  intent.destination = decoded.path.size() > 1 ? decoded.path.substr(1) : ".";
  buffer[decoded.path.size()] = '\0';
  if (is_hidden(intent.destination, site.dot_files)) {
    return refusal(403, "names that begin with a dot are not served");
  }
  if (has_long_name(intent.destination)) {
    return refusal(400, "a name in Destination is longer than 255 bytes");
  }
  if (intent.path == "." || intent.destination == ".") {
    return refusal(403, "the root can be neither moved nor replaced");
  }
  if (is_within(intent.destination, intent.path)) {
    return refusal(403, "Destination is the source itself or lies within it");
  }
  return intent;
}

std::string_view destination_path(const RequestHead& head) { return split(head).path; }

}  // namespace server
