// Fuzzes the readers of directory listings: the input is the body of a response, read as JSON and
// as a page.
//
// Oracles:
//   - no entry leaves its directory: a name is not empty, not "." or "..", without slashes, control
//     characters and ill-formed bytes
//   - entries are sorted, and no name stands twice
//   - a listing written as JSON is read as it was written
// Covered by the replay of corpus/remote_listing in every build.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "apps/client/command/listing.h"
#include "apps/client/command/printable.h"
#include "fuzz/require.h"
#include "parser/utf8.h"

namespace {

using client::RemoteEntry;
using client::RemoteListing;
using fuzz::require;

void check(const RemoteListing& listing) {
  const std::string* previous = nullptr;
  for (const RemoteEntry& entry : listing.entries) {
    const std::string& name = entry.name;
    require(!name.empty() && name.size() <= 255 && name != "." && name != "..",
            "a name is one of a file");
    require(name.find_first_of(std::string_view("/\0", 2)) == std::string::npos,
            "a name is one segment");
    require(!client::has_control(name) && http1::is_utf8(name), "a name is text");
    require(!previous || *previous < name, "names are sorted, each of them once");
    previous = &name;
  }
}

std::string written(const RemoteListing& listing) {
  std::string text = "[";
  for (const RemoteEntry& entry : listing.entries) {
    if (text.size() > 1) text += ',';
    text += "{\"name\":\"";
    for (const char byte : entry.name) {
      if (byte == '"' || byte == '\\') text += '\\';
      text += byte;
    }
    text += entry.is_directory ? "/\"" : "\"";
    if (entry.size) text += ",\"size\":" + std::to_string(*entry.size);
    text += "}";
  }
  return text + "]";
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::int64_t now = 784111777;
  const std::string_view text = fuzz::text_of_input(data, size);
  client::Url base;
  require(!client::parse_url("http://h/d/", base), "the URL is valid");
  check(client::read_html_listing(text, base));
  const std::optional<RemoteListing> listing = client::read_json_listing(text, now);
  if (!listing) return 0;
  check(*listing);
  const std::optional<RemoteListing> again = client::read_json_listing(written(*listing), now);
  require(again && again->entries.size() == listing->entries.size() && again->refused.empty(),
          "a listing is read as it was written");
  for (std::size_t at = 0; at < again->entries.size(); ++at) {
    const RemoteEntry& left = listing->entries[at];
    const RemoteEntry& right = again->entries[at];
    require(left.name == right.name && left.is_directory == right.is_directory &&
                left.size == right.size,
            "an entry is read as it was written");
  }
  return 0;
}
