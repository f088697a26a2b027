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
  read,            // GET, HEAD
  archive,         // GET, HEAD of a directory as tar or zip
  write,           // PUT
  create,          // PUT with Upload-Complete, where uploads can be resumed
  resume,          // GET, HEAD, PATCH and DELETE of a resumable upload
  remove,          // DELETE
  make_directory,  // MKCOL
  move,            // MOVE
  script,          // GET, HEAD of the script of the pages that the server makes
  options,         // OPTIONS, for a path or for *
  refuse,          // respond with Intent::status
};

struct MethodRule {
  http1::Method method;
  Action action;
  bool writes;      // it changes files: allowed only where the site is writable
  bool needs_body;  // its body is the content of a file
  bool is_of_files;
  bool is_of_uploads;  // of resumable uploads that are not finished
};

inline constexpr std::array<MethodRule, 8> methods = {{
    {http1::Method::get, Action::read, false, false, true, true},
    {http1::Method::head, Action::read, false, false, true, true},
    {http1::Method::options, Action::options, false, false, true, true},
    {http1::Method::put, Action::write, true, true, true, false},
    {http1::Method::delete_, Action::remove, true, false, true, true},
    {http1::Method::mkcol, Action::make_directory, true, false, true, false},
    {http1::Method::move, Action::move, true, false, true, false},
    {http1::Method::patch, Action::resume, true, false, false, true},
}};

// The row of `method`; null where this server does not implement it.
constexpr const MethodRule* rule_of(http1::Method method) {
  for (const MethodRule& rule : methods) {
    if (rule.method == method) return &rule;
  }
  return nullptr;
}

// Whether requests with that action change files, if they succeed.
constexpr bool changes_files(Action action) {
  switch (action) {
    case Action::write:
    case Action::create:
    case Action::resume:
    case Action::remove:
    case Action::make_directory:
    case Action::move: return true;
    default: return false;
  }
}

// The resource that a value of Allow is about.
enum class Allowed : std::uint8_t {
  reading,  // a site that is read-only
  files,
  uploads,  // a resumable upload
  all,      // `*`, where uploads can be resumed
};

// The value of Allow (RFC 9110 section 10.2.1). A constant.
std::string_view allowed_methods(Allowed allowed);

}  // namespace server
