// Conditions: whether a request with preconditions goes on. Pure.
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

// A version of anything, for those who compare.
struct Version {
  http1::EntityTag tag;
  std::optional<std::int64_t> mtime_seconds;  // empty: no Last-Modified is said of it
};

enum class Verdict : std::uint8_t {
  proceed,
  not_modified,  // 304, for GET and HEAD
  failed,        // 412
};

// Judges the conditions of `head` against `existing`, the version there is now (null: none).
// `now` is in Unix seconds, for two-digit years. RFC 9110 13.2.2.
Verdict judge(const http1::RequestHead& head, const FileFacts* existing, std::int64_t now);
Verdict judge_version(const http1::RequestHead& head, const Version* existing, std::int64_t now);

// Says whether a Range of `head` counts: there is no If-Range, or it names this very version by a
// strong tag, or by its exact date when that is some seconds ago. RFC 9110 13.1.5.
bool range_counts(const http1::RequestHead& head, FileFacts existing, std::int64_t now);

}  // namespace server
