// From head and facts to an answer, and from an answer to bytes.
// Covered by tests/server/plan_test.cc.
#include "apps/server/plan.h"

#include <algorithm>
#include <array>

#include "apps/server/clock.h"
#include "apps/server/put_terms.h"
#include "parser/fields.h"
#include "parser/target.h"
#include "parser/write.h"

namespace server {

using http1::FieldName;
using http1::Method;
using http1::RequestHead;

namespace {

Intent refusal(int status, std::string_view explanation = {}) {
  return {.action = Action::refuse, .status = status, .explanation = explanation};
}

// What the method asks for; a refusal where it is not ours.
Intent by_method(const RequestHead& head, bool writable) {
  switch (head.method()) {
    case Method::get:
    case Method::head: return {.action = Action::read};
    case Method::options: return {.action = Action::options};
    case Method::put:
    case Method::delete_:
      if (!writable) return refusal(405, "this server is read-only; --writable allows PUT");
      return {.action = head.method() == Method::put ? Action::write : Action::remove};
    case Method::unknown: return refusal(501);
    default: return refusal(405);
  }
}

// The longest name that the file systems of Linux take, in bytes: NAME_MAX.
constexpr std::size_t longest_name = 255;

bool has_long_name(std::string_view path) {
  std::size_t begin = 0;
  for (std::size_t end = path.find('/'); end != std::string_view::npos;
       end = path.find('/', begin)) {
    if (end - begin > longest_name) return true;
    begin = end + 1;
  }
  return path.size() - begin > longest_name;
}

// What forbids an upload before its body is seen.
Intent check_upload(const RequestHead& head, const Site& site, const Intent& intent) {
  if (intent.names_directory || intent.path == ".") {
    return refusal(409, "a directory cannot be written; give the name of a file");
  }
  if (has_long_name(intent.path)) {
    return refusal(400, "a name in the path is longer than 255 bytes");
  }
  const PutTerms terms = read_terms(head);
  if (!terms.wrong.empty()) return refusal(400, terms.wrong);
  const std::uint64_t end = terms.part ? terms.part->last + 1 : head.body().length;
  if (site.max_body > 0 && end > site.max_body) {
    return refusal(413, "the file would be larger than --max-body allows");
  }
  return intent;
}

}  // namespace

bool is_temporary(std::string_view name) {
  constexpr std::string_view end = ".tmp";
  if (!name.starts_with(temporary_prefix) || !name.ends_with(end)) return false;
  name.remove_prefix(temporary_prefix.size());
  return name.size() == 16 + end.size() &&
         name.find_first_not_of("0123456789abcdef") == name.size() - end.size();
}

bool is_hidden(std::string_view path, bool dot_files) {
  if (path == ".") return false;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    if (name.starts_with(dot_files ? temporary_prefix : ".")) return true;
    begin = end + 1;
  }
  return false;
}

Intent decide(const RequestHead& head, const Site& site, std::span<char> room) {
  Intent intent = by_method(head, site.writable);
  if (intent.action == Action::refuse) return intent;
  if (head.expectation() == http1::Expectation::unsupported) return refusal(417);
  if (head.target_form() == http1::TargetForm::asterisk) return intent;
  const http1::DecodedPath decoded = http1::decode_path(head.path(), room.first(room.size() - 1));
  if (!decoded.ok()) {
    const http1::Error error = decoded.failure.error;
    return refusal(http1::status_of(error), http1::describe(error));
  }
  intent.names_directory = decoded.has_trailing_slash;
  intent.path = decoded.path.size() > 1 ? decoded.path.substr(1) : ".";
  room[decoded.path.size()] = '\0';
  intent.is_hidden = is_hidden(intent.path, site.dot_files);
  if (intent.is_hidden && (intent.action == Action::write || intent.action == Action::remove)) {
    return refusal(403, "names that begin with a dot are not served");
  }
  if (intent.action == Action::write) return check_upload(head, site, intent);
  return intent;
}

std::string_view allowed_methods(bool writable) {
  return writable ? "GET, HEAD, OPTIONS, PUT, DELETE" : "GET, HEAD, OPTIONS";
}

std::string_view explain(int status) {
  switch (status) {
    case 400: return "the request is not valid HTTP";
    case 403: return "this may not be read or written";
    case 404: return "there is nothing of this name";
    case 405: return "this method is not allowed here";
    case 408: return "the request did not arrive in time";
    case 409: return "something else stands where this should go";
    case 412: return "a condition of the request does not hold";
    case 413: return "the body is too large";
    case 416: return "the file has no such range";
    case 417: return "only 'Expect: 100-continue' is understood";
    case 500: return "the server failed; its log says more";
    case 501: return "this method is not known";
    case 503: return "the server is busy; try again soon";
    case 507: return "there is no space left for this file";
    default: return {};
  }
}

