// FileFacts: which version of a file an answer is about, and its entity tag. Pure.
//
// A version of a file is its size and its modification time. The entity tag is made of both, and of
// the coding where there is one (RFC 9110 section 8.8.3.3), never of the inode, so that every node
// of a cluster gives equal tags to equal files. Covered by tests/server/plan/facts_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/plan/precompressed.h"

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

}  // namespace server
