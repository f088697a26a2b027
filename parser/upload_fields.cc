// Covered by tests/parser/upload_fields_test.cc.
#include "parser/upload_fields.h"

#include <string_view>

#include "parser/structured_fields.h"

namespace http1 {

namespace {

std::optional<std::uint64_t> size_of(const StructuredItem& item) noexcept {
  if (item.kind != StructuredItem::Kind::integer || item.integer < 0) return std::nullopt;
  return static_cast<std::uint64_t>(item.integer);
}

bool add_limits(std::string_view line, UploadLimits& limits) noexcept {
  DictionaryReader reader(line);
  std::string_view key;
  StructuredItem item;
  auto outcome = reader.next(key, item);
  for (; outcome == DictionaryReader::Outcome::member; outcome = reader.next(key, item)) {
    if (key == "max-size") limits.max_size = size_of(item);
    if (key == "max-append-size") limits.max_append_size = size_of(item);
  }
  return outcome == DictionaryReader::Outcome::end;
}

}  // namespace

std::optional<std::uint64_t> size_value_of(const Head& head, FieldName name) noexcept {
  if (!head.has(name) || head.has_repeated(name)) return std::nullopt;
  const std::optional<StructuredItem> item = parse_item(head.value_of(name));
  return item ? size_of(*item) : std::nullopt;
}

UploadFields read_upload_fields(const Head& head) noexcept {
  UploadFields fields;
  if (!head.has_repeated(FieldName::upload_complete)) {
    fields.complete = parse_boolean(head.value_of(FieldName::upload_complete));
  }
  fields.offset = size_value_of(head, FieldName::upload_offset);
  fields.length = size_value_of(head, FieldName::upload_length);
  return fields;
}

std::optional<UploadLimits> read_upload_limits(const Head& head) noexcept {
  if (!head.has(FieldName::upload_limit)) return std::nullopt;
  UploadLimits limits;
  for (const Field line : head.fields(FieldName::upload_limit)) {
    if (!add_limits(line.value, limits)) return std::nullopt;
  }
  return limits;
}

}  // namespace http1
