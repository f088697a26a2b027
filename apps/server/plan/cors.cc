// Parsing of --cors, and the fields of responses to cross-origin requests. Covered by
// tests/server/plan/cors_test.cc.
#include "apps/server/plan/cors.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "parser/fields.h"

namespace server {

using http1::FieldName;

namespace {

// Returns the list of field names that a page asks to send, which the response repeats. Empty where
// it is no list of tokens, or longer than the lists that browsers send.
std::string_view token_list(std::string_view value) {
  if (value.size() > most_asked_bytes) return {};
  http1::ListReader list(value);
  for (std::string_view element; list.next(element);) {
    if (!http1::is_token(element)) return {};
  }
  return value;
}

// Browsers let a page read the safelisted fields in any case. These are the other fields that
// ranges, conditional requests, writes and uploads need.
constexpr std::string_view exposed =
    "Accept-Ranges, Content-Digest, Content-Encoding, Content-Range, Date, ETag, Location, "
    "Repr-Digest, Upload-Complete, Upload-Length, Upload-Limit, Upload-Offset";
// How long a browser may cache the response to a preflight request.
constexpr std::uint64_t preflight_age_seconds = 600;

}  // namespace

std::string_view add_origin(std::string_view text, ExtraFields& fields) {
  constexpr std::string_view error = "is no origin";
  const std::size_t scheme = text.find("://");
  const bool is_word = text == "*" || text == "null";
  if (!is_word) {
    if (scheme == 0 || scheme == std::string_view::npos || text.size() > most_origin_bytes)
      return error;
    const std::string_view host = text.substr(scheme + 3);
    if (host.empty() || !http1::is_token(text.substr(0, scheme))) return error;
    if (host.find_first_of("/?#@, \t") != std::string_view::npos) return error;
    std::array<char, most_origin_bytes + 16> buffer{};
    http1::HeadWriter writer(buffer);
    writer.field("Origin", text);
    if (!writer.ok()) return error;
  }
  const bool is_set = std::any_of(fields.lines.begin(), fields.lines.end(), [](const auto& line) {
    constexpr std::string_view prefix = "Access-Control-";
    const std::string_view name = line.name;
    return http1::equal_ignoring_case(name.substr(0, prefix.size()), prefix);
  });
  if (is_set) return "contradicts a --header that sets an Access-Control- field";
  fields.origins.emplace_back(text);
  return {};
}

Cors judge_origin(const http1::RequestHead& head, const ExtraFields& fields) {
  Cors cors;
  cors.is_on = !fields.origins.empty();
  if (!cors.is_on) return cors;
  cors.allows_credentials = fields.allows_credentials;
  const bool is_valid = head.size() > 0;  // a head that was refused by the parser has no fields
  const std::string_view origin = is_valid ? head.value_of(FieldName::origin) : std::string_view();
  for (const std::string& allowed : fields.origins) {
    if (allowed == "*" || allowed == origin) cors.origin = allowed;
    if (allowed == "*") break;
  }
  if (!is_valid) return cors;
  cors.is_preflight = head.method() == http1::Method::options && !origin.empty() &&
                      head.has(FieldName::access_control_request_method);
  cors.asked_headers = token_list(head.value_of(FieldName::access_control_request_headers));
  return cors;
}

void write_cors(const Cors& cors, std::string_view methods, http1::HeadWriter& writer) {
  if (!cors.is_on) return;
  if (cors.origin != "*") writer.field("Vary", "Origin");
  if (cors.origin.empty()) return;
  writer.field("Access-Control-Allow-Origin", cors.origin);
  // A browser refuses an answer with credentials to any origin, `*`. Every page can have the origin
  // `null`, by a frame with the attribute sandbox.
  const bool is_named = cors.origin != "*" && cors.origin != "null";
  if (cors.allows_credentials && is_named) {
    writer.field("Access-Control-Allow-Credentials", "true");
  }
  if (!cors.is_preflight) {
    writer.field("Access-Control-Expose-Headers", exposed);
    return;
  }
  writer.field("Access-Control-Allow-Methods", methods);
  if (!cors.asked_headers.empty()) {
    writer.field("Access-Control-Allow-Headers", cors.asked_headers);
  }
  writer.field("Access-Control-Max-Age", preflight_age_seconds);
}

}  // namespace server
