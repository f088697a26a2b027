// From a request head and the facts of a file to a Plan. Covered by tests/server/plan/plan_test.cc.
#include "apps/server/plan/plan.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "apps/server/pages/error_page.h"
#include "apps/server/pages/page_files.h"
#include "apps/server/plan/append.h"
#include "apps/server/plan/conditions.h"
#include "apps/server/plan/methods.h"
#include "parser/error.h"
#include "parser/fields.h"
#include "parser/target.h"
#include "parser/write.h"

namespace server {

using http1::FieldName;
using http1::Method;
using http1::RequestHead;

std::string_view explain(int status) {
  switch (status) {
    case 400: return "the request is not valid HTTP";
    case 401: return "give a user name and a password, or a token";
    case 403: return "this may not be read or written";
    case 404: return "there is nothing of this name";
    case 405: return "this method is not allowed here";
    case 408: return "the request did not arrive in time";
    case 409: return "something else stands where this should go";
    case 412: return "a condition of the request does not hold";
    case 413: return "the body is too large";
    case 416: return "the file has no such range";
    case 417: return "only 'Expect: 100-continue' is understood";
    case 429: return "too many wrong passwords or tokens from this address";
    case 500: return "the server failed; its log says more";
    case 501: return "this method is not known";
    case 503: return "the server is busy; try again soon";
    case 507: return "there is no space left for this file";
    default: return {};
  }
}

namespace {

// A Plan with the members that depend on the request head alone.
Plan begin_plan(const RequestHead& head, int status) {
  Plan plan;
  plan.status = status;
  plan.head_only = head.method() == Method::head;
  plan.keep_alive = head.keep_alive();
  plan.old_client = head.version() == http1::Version::http_1_0;
  return plan;
}

// Whether the request prefers HTML to text, as a browser does when a person follows a link.
bool prefers_page(const RequestHead& head) {
  if (head.size() == 0 || !head.has(FieldName::accept)) return false;
  const std::string_view accept = head.value_of(FieldName::accept);
  return http1::media_weight(accept, "text/html") > http1::media_weight(accept, "text/plain");
}

// "404 Not Found: there is nothing of this name", with a line feed.
std::string_view write_line(int status, std::string_view explanation, std::span<char> buffer) {
  std::array<char, 4> digits{static_cast<char>('0' + status / 100),
                             static_cast<char>('0' + status / 10 % 10),
                             static_cast<char>('0' + status % 10), ' '};
  std::string_view text(buffer.data(), 0);
  text = append(buffer, text, {digits.data(), digits.size()});
  text = append(buffer, text, http1::reason_of(status));
  if (!explanation.empty()) {
    text = append(buffer, text, ": ");
    text = append(buffer, text, explanation);
  }
  return append(buffer, text, "\n");
}

}  // namespace

Plan plan_text(const RequestHead& head, int status, std::string_view explanation,
               std::span<char> buffer) {
  Plan plan = begin_plan(head, status);
  if (explanation.empty()) explanation = explain(status);
  plan.is_page = prefers_page(head);
  if (plan.is_page) {
    const ErrorPage page{.status = status,
                         .reason = http1::reason_of(status),
                         .sentence = explanation,
                         .path = head.path()};
    plan.text = {buffer.data(), write_error_page(page, buffer)};
  } else {
    plan.text = write_line(status, explanation, buffer);
  }
  plan.content_type = plan.is_page ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
  plan.length = plan.text.size();
  plan.content = Content::text;
  plan.vary = "Accept";
  if (status == 503) plan.retry_after_seconds = 1;
  return plan;
}

Plan plan_problem(const RequestHead& head, int status, std::string_view json) {
  Plan plan = begin_plan(head, status);
  plan.text = json;
  plan.length = json.size();
  plan.content = Content::text;
  plan.content_type = "application/problem+json";
  return plan;
}

namespace {

// Changes `plan` to 206 or 416 where Range asks for it and If-Range permits it. `buffer` receives
// the ranges; a request for more ranges than it holds gets the whole file (RFC 9110 section 14.2).
void apply_range(const RequestHead& head, std::int64_t now, std::span<http1::ByteRange> buffer,
                 Plan& plan) {
  if (head.method() != Method::get || !head.has(FieldName::range)) return;
  if (head.has_repeated(FieldName::range) || !range_applies(head, plan.facts, now)) return;
  const http1::Ranges ranges =
      http1::parse_ranges(head.value_of(FieldName::range), plan.facts.size, buffer);
  if (ranges.outcome == http1::RangeOutcome::unsatisfiable) {
    plan.status = 416;
    plan.content = Content::none;
    plan.length = 0;
    return;
  }
  if (ranges.outcome != http1::RangeOutcome::satisfiable) return;
  const std::size_t count = http1::join_ranges(buffer.first(ranges.count));
  // Clients disagree whether Content-Encoding applies to the parts or to the multipart as a whole.
  if (count > 1 && plan.facts.coding != Coding::identity) return;
  plan.status = 206;
  if (count > 1) {
    plan.content = Content::parts;
    plan.ranges = buffer.first(count);
    plan.length = length_of(parts_of(plan));
    return;
  }
  plan.is_partial = true;
  plan.offset = buffer[0].first;
  plan.length = buffer[0].size();
}

}  // namespace

Plan plan_file(const RequestHead& head, FileFacts facts, std::string_view content_type,
               std::int64_t now, std::span<http1::ByteRange> buffer) {
  Plan plan = plan_page(head, 200, facts, content_type);
  plan.has_facts = facts.has_validators();
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
  apply_range(head, now, buffer, plan);
  return plan;
}

Plan plan_listing(const RequestHead& head, const Listing& listing, std::int64_t now) {
  Plan plan = begin_plan(head, 200);
  plan.content = Content::generated;
  plan.content_type = listing.content_type();
  plan.length = listing.length();
  plan.weak_tag = listing.tag();
  plan.vary = "Accept";
  const Version version{.tag = {.opaque = listing.tag(), .is_weak = true}};
  const Verdict verdict = judge_version(head, &version, now);
  plan.is_page = verdict == Verdict::proceed && listing.is_page();
  if (verdict == Verdict::proceed) return plan;
  plan.status = verdict == Verdict::failed ? 412 : 304;
  plan.content = Content::none;
  plan.length = 0;
  return plan;
}

// RFC 9112 section 6.1: an HTTP/1.0 client does not understand chunks, so that the end of the
// connection is that of the content.
Plan plan_archive(const RequestHead& head, ArchiveFormat format, std::string_view lines) {
  Plan plan = begin_plan(head, 200);
  plan.content = Content::streamed;
  plan.content_type = archive_type(format);
  plan.length = unknown_length;
  plan.is_chunked = !plan.old_client;
  plan.keep_alive = plan.keep_alive && plan.is_chunked;
  plan.more_lines = lines;
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

Plan plan_slash(const RequestHead& head, std::string_view path, std::span<char> buffer) {
  Plan plan = begin_plan(head, 301);
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::string_view encoded = http1::encode_path(name, buffer);
  assert(encoded.data() != nullptr);  // a directory that exists has a name of 255 bytes at most
  plan.location = append(buffer, encoded, "/");
  plan.has_location_query = head.has_query();
  if (plan.has_location_query) plan.location_query = head.query();
  return plan;
}

Plan plan_named(const RequestHead& head, bool created, std::string_view location) {
  Plan plan = begin_plan(head, created ? 201 : 204);
  if (!created) return plan;
  plan.location = location;
  // After two slashes a client would take the first name for a host (RFC 3986 section 4.2).
  while (plan.location.starts_with("//")) plan.location.remove_prefix(1);
  return plan;
}

Plan plan_stored(const RequestHead& head, bool created, FileFacts facts) {
  Plan plan = plan_named(head, created, head.path());
  plan.has_facts = facts.has_validators();
  plan.facts = facts;
  return plan;
}

Plan plan_deleted(const RequestHead& head) { return begin_plan(head, 204); }

Plan plan_options(const RequestHead& head, Allowed allowed) {
  Plan plan = begin_plan(head, 204);
  plan.allow = allowed_methods(allowed);
  return plan;
}

Plan plan_script(const RequestHead& head) {
  Plan plan = begin_plan(head, 200);
  plan.content = Content::text;
  plan.text = page_files().script;
  plan.length = plan.text.size();
  plan.content_type = "text/javascript; charset=utf-8";
  plan.more_lines =
      "Cache-Control: public, max-age=31536000, immutable\r\nX-Content-Type-Options: nosniff\r\n";
  return plan;
}

Plan plan_upload(const RequestHead& head, int status) { return begin_plan(head, status); }

}  // namespace server
