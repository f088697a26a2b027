// Checking ids. Covered by tests/server/plan/request_id_test.cc and fuzz/request_id_fuzzer.cc.
#include "apps/server/plan/request_id.h"

#include <algorithm>

namespace server {

namespace {

bool is_id_byte(char byte) {
  constexpr std::string_view marks = "._=+/-";
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
         (byte >= '0' && byte <= '9') || marks.find(byte) != std::string_view::npos;
}

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
  });
}

bool is_zero(std::string_view text) { return text.find_first_not_of('0') == text.npos; }

}  // namespace

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= most_request_id_bytes &&
         std::all_of(text.begin(), text.end(), is_id_byte);
}

std::optional<TraceParent> parse_traceparent(std::string_view text) {
  constexpr std::size_t size = 55;
  if (text.size() < size || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  const std::string_view version = text.substr(0, 2);
  const TraceParent parent{.trace_id = text.substr(3, 32), .parent_id = text.substr(36, 16)};
  if (!is_hex(version) || version == "ff" || !is_hex(text.substr(53, 2))) return {};
  if (text.size() > size && (version == "00" || text[size] != '-')) return {};
  if (!is_hex(parent.trace_id) || !is_hex(parent.parent_id)) return {};
  if (is_zero(parent.trace_id) || is_zero(parent.parent_id)) return {};
  return parent;
}

}  // namespace server
