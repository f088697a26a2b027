// Covered by tests/client/command/upload_record_test.cc.
#include "apps/client/command/upload_record.h"

#include <array>
#include <charconv>
#include <system_error>

#include "apps/client/command/private_fields.h"
#include "apps/client/command/record_text.h"
#include "parser/fnv1a.h"
#include "parser/hex.h"
#include "parser/names.h"

namespace client {

namespace {

constexpr std::string_view first_line = "quoit-upload 1\n";
constexpr std::string_view last_line = "end\n";

std::string hex_text(std::uint64_t number) {
  std::array<char, http1::hex_word_size> digits{};
  http1::write_hex_word(digits.data(), number);
  return {digits.data(), digits.size()};
}

// A number as it is written: no other text has its value.
template <class Number>
std::optional<Number> number_of(std::string_view text, int base) {
  Number number = 0;
  const char* const end = text.data() + text.size();
  const std::from_chars_result read = std::from_chars(text.data(), end, number, base);
  if (read.ec != std::errc() || read.ptr != end) return {};
  const std::string written =
      base == 16 ? hex_text(static_cast<std::uint64_t>(number)) : std::to_string(number);
  return written == text ? std::optional(number) : std::nullopt;
}

void add_line(std::string& text, std::string_view name, std::string_view value) {
  text.append(name).append(value).append("\n");
}

bool is_writable(const UploadRecord& record) {
  return is_record_value(record.url) && is_record_value(record.file) &&
         is_record_value(record.upload);
}

}  // namespace

std::uint64_t terms_of(const Settings& settings, const Condition& condition) {
  http1::Fnv1a hash;
  for (const HeaderLine& line : settings.headers) {
    if (is_private(http1::field_name_of(line.name))) continue;
    hash.add(line.name).add('\n').add(line.value).add('\n');
  }
  hash.add(settings.keeps_times ? '1' : '0');
  if (settings.verifies) hash.add("verifies");
  hash.add(condition.is_absent ? '1' : '0').add(condition.tag).add('\n');
  if (condition.unchanged_since) hash.add(std::to_string(*condition.unchanged_since));
  return hash.value();
}

std::string write_upload_record(const UploadRecord& record) {
  if (!is_writable(record)) return {};
  std::string text(first_line);
  add_line(text, "url ", record.url);
  add_line(text, "file ", record.file);
  add_line(text, "size ", std::to_string(record.version.size));
  add_line(text, "modified ", std::to_string(record.version.modified_ns));
  add_line(text, "inode ", std::to_string(record.version.inode));
  add_line(text, "terms ", hex_text(record.terms));
  add_line(text, "upload ", record.upload);
  text += last_line;
  return text.size() <= most_upload_record_bytes ? text : std::string();
}

std::optional<UploadRecord> read_upload_record(std::string_view text) {
  UploadRecord record;
  if (text.size() > most_upload_record_bytes || !take_prefix(text, first_line)) return {};
  record.url = take_record_value(text, "url ");
  record.file = take_record_value(text, "file ");
  const auto size = number_of<std::uint64_t>(take_record_value(text, "size "), 10);
  const auto modified = number_of<std::int64_t>(take_record_value(text, "modified "), 10);
  const auto inode = number_of<std::uint64_t>(take_record_value(text, "inode "), 10);
  const auto terms = number_of<std::uint64_t>(take_record_value(text, "terms "), 16);
  record.upload = take_record_value(text, "upload ");
  if (!size || !modified || !inode || !terms || !is_writable(record)) return {};
  record.version = {.size = *size, .modified_ns = *modified, .inode = *inode};
  record.terms = *terms;
  return text == last_line ? std::optional(record) : std::nullopt;
}

}  // namespace client
