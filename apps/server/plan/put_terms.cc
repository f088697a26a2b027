// Parsing of Content-Range, Range and X-OC-MTime of a PUT. Covered by
// tests/server/plan/put_terms_test.cc.
#include "apps/server/plan/put_terms.h"

#include <algorithm>
#include <array>

namespace server {

using http1::BodyKind;
using http1::FieldName;

namespace {

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// A buffer for the text of a Content-Range: three numbers of 19 digits fit.
using PartText = std::array<char, 80>;

// Converts the Range of a PUT by lftp 4.9.2 (put -c) to a Content-Range: "bytes=5-9/10" becomes
// "bytes 5-9/10". RFC 9110 section 14.2 says to ignore Range there, but then the end of a file
// would replace the whole file. Empty for any other Range. The result is a view of `buffer`.
std::string_view part_of_range(std::string_view range, PartText& buffer) {
  const std::size_t equals = range.find('=');
  if (equals == std::string_view::npos || range.size() > buffer.size()) return {};
  if (range.find(' ') != std::string_view::npos) return {};
  range.copy(buffer.data(), range.size());
  buffer[equals] = ' ';
  return {buffer.data(), range.size()};
}

// The part in the syntax of Content-Range, from whichever field names it. Empty where the field is
// repeated, or both fields are present.
std::string_view name_of_part(const http1::RequestHead& head, PartText& buffer) {
  if (!head.has(FieldName::range)) {
    return head.has_repeated(FieldName::content_range) ? std::string_view()
                                                       : head.value_of(FieldName::content_range);
  }
  if (head.has(FieldName::content_range) || head.has_repeated(FieldName::range)) return {};
  return part_of_range(head.value_of(FieldName::range), buffer);
}

void read_part(const http1::RequestHead& head, PutTerms& terms) {
  if (!head.has(FieldName::content_range) && !head.has(FieldName::range)) return;
  PartText buffer;
  const auto read = http1::parse_content_range(name_of_part(head, buffer));
  if (!read) {
    terms.error = "a part is named by one Content-Range: 'bytes FIRST-LAST/SIZE', SIZE may be '*'";
  } else if (!read->range) {
    terms.error = "Content-Range names no part of the file";
  } else if (head.body().kind != BodyKind::chunked && head.body().length != read->range->size()) {
    terms.error = "the body is not as long as Content-Range says";
  } else {
    terms.body_size = read->range->size();
    if (read->complete_size == terms.body_size) return;  // the whole file
    terms.part = read->range;
    terms.complete_size = read->complete_size;
  }
}

void read_mtime(const http1::RequestHead& head, PutTerms& terms) {
  if (!head.has(FieldName::x_oc_mtime)) return;
  terms.mtime_seconds = parse_mtime(head.value_of(FieldName::x_oc_mtime));
  if (!terms.mtime_seconds || head.has_repeated(FieldName::x_oc_mtime)) {
    terms.error = "X-OC-MTime is to be a number of seconds since 1970";
  }
}

}  // namespace

PutTerms read_terms(const http1::RequestHead& head) {
  PutTerms terms;
  read_part(head, terms);
  read_mtime(head, terms);
  return terms;
}

std::string_view clash_with(const PutTerms& terms, std::uint64_t size) {
  if (!terms.part) return {};
  if (terms.part->first > size) return "the part begins behind the file's end";
  if (terms.complete_size && size > *terms.complete_size) {
    return "the file is longer than Content-Range says it is to be";
  }
  return {};
}

std::optional<std::int64_t> parse_mtime(std::string_view text) {
  constexpr std::uint64_t most_seconds = 9'223'372'035;  // as nanoseconds they fit into 63 bits
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  const std::size_t point = text.find('.');
  if (point != std::string_view::npos && !is_digits(text.substr(point + 1))) return std::nullopt;
  const auto seconds = http1::parse_decimal(text.substr(0, point));
  if (!seconds || *seconds > most_seconds) return std::nullopt;
  const auto value = static_cast<std::int64_t>(*seconds);
  return is_negative ? -value : value;
}

}  // namespace server