namespace {

// What every plan starts from.
Plan begin_plan(const RequestHead& head, int status) {
  Plan plan;
  plan.status = status;
  plan.head_only = head.method() == Method::head;
  plan.keep_alive = head.keep_alive();
  plan.old_client = head.version() == http1::Version::http_1_0;
  return plan;
}

std::string_view append(std::span<char> room, std::string_view text, std::string_view more) {
  const std::size_t count = std::min(more.size(), room.size() - text.size());
  std::copy_n(more.data(), count, room.data() + text.size());
  return {room.data(), text.size() + count};
}

}  // namespace

Plan plan_text(const RequestHead& head, int status, std::string_view explanation,
               std::span<char> room) {
  Plan plan = begin_plan(head, status);
  std::array<char, 4> digits{static_cast<char>('0' + status / 100),
                             static_cast<char>('0' + status / 10 % 10),
                             static_cast<char>('0' + status % 10), ' '};
  std::string_view text(room.data(), 0);
  text = append(room, text, {digits.data(), digits.size()});
  text = append(room, text, http1::reason_of(status));
  if (explanation.empty()) explanation = explain(status);
  if (!explanation.empty()) {
    text = append(room, text, ": ");
    text = append(room, text, explanation);
  }
  plan.text = append(room, text, "\n");
  plan.length = plan.text.size();
  plan.content = Content::text;
  plan.content_type = "text/plain; charset=utf-8";
  return plan;
}

namespace {

// 206 or 416 where Range asks for it and If-Range lets it; else the plan stays as it is.
// More ranges than `room` holds are answered with the whole file (RFC 9110 14.2).
void apply_range(const RequestHead& head, std::int64_t now, std::span<http1::ByteRange> room,
                 Plan& plan) {
  if (head.method() != Method::get || !head.has(FieldName::range)) return;
  if (head.has_repeated(FieldName::range) || !range_counts(head, plan.facts, now)) return;
  const http1::Ranges ranges =
      http1::parse_ranges(head.value_of(FieldName::range), plan.facts.size, room);
  if (ranges.outcome == http1::RangeOutcome::unsatisfiable) {
    plan.status = 416;
    plan.content = Content::none;
    plan.length = 0;
    return;
  }
  if (ranges.outcome != http1::RangeOutcome::satisfiable) return;
  const std::size_t count = http1::join_ranges(room.first(ranges.count));
  // Whether Content-Encoding would be said of the parts or of the multipart, clients disagree.
  if (count > 1 && plan.facts.coding != Coding::identity) return;
  plan.status = 206;
  if (count > 1) {
    plan.content = Content::parts;
    plan.ranges = room.first(count);
    plan.length = length_of(parts_of(plan));
    return;
  }
  plan.is_partial = true;
  plan.offset = room[0].first;
  plan.length = room[0].size();
}

}  // namespace

Plan plan_file(const RequestHead& head, FileFacts facts, std::string_view content_type,
               std::int64_t now, std::span<http1::ByteRange> room) {
  Plan plan = plan_page(head, 200, facts, content_type);
  plan.has_facts = true;
  plan.is_readable = true;
  switch (judge(head, &facts, now)) {
    case Verdict::not_modified:
      plan.status = 304;
      plan.content = Content::none;
      return plan;
    case Verdict::failed:
      plan.status = 412;
      plan.content = Content::none;
      plan.length = 0;
      plan.is_readable = false;
      return plan;
    case Verdict::proceed: break;
  }
  apply_range(head, now, room, plan);
  return plan;
}

Plan plan_listing(const RequestHead& head, const Listing& listing, std::int64_t now) {
  Plan plan = begin_plan(head, 200);
  plan.content = Content::listing;
  plan.content_type = listing.content_type();
  plan.length = listing.length();
  plan.weak_tag = listing.tag();
  plan.vary = "Accept";
  const Version version{.tag = {.opaque = listing.tag(), .is_weak = true}};
  const Verdict verdict = judge_version(head, &version, now);
  if (verdict == Verdict::proceed) return plan;
  plan.status = verdict == Verdict::failed ? 412 : 304;
  plan.content = Content::none;
  plan.length = 0;
  return plan;
}

