// CORS: which web pages of other origins may use this server. Pure.
//
// The protocol is that of the Fetch standard: an answer names the origins whose pages may read it,
// and a preflight request (OPTIONS) asks what a page may do. Covered by
// tests/server/plan/cors_test.cc.
#pragma once

#include <string_view>

#include "apps/server/plan/extra_fields.h"
#include "parser/message.h"
#include "parser/write.h"

namespace server {

// Adds one origin, after all headers ("https://example.org", "http://127.0.0.1:3000", "null") or
// "*". Returns like add_header().
std::string_view add_origin(std::string_view text, ExtraFields& fields);

// What of an answer depends on the Origin of its request: the CORS protocol of the Fetch standard.
struct Cors {
  bool is_on = false;
  std::string_view origin;         // Access-Control-Allow-Origin; empty: a page may not read this
  bool is_preflight = false;       // a browser asks what a page may do
  std::string_view asked_headers;  // Access-Control-Request-Headers, if it is a list of tokens
};
Cors judge_origin(const http1::RequestHead& head, const ExtraFields& fields);

// Writes the fields of CORS. `methods` is the value of Allow.
void write_cors(const Cors& cors, std::string_view methods, http1::HeadWriter& writer);

}  // namespace server
