// Conditions: whether a request with preconditions goes on. Pure.
//
// A version of a file is its size and its modification time; its entity tag is made of both, and of
// the coding where it has one (RFC 9110 8.8.3.3), so that every node of a cluster gives the same
// one. The five conditional fields are judged in the order of RFC 9110 13.2.2. Covered by
// tests/server/conditions_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "apps/server/coding.h"
#include "parser/fields.h"
#include "parser/message.h"

namespace server {

// Which version of a file this is.
struct FileFacts {
  std::uint64_t size = 0;     // bytes
  std::int64_t mtime_ns = 0;  // modification time in nanoseconds since 1970
  // How its bytes are coded, where they stand for those of another file.
  Coding coding = Coding::identity;

  std::int64_t mtime_seconds() const {
    const std::int64_t seconds = mtime_ns / 1'000'000'000;
    return mtime_ns % 1'000'000'000 < 0 ? seconds - 1 : seconds;
  }
};

// A strong entity tag with its quotes: "MTIME-SIZE" in hexadecimal, "MTIME-SIZE-gzip" where coded.
struct Tag {
  std::array<char, 40> bytes{};
  std::size_t size = 0;
  std::string_view text() const { return {bytes.data(), size}; }
};
Tag tag_of(FileFacts facts);

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
