// CORS: which web pages of other origins may use this server. Pure.
//
// The Fetch standard defines the protocol: a response names the origins whose pages may read it,
// and a browser sends a preflight request (OPTIONS) before a page may write. Covered by
// tests/server/plan/cors_test.cc.
#pragma once

#include <string_view>

#include "apps/server/plan/extra_fields.h"
#include "parser/message.h"
#include "parser/write.h"

namespace server {

// The longest origin of --cors, and the longest list of field names of a preflight request that a
// response repeats: longer than the lists that browsers send.
inline constexpr std::size_t most_origin_bytes = 512;
inline constexpr std::size_t most_asked_bytes = 1024;

// Adds one value of --cors to `fields`: an origin ("https://example.org", "http://127.0.0.1:3000",
// "null"), or "*" for all origins. To be called after add_header(), because a --header that sets a
// field of CORS excludes --cors. Returns like add_header().
std::string_view add_origin(std::string_view text, ExtraFields& fields);

// The CORS fields of one response. Views of the request head and of the Site.
struct Cors {
  bool is_on = false;
  std::string_view origin;          // Access-Control-Allow-Origin; empty: no page may read this
  bool allows_credentials = false;  // pages of a named origin may use passwords of the browser
  bool is_preflight = false;        // the request is a preflight request
  std::string_view asked_headers;   // Access-Control-Request-Headers, if it is a list of tokens
};

// Computes the CORS fields of the response to `head`. A head that the parser refused (its size is
// 0) contributes nothing.
Cors judge_origin(const http1::RequestHead& head, const ExtraFields& fields);

// Writes the CORS fields of a response. `methods` is the value of Access-Control-Allow-Methods.
void write_cors(const Cors& cors, std::string_view methods, http1::HeadWriter& writer);

}  // namespace server
