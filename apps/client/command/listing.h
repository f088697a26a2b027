// Directories on a server: the entries of a listing, as JSON or as an HTML page.
//
// JSON is an array of objects; quoitd, nginx (autoindex_format json) and Caddy name the members in
// three ways, and all are understood. Of any HTML page the links to resources directly below its
// URL count. A name is decoded once. One that could leave the directory, or that is no text, is
// refused and reported.
//
// Pure. Covered by tests/client/command/listing_test.cc and the fuzz target remote_listing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/client/command/url.h"

namespace client {

struct RemoteEntry {
  std::string name = {};  // UTF-8 without slashes and control characters; not "." or ".."
  bool is_directory = false;
  std::optional<std::uint64_t> size = {};     // bytes
  std::optional<std::int64_t> modified = {};  // Unix seconds
};

struct RemoteListing {
  std::vector<RemoteEntry> entries = {};  // sorted by name, each name once
  std::vector<std::string> refused = {};  // names, as they stand in the listing
};

// Says whether a file of a directory may have the name: 1 to 255 bytes of UTF-8 without slashes and
// control characters, not "." or "..".
[[nodiscard]] bool is_allowed_name(std::string_view name);

// Reads a JSON listing. Nothing: the text is no JSON, or no listing. `now`, in Unix seconds, reads
// dates of two digits.
[[nodiscard]] std::optional<RemoteListing> read_json_listing(std::string_view text,
                                                             std::int64_t now);

// Reads the links of a page at `base`, whose path ends in a slash.
[[nodiscard]] RemoteListing read_html_listing(std::string_view page, const Url& base);

// Reads a time of RFC 3339, as "1994-11-06T08:49:37Z", in Unix seconds; fractions are cut off.
[[nodiscard]] std::optional<std::int64_t> parse_rfc3339(std::string_view text);

}  // namespace client
