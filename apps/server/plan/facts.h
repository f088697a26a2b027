// FileFacts: size and modification time of a file, and the entity tag made of them. Pure.
//
// Size and modification time identify a version of a file. The entity tag consists of both, and of
// the content coding where there is one (RFC 9110 section 8.8.3.3). It never contains the inode, so
// that all nodes of a cluster give equal tags to equal files. Covered by
// tests/server/plan/facts_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/plan/precompressed.h"

namespace server {

// The version of a file.
struct FileFacts {
  std::uint64_t size = 0;     // bytes
  std::int64_t mtime_ns = 0;  // modification time in nanoseconds since 1970
  // The content coding, where this file is the compressed form of the one that was requested.
  Coding coding = Coding::identity;

  // Says whether time and size identify the version. Nix, OSTree and builds with SOURCE_DATE_EPOCH
  // give all files the time 0 or 1 s, so that two versions of equal size would have equal
  // validators.
  bool has_validators() const { return mtime_ns != 0 && mtime_ns != 1'000'000'000; }

  // The modification time in seconds since 1970, rounded down.
  std::int64_t mtime_seconds() const {
    const std::int64_t seconds = mtime_ns / 1'000'000'000;
    return mtime_ns % 1'000'000'000 < 0 ? seconds - 1 : seconds;
  }
};

// A strong entity tag with its quotes: "MTIME-SIZE" in hexadecimal, with nanoseconds and bytes;
// "MTIME-SIZE-gzip" where the content is coded.
struct Tag {
  std::array<char, 40> bytes{};
  std::size_t size = 0;
  std::string_view text() const { return {bytes.data(), size}; }
};
Tag tag_of(FileFacts facts);

}  // namespace server
