// The vocabulary: methods, versions, and the field names that this library recognises, as
// enumerations.
//
// A message holds the text of its method and of its fields; decisions compare these values.
// parser/names.h converts between text and value. Covered by tests/parser/names_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace http1 {

// Methods of RFC 9110 9.3, RFC 5789, and RFC 4918 with its relatives. They are case-sensitive.
enum class Method : std::uint8_t {
  unknown,  // a token that is none of these: 501
  get,
  head,
  post,
  put,
  delete_,
  connect,
  options,
  trace,
  patch,
  propfind,
  proppatch,
  mkcol,
  copy,
  move,
  lock,
  unlock,
  report,
  search,
};

// HTTP/1.2 and above are processed as 1.1 (RFC 9110 2.5).
enum class Version : std::uint8_t { http_1_0, http_1_1 };

// Field names with a meaning for the server or the client; anything else is `other`.
enum class FieldName : std::uint8_t {
  other,
  accept,
  accept_encoding,
  accept_ranges,
  access_control_request_headers,
  access_control_request_method,
  allow,
  authorization,
  cache_control,
  connection,
  content_digest,
  content_disposition,
  content_encoding,
  content_length,
  content_range,
  content_type,
  cookie,
  date,
  depth,
  destination,
  etag,
  expect,
  forwarded,
  host,
  if_,  // WebDAV, RFC 4918 10.4
  if_match,
  if_modified_since,
  if_none_match,
  if_range,
  if_unmodified_since,
  keep_alive,
  last_modified,
  location,
  lock_token,
  origin,
  overwrite,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  range,
  referer,
  repr_digest,
  retry_after,
  server,
  set_cookie,
  te,
  timeout,
  trailer,
  transfer_encoding,
  upgrade,
  upload_complete,
  upload_draft_interop_version,
  upload_length,
  upload_limit,
  upload_offset,
  user_agent,
  vary,
  want_content_digest,
  want_repr_digest,
  www_authenticate,
  x_forwarded_for,
  x_forwarded_proto,
  x_oc_mtime,
};

inline constexpr std::size_t method_count = static_cast<std::size_t>(Method::search) + 1;
inline constexpr std::size_t field_name_count = static_cast<std::size_t>(FieldName::x_oc_mtime) + 1;
static_assert(field_name_count <= 64, "a head keeps one bit for each name in 64");

// A set of field names, for a question about all fields of a head at once: Head::has_only().
class FieldSet {
 public:
  constexpr FieldSet(std::initializer_list<FieldName> names) noexcept {
    for (const FieldName name : names) bits_ |= std::uint64_t{1} << static_cast<unsigned>(name);
  }
  [[nodiscard]] constexpr FieldSet with(FieldSet more) const noexcept {
    more.bits_ |= bits_;
    return more;
  }
  [[nodiscard]] constexpr bool has(FieldName name) const noexcept {
    return (bits_ >> static_cast<unsigned>(name) & 1) != 0;
  }

 private:
  friend class Head;
  std::uint64_t bits_ = 0;
};

}  // namespace http1
