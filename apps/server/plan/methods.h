// The methods that this server implements, in one table. Pure.
//
// decide() reads from it the action of a request. The values of Allow and of
// Access-Control-Allow-Methods and the choice between 405 and 501 come from it, too. Covered by
// tests/server/plan/methods_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "parser/names.h"

namespace server {

enum class Action : std::uint8_t {
  read,     // GET, HEAD
  write,    // PUT
  remove,   // DELETE
  options,  // OPTIONS, for a path or for *
  refuse,   // respond with Intent::status
};

struct MethodRule {
  http1::Method method;
  Action action;
  bool writes;      // it changes files: allowed only where the site is writable
  bool needs_body;  // its body is the content of a file
};

inline constexpr std::array<MethodRule, 5> methods = {{
    {http1::Method::get, Action::read, false, false},
    {http1::Method::head, Action::read, false, false},
    {http1::Method::options, Action::options, false, false},
    {http1::Method::put, Action::write, true, true},
    {http1::Method::delete_, Action::remove, true, false},
}};

// The row of `method`; null where this server does not implement it.
constexpr const MethodRule* rule_of(http1::Method method) {
  for (const MethodRule& rule : methods) {
    if (rule.method == method) return &rule;
  }
  return nullptr;
}

// The value of Allow (RFC 9110 section 10.2.1): the names of all methods, or of those that do not
// write. A constant.
std::string_view allowed_methods(bool writable);

}  // namespace server
