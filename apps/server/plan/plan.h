// Plan: what to answer, decided from bytes and facts alone. Pure.
//
// decide() (intent.h) reads from the head what the client wants; a wing with I/O opens the file;
// one of the plan_ functions turns head and facts into a Plan; write_head() (head.h) turns the Plan
// into bytes. No function of this wing does I/O, so all of them are tested by tables. Covered by
// tests/server/plan/plan_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "apps/server/pages/listing.h"
#include "apps/server/plan/cors.h"
#include "apps/server/plan/facts.h"
#include "apps/server/plan/multipart.h"
#include "parser/message.h"

namespace server {

enum class Content : std::uint8_t {
  none,
  file,       // `length` bytes of the open file, from `offset`
  parts,      // many ranges of it, Plan::ranges, between lines of Plan::boundary
  text,       // Plan::text
  generated,  // written while it is sent: a listing
};

// An answer. Views are of the exchange's rooms or constants.
struct Plan {
  int status = 0;  // 0: not planned yet
  Content content = Content::none;
  bool head_only = false;       // HEAD: the fields of the content, not the content
  bool keep_alive = false;      // the connection carries on afterwards
  bool old_client = false;      // HTTP/1.0: keep-alive must be said
  bool has_facts = false;       // ETag and Last-Modified of `facts`
  bool is_partial = false;      // 206: Content-Range from offset, length and facts.size
  bool is_readable = false;     // Accept-Ranges
  bool mtime_accepted = false;  // X-OC-MTime
  std::string_view allow;       // 405 and OPTIONS
  std::string_view location;
  std::string_view content_type;
  std::string_view text;
  std::string_view vary;      // fields of the request that another answer may depend on
  std::string_view weak_tag;  // ETag, where there are no facts; without "W/"
  Cors cors;
  const ExtraFields* extra_fields = nullptr;  // null: none
  FileFacts facts;
  // The field lines of `facts` as write_facts() wrote them once; empty: to be written.
  std::string_view fact_lines;
  std::span<const http1::ByteRange> ranges;  // of Content::parts
  std::string_view boundary;                 // of Content::parts; drawn after the plan was made
  std::uint64_t offset = 0;                  // where in the file the content begins
  std::uint64_t length = 0;                  // bytes of content; Content-Length where there is one
};

// A plan with that status and a line of text that says why. `room` receives the text.
Plan plan_text(const http1::RequestHead& head, int status, std::string_view explanation,
               std::span<char> room);

// GET or HEAD of an existing file: conditions and ranges, for which there is `room`. Where the
// content is parts, the boundary is missing yet. RFC 9110 13, 14.
Plan plan_file(const http1::RequestHead& head, FileFacts facts, std::string_view content_type,
               std::int64_t now, std::span<http1::ByteRange> room);

// Content::parts as what writes it wants it.
inline Parts parts_of(const Plan& plan) {
  return {plan.ranges, plan.facts.size, plan.content_type, plan.boundary};
}

// GET or HEAD of a directory: `listing` is finished.
Plan plan_listing(const http1::RequestHead& head, const Listing& listing, std::int64_t now);

// A file shown in place of what was asked for: --not-found (404) or --fallback (200).
Plan plan_page(const http1::RequestHead& head, int status, FileFacts facts,
               std::string_view content_type);

// A directory asked for without its slash: 301 with a relative Location, made in `room`.
Plan plan_slash(const http1::RequestHead& head, std::string_view path, std::span<char> room);

// A write that was done: 201 with Location, or 204.
Plan plan_stored(const http1::RequestHead& head, bool created, FileFacts facts);

// A DELETE that was done: 204.
Plan plan_deleted(const http1::RequestHead& head);

Plan plan_options(const http1::RequestHead& head, bool writable);

// The sentence that a person reads for a status without a better one.
std::string_view explain(int status);

}  // namespace server
