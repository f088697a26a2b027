// The evaluation order of RFC 9110 section 13.2.2, step by step. Covered by
// tests/server/plan/conditions_test.cc.
#include "apps/server/plan/conditions.h"

#include <algorithm>
#include <array>
#include <optional>

#include "parser/date.h"
#include "parser/fields.h"

namespace server {

using http1::FieldName;
using http1::RequestHead;
using http1::TagComparison;
using http1::TagMatch;

namespace {

// Says whether any line of the field matches the existing version. A malformed list matches
// nothing, so a malformed If-Match fails and a malformed If-None-Match has no effect.
bool any_tag_matches(const RequestHead& head, FieldName name, const Version* existing,
                     TagComparison comparison) {
  if (!existing) return false;
  for (const http1::Field field : head.fields(name)) {
    if (http1::match_tags(field.value, existing->tag, comparison) == TagMatch::matches) return true;
  }
  return false;
}

// The date in a field. Empty where the field is repeated or its value is no date: the field is then
// ignored (RFC 9110 sections 13.1.3 and 13.1.4).
std::optional<std::int64_t> date_of(const RequestHead& head, FieldName name, std::int64_t now) {
  if (!head.has(name) || head.has_repeated(name)) return std::nullopt;
  return http1::parse_date(head.value_of(name), now);
}

bool reads(const RequestHead& head) {
  return head.method() == http1::Method::get || head.method() == http1::Method::head;
}

}  // namespace

Verdict judge_version(const RequestHead& head, const Version* existing, std::int64_t now) {
  // Step 1, else step 2.
  if (head.has(FieldName::if_match)) {
    if (!any_tag_matches(head, FieldName::if_match, existing, TagComparison::strong)) {
      return Verdict::failed;
    }
  } else if (const auto date = date_of(head, FieldName::if_unmodified_since, now)) {
    // RFC 9110 section 13.1.4: ignored where the resource has no modification date.
    const bool dated = existing && existing->mtime_seconds;
    if (dated && *existing->mtime_seconds > *date) return Verdict::failed;
  }
  // Step 3, else step 4.
  if (head.has(FieldName::if_none_match)) {
    if (any_tag_matches(head, FieldName::if_none_match, existing, TagComparison::weak)) {
      return reads(head) ? Verdict::not_modified : Verdict::failed;
    }
  } else if (reads(head) && existing && existing->mtime_seconds) {
    const auto date = date_of(head, FieldName::if_modified_since, now);
    if (date && *existing->mtime_seconds <= *date) return Verdict::not_modified;
  }
  return Verdict::proceed;
}

Verdict judge(const RequestHead& head, const FileFacts* existing, std::int64_t now) {
  constexpr std::array conditions = {FieldName::if_match, FieldName::if_none_match,
                                     FieldName::if_modified_since, FieldName::if_unmodified_since};
  const bool has_any = std::any_of(conditions.begin(), conditions.end(),
                                   [&](FieldName name) { return head.has(name); });
  if (!has_any) return Verdict::proceed;
  if (!existing) return judge_version(head, nullptr, now);
  if (!existing->has_validators()) {
    const Version unknown;  // an empty tag, which only "*" matches
    return judge_version(head, &unknown, now);
  }
  const Tag tag = tag_of(*existing);
  const Version version{.tag = {.opaque = tag.text(), .is_weak = false},
                        .mtime_seconds = existing->mtime_seconds()};
  return judge_version(head, &version, now);
}

bool range_applies(const RequestHead& head, FileFacts existing, std::int64_t now) {
  if (!head.has(FieldName::if_range)) return true;
  if (head.has_repeated(FieldName::if_range) || !existing.has_validators()) return false;
  const std::string_view value = head.value_of(FieldName::if_range);
  if (const auto tag = http1::parse_entity_tag(value)) {
    return http1::equal_strongly(*tag, {.opaque = tag_of(existing).text(), .is_weak = false});
  }
  // RFC 9110 section 8.8.2.2: a date is a strong validator only once its second is over, so that
  // the file cannot change again within that second. One more second allows for coarse clocks.
  constexpr std::int64_t settled = 2;
  const auto date = http1::parse_date(value, now);
  return date && *date == existing.mtime_seconds() && now - *date >= settled;
}

}  // namespace server
