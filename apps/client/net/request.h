// The texts of an exchange: the request's head, and advice on the status that answers it.
//
// All pure. The head says what the user's -H says in place of what we would, and credentials go
// only to the server they were given for. Covered by tests/client/net/request_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "apps/client/command/plan.h"
#include "apps/client/command/url.h"
#include "parser/names.h"

namespace client {

// How the body of a request is framed.
enum class RequestBody : std::uint8_t { none, length, chunked };

struct Request {
  http1::Method method = http1::Method::get;
  const Url* where = nullptr;  // outlives the request
  RequestBody body = RequestBody::none;
  std::uint64_t length = 0;       // bytes, for RequestBody::length
  bool expects_continue = false;  // the body waits for a 100
  // This is the server that the user named, and not one a redirect led to: it gets the user's
  // Authorization, Cookie and Host.
  bool trusted = true;
};

// The largest head that is sent.
inline constexpr std::size_t most_request_head_bytes = 65536;

// Says whether the user gives that field by -H, or takes it away.
[[nodiscard]] bool user_decides(const Settings& settings, std::string_view name);

// Writes the head into `room` and returns the view of it; empty if it does not fit.
[[nodiscard]] std::string_view write_request(const Request& request, const Settings& settings,
                                             std::span<char> room);

// What to do about a status that is no success: "; check the path", or nothing.
[[nodiscard]] std::string_view advice_on(int status);

}  // namespace client
