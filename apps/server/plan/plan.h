// Plan: the response to a request, decided from bytes and facts alone. Pure.
//
// decide() (intent.h) reads the action from the request head; a wing with I/O opens the file; one
// of the plan_ functions turns the head and the facts of the file into a Plan; write_head()
// (head.h) turns the Plan into bytes. No function of this wing does I/O, so tables can test them.
// Covered by tests/server/plan/plan_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "apps/server/pages/listing.h"
#include "apps/server/plan/archive_terms.h"
#include "apps/server/plan/cors.h"
#include "apps/server/plan/facts.h"
#include "apps/server/plan/methods.h"
#include "apps/server/plan/multipart.h"
#include "parser/message.h"

namespace server {

enum class Content : std::uint8_t {
  none,
  file,       // `length` bytes of the open file, from `offset`
  parts,      // several ranges of it (Plan::ranges), as multipart/byteranges
  text,       // Plan::text
  generated,  // the exchange's Generated, such as a listing, written while it is sent
  streamed,   // the exchange's Streamed, such as an archive, whose length is not known
};

// The plan of one response. Its views are of the exchange's buffers (see Scratch) or constants.
struct Plan {
  int status = 0;  // 0: not planned yet
  Content content = Content::none;
  bool head_only = false;           // HEAD: the fields of the content, not the content
  bool keep_alive = false;          // the connection stays open after the response
  bool old_client = false;          // HTTP/1.0: Connection: keep-alive is explicit
  bool has_facts = false;           // the head has ETag and Last-Modified of `facts`
  bool is_partial = false;          // 206: Content-Range from offset, length and facts.size
  bool is_readable = false;         // the head has Accept-Ranges
  bool mtime_accepted = false;      // the head has X-OC-MTime: accepted
  bool is_chunked = false;          // Content::streamed is sent in chunks
  bool is_page = false;             // a page that the server makes, with a policy of its own
  std::string_view allow;           // the value of Allow, for 405 and OPTIONS
  std::string_view location;        // the value of Location, or its part in front of the query
  bool has_location_query = false;  // Location goes on with "?" and location_query
  std::string_view location_query;  // of the request's target
  std::string_view content_type;
  std::string_view text;
  std::string_view vary;                  // names of request fields that select among responses
  std::string_view weak_tag;              // ETag of content without facts; without "W/"
  std::string_view request_id;            // the value of X-Request-Id; empty: the head has none
  std::string_view more_lines;            // further field lines, each with its CR LF
  std::uint32_t retry_after_seconds = 0;  // the value of Retry-After; 0: the head has none
  Cors cors;
  const ExtraFields* extra_fields = nullptr;  // null: none
  FileFacts facts;
  // The field lines of `facts` as write_facts() makes them, cached; empty: not cached.
  std::string_view fact_lines;
  std::span<const http1::ByteRange> ranges;  // of Content::parts
  std::string_view boundary;                 // of Content::parts; set by the caller of plan_file()
  std::uint64_t offset = 0;                  // of the content in the file
  std::uint64_t length = 0;                  // bytes of content, also where a HEAD omits it
};

// A response with that status and a line of text that explains it, or a page where the request
// accepts HTML and prefers it to text. `buffer` receives the content; it has most_error_page_bytes.
// Empty `explanation`: explain(status).
Plan plan_text(const http1::RequestHead& head, int status, std::string_view explanation,
               std::span<char> buffer);

// A response with that status and problem details (RFC 9457) in JSON.
Plan plan_problem(const http1::RequestHead& head, int status, std::string_view json);

// The response to GET or HEAD of an existing file: evaluates conditions and ranges. `now` is in
// Unix seconds; `buffer` receives the ranges and outlives the Plan. For Content::parts the caller
// draws Plan::boundary. RFC 9110 sections 13 and 14.
Plan plan_file(const http1::RequestHead& head, FileFacts facts, std::string_view content_type,
               std::int64_t now, std::span<http1::ByteRange> buffer);

// The Parts of a plan with Content::parts.
inline Parts parts_of(const Plan& plan) {
  return {plan.ranges, plan.facts.size, plan.content_type, plan.boundary};
}

// The response to GET or HEAD of a directory. `listing` is finished.
Plan plan_listing(const http1::RequestHead& head, const Listing& listing, std::int64_t now);

// The response to GET or HEAD of a directory as an archive. `lines` are its archive_lines().
Plan plan_archive(const http1::RequestHead& head, ArchiveFormat format, std::string_view lines);

// Plan::length of Content::streamed, which no content reaches.
inline constexpr std::uint64_t unknown_length = std::uint64_t{1} << 62;

// The response with a page in place of a path that does not exist: --not-found (404) or --fallback
// (200).
Plan plan_page(const http1::RequestHead& head, int status, FileFacts facts,
               std::string_view content_type);

// The response to a directory that was requested without its slash: 301 with a relative Location.
// The encoded name is written into `buffer`, of least_location_buffer bytes.
inline constexpr std::size_t least_location_buffer = 3 * 255 + 1;
Plan plan_slash(const http1::RequestHead& head, std::string_view path, std::span<char> buffer);

// The response to a PUT that has succeeded: 201 with Location if it `created` a file, else 204.
Plan plan_stored(const http1::RequestHead& head, bool created, FileFacts facts);

// The response to a DELETE that has succeeded: 204.
Plan plan_deleted(const http1::RequestHead& head);

// The response to a MKCOL or a MOVE that has succeeded: 201 with Location, if it `created` what is
// at the encoded path `location`, else 204.
Plan plan_named(const http1::RequestHead& head, bool created, std::string_view location);

// The response to OPTIONS: 204 with Allow.
Plan plan_options(const http1::RequestHead& head, Allowed allowed);

// A response about a resumable upload, without content: 201 for a new one, else 204. The caller
// adds the state of the upload as Plan::more_lines.
Plan plan_upload(const http1::RequestHead& head, int status);

// The response to a request for the script of the pages (PageFiles::script), whose name has a hash
// of its content, so that it may be cached for ever.
Plan plan_script(const http1::RequestHead& head);

// The sentence for a status that has no explanation of its own; empty for a status below 400.
std::string_view explain(int status);

}  // namespace server
