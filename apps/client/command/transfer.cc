// Covered by tests/client/command/transfer_test.cc.
#include "apps/client/command/transfer.h"

#include <algorithm>

#include "parser/date.h"
#include "parser/fields.h"

namespace client {

namespace {

using http1::FieldName;

// A date is a strong validator where the file cannot have changed twice within it: RFC
// 9110 8.8.2.2.
constexpr std::int64_t least_age_s = 60;
// A file that is another one at each request is not waited for.
constexpr unsigned most_restarts = 3;

// The value of a field that a response has once; empty where it has none, or contradicts itself.
std::string_view only_value_of(const http1::ResponseHead& head, FieldName name) {
  return head.has_repeated(name) ? std::string_view() : http1::trim(head.value_of(name));
}

// The ETag of the response; nothing where it has none, or no valid one.
std::optional<http1::EntityTag> tag_of(const http1::ResponseHead& head) {
  return http1::parse_entity_tag(only_value_of(head, FieldName::etag));
}

std::string_view date_of(const http1::ResponseHead& head) {
  return only_value_of(head, FieldName::last_modified);
}

bool is_encoded(const http1::ResponseHead& head) {
  const std::string_view coding = http1::trim(head.value_of(FieldName::content_encoding));
  return !coding.empty() && !http1::equal_ignoring_case(coding, "identity");
}

bool is_old_enough(const http1::ResponseHead& head, std::int64_t now) {
  const std::optional<std::int64_t> modified = http1::parse_date(date_of(head), now);
  const std::optional<std::int64_t> sent =
      http1::parse_date(only_value_of(head, FieldName::date), now);
  return modified && sent && *modified <= *sent - least_age_s;
}

std::optional<http1::ContentRange> content_range_of(const http1::ResponseHead& head) {
  return http1::parse_content_range(only_value_of(head, FieldName::content_range));
}

// Says whether the response names the version of the bytes that are there.
bool is_of_version(const Transfer& transfer, const http1::ResponseHead& head) {
  const std::string& validator = transfer.version.validator;
  if (transfer.is_trusted && validator.empty()) return true;
  if (validator.starts_with('"')) {
    const std::optional<http1::EntityTag> tag = tag_of(head);
    return tag && http1::equal_strongly(*tag, {.opaque = validator});
  }
  return date_of(head) == validator;
}

// Says whether a 206 continues the bytes. RFC 9110 15.3.7: a server may send less than requested.
bool continues(const Transfer& transfer, std::uint64_t start, const http1::ResponseHead& head) {
  const std::optional<http1::ContentRange> part = content_range_of(head);
  if (!part || !part->range || !part->complete_size || is_encoded(head)) return false;
  if (part->range->first != start || *part->complete_size < transfer.held) return false;
  if (transfer.version.size && *transfer.version.size != *part->complete_size) return false;
  const http1::Body body = head.body();
  if (body.kind == http1::BodyKind::none) return false;
  if (body.kind == http1::BodyKind::length && body.length != part->range->size()) return false;
  return is_of_version(transfer, head);
}

// A 416 says that the file, whose size was not known, ends where the bytes end. Another version may
// have that size by chance.
bool completes(const Transfer& transfer, const http1::ResponseHead& head) {
  const std::optional<http1::ContentRange> part = content_range_of(head);
  if (!part || part->range || part->complete_size != transfer.held) return false;
  return !transfer.version.size && is_of_version(transfer, head);
}

bool goes_on(const Transfer& transfer) {
  return transfer.held > 0 && !transfer.version.validator.empty();
}

void throw_away(Transfer& transfer) {
  transfer.held = 0;
  transfer.version = {};
  transfer.is_trusted = false;
}

Step restart(Transfer& transfer) {
  if (!transfer.can_restart || transfer.restarts >= most_restarts) return {};
  ++transfer.restarts;
  throw_away(transfer);
  return {.next = Next::ask, .begins_anew = true};
}

Step retry(Transfer& transfer, const Failure& failure, const Rules& rules) {
  // A stream has bytes that no request can follow.
  if (!transfer.can_restart && transfer.held > 0 && !goes_on(transfer)) return {};
  if (!is_transient(failure) || transfer.retries >= rules.settings.retries) return {};
  ++transfer.retries;
  const bool begins_anew = transfer.held > 0 && !goes_on(transfer);
  if (begins_anew) throw_away(transfer);
  return {.next = Next::ask,
          .pause_ms = pause_before(transfer.retries, rules.settings, failure, rules.random),
          .is_retry = true,
          .begins_anew = begins_anew};
}

// The connection ended, or nothing came any more; no response says anything against the next one.
bool is_cut(const Outcome& outcome) {
  const Failure& failure = outcome.failure;
  return is_transient(failure) && failure.code != ExitCode::http_error && !outcome.is_slow;
}

Step decide(Transfer& transfer, const Outcome& outcome, const Rules& rules) {
  if (outcome.is_complete) return {.next = Next::finish};
  if (outcome.misfits) return restart(transfer);
  const bool may_go_on =
      outcome.moved > 0 && goes_on(transfer) && transfer.restarts <= most_restarts;
  if (outcome.failure.code == ExitCode::ok) {
    return {.next = may_go_on ? Next::ask : Next::give_up};  // a part of the requested range
  }
  if (!may_go_on || !is_cut(outcome)) return retry(transfer, outcome.failure, rules);
  const bool is_brisk = outcome.moved >= brisk_bytes;
  const std::int64_t pause_ms =
      is_brisk ? 0 : pause_before(1, rules.settings, outcome.failure, rules.random);
  return {.next = Next::ask, .pause_ms = pause_ms};
}

}  // namespace

Version version_of(const http1::ResponseHead& head, std::int64_t now) {
  Version version;
  const std::optional<http1::ContentRange> part = content_range_of(head);
  const http1::Body body = head.body();
  if (head.status() == 206) {
    if (part) version.size = part->complete_size;
  } else if (body.kind == http1::BodyKind::length) {
    version.size = body.length;
  }
  const std::string_view units = http1::trim(head.value_of(FieldName::accept_ranges));
  if (is_encoded(head) || http1::equal_ignoring_case(units, "none")) return version;
  if (head.has(FieldName::etag)) {
    const std::optional<http1::EntityTag> tag = tag_of(head);
    if (tag && !tag->is_weak) version.validator = tag->opaque;
  } else if (is_old_enough(head, now)) {
    version.validator = date_of(head);
  }
  return version;
}

std::optional<std::uint64_t> range_start(const Transfer& transfer) {
  if (!goes_on(transfer) && !(transfer.is_trusted && transfer.held > 0)) return {};
  return transfer.version.size == transfer.held ? transfer.held - 1 : transfer.held;
}

Verdict judge(const Transfer& transfer, const http1::ResponseHead& head) {
  const std::optional<std::uint64_t> start = range_start(transfer);
  const int status = head.status();
  if (status == 206 && start) {
    return continues(transfer, *start, head) ? Verdict::continues : Verdict::misfits;
  }
  if (status == 416 && start) {
    return completes(transfer, head) ? Verdict::completes : Verdict::misfits;
  }
  if (head.status_class() != 2) return Verdict::refuses;
  const bool is_too_late = transfer.held > 0 && !transfer.can_restart;
  return is_too_late ? Verdict::misfits : Verdict::begins;
}

RangeVerdict judge_range(const Version& version, const ByteRange& range,
                         const http1::ResponseHead& head) {
  const int status = head.status();
  if (status == 206) {
    const Transfer transfer{.version = version, .held = range.begin};
    const bool fits = !version.validator.empty() && continues(transfer, range.begin, head) &&
                      range_size(head) <= range.size();
    return fits ? RangeVerdict::fits : RangeVerdict::differs;
  }
  const bool has_file = head.status_class() == 2 || status == 416;
  return has_file ? RangeVerdict::differs : RangeVerdict::refuses;
}

std::uint64_t range_size(const http1::ResponseHead& head) {
  const std::optional<http1::ContentRange> part = content_range_of(head);
  return part && part->range ? part->range->size() : 0;
}

void begin_body(Transfer& transfer, Verdict verdict, const Version& version) {
  if (verdict == Verdict::continues) {
    transfer.held = range_start(transfer).value_or(0);
    // Bytes that the user vouches for are of this version from now on.
    if (transfer.version.validator.empty()) transfer.version.validator = version.validator;
    if (!transfer.version.size) transfer.version.size = version.size;
    return;
  }
  if (transfer.held > 0) ++transfer.restarts;
  transfer.held = 0;
  transfer.is_trusted = false;
  transfer.version = version;
}

Step next_step(Transfer& transfer, const Outcome& outcome, const Rules& rules) {
  if (outcome.moved > 0 && goes_on(transfer)) transfer.retries = 0;
  const Step step = decide(transfer, outcome, rules);
  const bool is_too_long = rules.left_ms && step.pause_ms >= *rules.left_ms;
  return step.next == Next::ask && step.pause_ms > 0 && is_too_long ? Step{} : step;
}

}  // namespace client
