// Events of --json: one JSON object a line, for programs.
//
// docs/client.md documents the names of the fields; they stay as they are. Bytes of names that are
// no UTF-8 become U+FFFD, so that every line is JSON (RFC 8259). Pure. Covered by
// tests/client/screen/events_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace client {

// The fields that are set are written, in this order.
struct Event {
  std::string_view event;
  std::string_view url = {};
  std::string_view file = {};
  std::string_view name = {};
  std::string_view type = {};
  std::optional<std::uint64_t> bytes = {};
  std::optional<std::uint64_t> total = {};
  std::string_view modified = {};
  std::optional<std::uint64_t> files = {};
  std::optional<std::uint64_t> failed = {};
  std::optional<int> status = {};
  std::string_view etag = {};
  std::optional<int> exit = {};
  std::string_view message = {};
};

// The line of an event, with its line feed.
[[nodiscard]] std::string event_line(const Event& event);

}  // namespace client
