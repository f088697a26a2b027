// Covered by tests/client/command/part_record_test.cc.
#include "apps/client/command/part_record.h"

#include <algorithm>

#include "parser/date.h"
#include "parser/fields.h"

namespace client {

namespace {

constexpr std::string_view first_line = "quoit-part 1\n";
constexpr std::string_view last_line = "end\n";

bool is_line(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(),
                                       [](char byte) { return byte == '\n' || byte == '\0'; });
}

// A strong ETag, or a date.
bool is_validator(std::string_view text) {
  const std::optional<http1::EntityTag> tag = http1::parse_entity_tag(text);
  return tag ? !tag->is_weak : http1::parse_date(text, 0).has_value();
}

bool take(std::string_view& rest, std::string_view prefix) {
  if (!rest.starts_with(prefix)) return false;
  rest.remove_prefix(prefix.size());
  return true;
}

// The rest of the line that begins with `name`; empty where it is another line.
std::string_view take_value(std::string_view& rest, std::string_view name) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos || !rest.substr(0, end).starts_with(name)) return {};
  const std::string_view value = rest.substr(name.size(), end - name.size());
  rest.remove_prefix(end + 1);
  return value;
}

}  // namespace

std::string write_record(const PartRecord& record) {
  if (!is_line(record.url) || !is_validator(record.version.validator)) return {};
  std::string text(first_line);
  text.append("url ").append(record.url).append("\n");
  text.append("validator ").append(record.version.validator).append("\n");
  if (record.version.size) {
    text.append("size ").append(std::to_string(*record.version.size)).append("\n");
  }
  text += last_line;
  return text.size() <= most_record_bytes ? text : std::string();
}

std::optional<PartRecord> read_record(std::string_view text) {
  PartRecord record;
  if (text.size() > most_record_bytes || !take(text, first_line)) return {};
  record.url = take_value(text, "url ");
  record.version.validator = take_value(text, "validator ");
  if (!is_line(record.url) || !is_validator(record.version.validator)) return {};
  if (text.starts_with("size ")) {
    record.version.size = http1::parse_decimal(take_value(text, "size "));
    if (!record.version.size) return {};
  }
  return text == last_line ? std::optional(record) : std::nullopt;
}

}  // namespace client
