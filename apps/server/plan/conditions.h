// Preconditions: whether a request with conditional fields is carried out. Pure.
//
// The five conditional fields are judged in the order of RFC 9110 section 13.2.2.
// Covered by tests/server/plan/conditions_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "apps/server/plan/facts.h"
#include "parser/fields.h"
#include "parser/message.h"

namespace server {

// The validators of a resource's current version, for comparison with conditional fields.
struct Version {
  http1::EntityTag tag;
  std::optional<std::int64_t> mtime_seconds;  // empty: the resource has no Last-Modified
};

enum class Verdict : std::uint8_t {
  proceed,
  not_modified,  // 304, for GET and HEAD
  failed,        // 412
};

// Evaluates the conditions of `head` against `existing`, the current version (null: the resource
// does not exist). `now` is in Unix seconds and resolves two-digit years. RFC 9110 section 13.2.2.
Verdict judge(const http1::RequestHead& head, const FileFacts* existing, std::int64_t now);
Verdict judge_version(const http1::RequestHead& head, const Version* existing, std::int64_t now);

// Says whether the Range of `head` is to be applied: `head` has no If-Range, or its If-Range has
// the strong tag of `existing`, or the exact date of `existing` where that is at least two seconds
// ago. RFC 9110 section 13.1.5.
bool range_applies(const http1::RequestHead& head, FileFacts existing, std::int64_t now);

}  // namespace server
