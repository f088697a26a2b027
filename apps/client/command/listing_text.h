// The entries of a directory on a server, as lines for people and scripts.
//
// Pure. Covered by tests/client/command/listing_text_test.cc.
#pragma once

#include <cstdint>
#include <string>

#include "apps/client/command/listing.h"

namespace client {

// A time, in Unix seconds, as RFC 3339 has it: "1994-11-06T08:49:37Z".
[[nodiscard]] std::string format_rfc3339(std::int64_t unix_seconds);

enum class Details { hidden, shown };

// A line for each entry: its name, with a slash behind that of a directory. With details, the size
// in bytes and the time of the last modification stand before it, "-" where they are not known.
[[nodiscard]] std::string listing_text(const RemoteListing& listing, Details details);

}  // namespace client
