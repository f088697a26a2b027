// The request's head.
//
// All pure. Fields of -H replace quoit's own, and credentials are sent only to the server they were
// given for. Covered by tests/client/net/request_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "apps/client/command/plan.h"
#include "apps/client/command/url.h"
#include "parser/names.h"
#include "parser/upload_fields.h"

namespace client {

// How the body of a request is framed.
enum class RequestBody : std::uint8_t { none, length, chunked };

struct Request {
  http1::Method method = http1::Method::get;
  const Url* where = nullptr;  // outlives the request
  RequestBody body = RequestBody::none;
  std::uint64_t length = 0;                       // bytes, for RequestBody::length
  std::optional<std::int64_t> newer_than = {};    // ask for a later version only, in Unix seconds
  std::optional<std::uint64_t> range_start = {};  // ask for the bytes from this one on
  std::optional<std::uint64_t> range_last = {};   // to this one; none: to the end
  std::string_view if_range = {};  // of the version with this validator, or for the whole file
  std::optional<std::int64_t> modified = {};  // of the file that is sent, in Unix seconds
  const Condition* condition = nullptr;       // of a write; null or unset: none
  bool wants_digest = false;                  // ask for the SHA-256 of the whole file
  std::string_view digest = {};               // Repr-Digest of the file that is sent; empty: none
  bool expects_continue = false;              // the body is sent after a 100
  std::string_view accept = "*/*";            // the media types that are wished for
  http1::UploadFields upload = {};            // of a resumable upload; a PATCH is a part of one
  // It goes beside the request that the user has asked for: the user's conditions and fields about
  // the file are left out.
  bool is_auxiliary = false;
  // The user named this server, and no redirect led to it: it gets the user's Authorization, Cookie
  // and Host.
  bool trusted = true;
};

// The largest head that is sent.
inline constexpr std::size_t max_request_head_bytes = 65536;

// Says whether -H sets or removes the field of that name.
[[nodiscard]] bool user_decides(const Settings& settings, std::string_view name);
// Says whether -H sets the field of that name.
[[nodiscard]] bool user_sends(const Settings& settings, std::string_view name);

// Writes the head into `buffer` and returns the view of it; empty if it does not fit.
[[nodiscard]] std::string_view write_request(const Request& request, const Settings& settings,
                                             std::span<char> buffer);

}  // namespace client