Plan plan_page(const RequestHead& head, int status, FileFacts facts,
               std::string_view content_type) {
  Plan plan = begin_plan(head, status);
  plan.content = Content::file;
  plan.facts = facts;
  plan.length = facts.size;
  plan.content_type = content_type;
  return plan;
}

Plan plan_slash(const RequestHead& head, std::string_view path, std::span<char> room) {
  Plan plan = begin_plan(head, 301);
  const std::string_view name = path.substr(path.rfind('/') + 1);
  std::string_view location = http1::encode_path(name, room);
  location = append(room, location, "/");
  if (head.has_query()) {
    location = append(room, location, "?");
    location = append(room, location, head.query());
  }
  plan.location = location;
  return plan;
}

Plan plan_stored(const RequestHead& head, bool created, FileFacts facts) {
  Plan plan = begin_plan(head, created ? 201 : 204);
  plan.has_facts = true;
  plan.facts = facts;
  if (!created) return plan;
  plan.location = head.path();
  // Two slashes at its front would make the first name a host (RFC 3986 4.2).
  while (plan.location.starts_with("//")) plan.location.remove_prefix(1);
  return plan;
}

Plan plan_deleted(const RequestHead& head) { return begin_plan(head, 204); }

Plan plan_options(const RequestHead& head, bool writable) {
  Plan plan = begin_plan(head, 204);
  plan.allow = allowed_methods(writable);
  return plan;
}

namespace {

// RFC 9110 8.6: no Content-Length in 1xx and 204; in 304 it may be left out.
bool tells_length(const Plan& plan) { return plan.status != 204 && plan.status != 304; }

void write_type(const Plan& plan, http1::HeadWriter& writer) {
  if (plan.content == Content::parts) {
    // RFC 9110 14.6. Its parts say what the file is.
    constexpr std::string_view begin = "multipart/byteranges; boundary=";
    std::array<char, begin.size() + boundary_bytes> room{};
    const std::string_view text = append(room, {room.data(), 0}, begin);
    writer.field("Content-Type", append(room, text, plan.boundary));
  } else if (plan.content != Content::none) {
    // Of two tokens each, or a constant: Mime sees to it.
    writer.checked_field(FieldName::content_type, plan.content_type);
  }
}

void write_version(const Plan& plan, std::int64_t now, http1::HeadWriter& writer) {
  if (!plan.weak_tag.empty()) {
    std::array<char, 64> room{};
    const std::string_view begin = append(room, {room.data(), 0}, "W/");
    writer.field("ETag", append(room, begin, plan.weak_tag));
  }
  if (!plan.has_facts) return;
  if (plan.fact_lines.empty())
    write_facts(plan.facts, now, writer);
  else
    writer.checked_lines(plan.fact_lines);
}

}  // namespace

void write_facts(FileFacts facts, std::int64_t now, http1::HeadWriter& writer) {
  writer.checked_field(FieldName::etag, tag_of(facts).text());
  // RFC 9110 8.8.2.1: never in the future.
  writer.date("Last-Modified", std::min(facts.mtime_seconds(), now));
}

std::size_t write_head(const Plan& plan, const Clock& clock, std::span<char> room) {
  http1::HeadWriter writer(room);
  writer.status_line(plan.status);
  writer.checked_field(FieldName::date, clock.date());
  if (tells_length(plan)) writer.checked_field(FieldName::content_length, plan.length);
  write_type(plan, writer);
  write_version(plan, clock.seconds(), writer);
  if (plan.is_readable) writer.checked_field(FieldName::accept_ranges, "bytes");
  if (plan.is_partial) {
    writer.content_range(plan.offset, plan.offset + plan.length - 1, plan.facts.size);
  }
  const bool coded = plan.facts.coding != Coding::identity;
  if (coded && plan.content != Content::none) {
    writer.field("Content-Encoding", name_of(plan.facts.coding));
  }
  if (!plan.vary.empty()) writer.field("Vary", plan.vary);
  if (plan.status == 416) writer.content_range_unsatisfied(plan.facts.size);
  if (!plan.allow.empty()) writer.field("Allow", plan.allow);
  if (!plan.location.empty()) writer.field("Location", plan.location);
  if (plan.mtime_accepted) writer.field("X-OC-MTime", "accepted");
  if (plan.status == 503) writer.field("Retry-After", 1);
  if (plan.extra_fields) {
    write_extra_fields(*plan.extra_fields, plan.cors, plan.allow, writer);
  }
  if (!plan.keep_alive)
    writer.field("Connection", "close");
  else if (plan.old_client)
    writer.field("Connection", "keep-alive");
  writer.end();
  return writer.written().size();
}

}  // namespace server
