// Covered by tests/client/command/part_record_test.cc.
#include "apps/client/command/part_record.h"

#include "apps/client/command/record_text.h"
#include "parser/date.h"
#include "parser/fields.h"

namespace client {

namespace {

constexpr std::string_view first_line = "quoit-part 1\n";
constexpr std::string_view last_line = "end\n";

// A strong ETag, or a date.
bool is_validator(std::string_view text) {
  const std::optional<http1::EntityTag> tag = http1::parse_entity_tag(text);
  return tag ? !tag->is_weak : http1::parse_date(text, 0).has_value();
}

}  // namespace

std::string write_record(const PartRecord& record) {
  if (!is_record_value(record.url) || !is_validator(record.version.validator)) return {};
  std::string text(first_line);
  text.append("url ").append(record.url).append("\n");
  text.append("validator ").append(record.version.validator).append("\n");
  if (record.version.size) {
    text.append("size ").append(std::to_string(*record.version.size)).append("\n");
  }
  if (record.done) {
    if (!record.version.size) return {};
    text.append("done ").append(ranges_text(*record.done)).append("\n");
  }
  text += last_line;
  return text.size() <= most_record_bytes ? text : std::string();
}

std::optional<PartRecord> read_record(std::string_view text) {
  PartRecord record;
  if (text.size() > most_record_bytes || !take_prefix(text, first_line)) return {};
  record.url = take_record_value(text, "url ");
  record.version.validator = take_record_value(text, "validator ");
  if (!is_record_value(record.url) || !is_validator(record.version.validator)) return {};
  if (text.starts_with("size ")) {
    record.version.size = http1::parse_decimal(take_record_value(text, "size "));
    if (!record.version.size) return {};
  }
  if (record.version.size && text.starts_with("done ")) {
    record.done = parse_ranges(take_record_value(text, "done "), *record.version.size);
    if (!record.done) return {};
  }
  return text == last_line ? std::optional(record) : std::nullopt;
}

}  // namespace client
