// Looking up a cached file, and gathering its response. Read answer_from_cache() first. Covered by
// tests/server/read/from_cache_test.cc.
#include "apps/server/read/from_cache.h"

#include <array>
#include <cstring>
#include <new>

#include "apps/server/connection/answer.h"
#include "apps/server/connection/content.h"
#include "apps/server/connection/request_log.h"
#include "apps/server/connection/respond.h"
#include "apps/server/connection/worker_state.h"
#include "apps/server/plan/head.h"
#include "apps/server/read/get.h"

namespace server {

using http1::FieldName;
using http1::Method;
using http1::RequestHead;

namespace {

// The largest body that is copied into the block behind its head. A larger one is sent without a
// copy.
constexpr std::size_t most_copied_bytes = 16384;

// Fields that cannot change the response to a GET of a cached file. FieldName::other is any name
// that the parser does not know.
constexpr http1::FieldSet fields_without_effect = {
    FieldName::other,
    FieldName::accept,
    FieldName::accept_encoding,
    FieldName::cache_control,
    FieldName::connection,
    FieldName::cookie,
    FieldName::date,
    FieldName::forwarded,
    FieldName::host,
    FieldName::keep_alive,
    FieldName::proxy_connection,
    FieldName::referer,
    FieldName::te,
    FieldName::upgrade,
    FieldName::user_agent,
    FieldName::x_forwarded_for,
    FieldName::x_forwarded_proto,
};
// The fields with which a request may get a cached head.
constexpr http1::FieldSet fields_of_cached_heads =
    fields_without_effect.with({FieldName::if_none_match});

// The fields that the fast path implements: plan_file() evaluates them, and write_head() for CORS.
// A request with any other field, such as Expect, Content-Length or Authorization, takes the
// general path.
constexpr http1::FieldSet supported_fields = fields_of_cached_heads.with(
    {FieldName::if_match, FieldName::if_modified_since, FieldName::if_range,
     FieldName::if_unmodified_since, FieldName::origin, FieldName::range});

// Says whether the method, the fields, the Site and the connection permit the fast path.
bool may_use_fast_path(const Connection& c) {
  const RequestHead& head = c.exchange->request.head;
  const bool reads = head.method() == Method::get || head.method() == Method::head;
  return reads && head.has_only(supported_fields) && c.exchange->live->answers_from_cache &&
         !c.avoids_cache;
}

// Where the head of the response comes from.
enum class HeadKind : std::uint8_t {
  ok,            // CachedFile::head_200
  not_modified,  // CachedFile::head_304: If-None-Match has the tag of the file
  planned,       // not from the cache: the response has to be planned
};

HeadKind head_kind_of(const RequestHead& head, const CachedFile& file) {
  const bool is_usual = head.keep_alive() && head.version() == http1::Version::http_1_1;
  if (!is_usual || !head.has_only(fields_of_cached_heads)) return HeadKind::planned;
  if (!head.has(FieldName::if_none_match)) return HeadKind::ok;
  // RFC 9110 section 13.1.2: of several field lines, one that matches is enough.
  const bool is_same = head.value_of(FieldName::if_none_match) == file.tag;
  return is_same ? HeadKind::not_modified : HeadKind::planned;
}

// The cached head of that kind; null where it is not cached, or has to be planned.
CachedHead* cached_head_for(HeadKind kind, CachedFile& file) {
  if (!file.exists || kind == HeadKind::planned) return nullptr;
  CachedHead& cached = kind == HeadKind::ok ? file.head_200 : file.head_304;
  return cached.begin ? &cached : nullptr;
}

// The size of the body behind a cached head.
std::uint64_t body_size(HeadKind kind, const RequestHead& head, const CachedFile& file) {
  return kind == HeadKind::ok && head.method() == Method::get ? file.facts.size : 0;
}

// A view of `length` bytes of a cached file from `offset` on, where one send can transmit them
// without a copy; else empty. If the file is truncated meanwhile, the send ends short, and the
// connection ends; a connection that encrypts would access the mapping itself, and be killed.
std::string_view direct_bytes(const Connection& c, const CachedFile& file, std::uint64_t offset,
                              std::uint64_t length) {
  if (length < least_direct || length > most_direct) return {};
  if (file.fd < 0) return file.body.substr(offset, length);
  if (file.mapped.empty() || c.is_tls) return {};
  const std::string_view piece = file.mapped.substr(offset, length);
  return is_resident(piece) ? piece : std::string_view();
}

// Makes `bytes` of `file`, which is pinned, the direct bytes behind the gathered ones.
void set_direct(Exchange& x, CachedFile& file, std::string_view bytes) {
  FileCache::pin(file);
  x.source.cached = &file;
  x.out.direct = bytes;
}

inline void finish_cached(Connection& c, HeadKind kind, const CachedHead& cached,
                          std::uint64_t body) {
  queue_response(c, kind == HeadKind::ok ? 200 : 304, cached.bytes, body);
  c.exchange->request.head.reset();
}

// Updates the Date of a cached head. False: it is out of date, and cannot be changed because
// another connection is sending it.
bool update_date(Connection& c, CachedHead& cached, const CachedFile& file) {
  const std::int64_t now = c.worker.now();
  if (cached.seconds == now) return true;
  if (file.is_pinned()) return false;
  c.worker.clock.date().copy(cached.begin + cached.date_offset, http1::date_size);
  cached.seconds = now;
  return true;
}

// Sends the cached head and its body in one piece from the cache, without a copy. False: that is
// not possible, because they are two pieces, or other responses were gathered or requested.
bool respond_in_place(Connection& c, HeadKind kind, CachedHead& cached, CachedFile& file) {
  Exchange& x = *c.exchange;
  const std::uint64_t body = body_size(kind, x.request.head, file);
  const bool is_alone = x.out.gathered == 0 && x.in.unused().empty();
  const bool is_one_piece = body == 0 || file.body_follows_head();
  if (!is_alone || !is_one_piece || !update_date(c, cached, file)) return false;
  finish_cached(c, kind, cached, body);  // the next request begins with its first byte
  set_direct(x, file, {cached.begin, cached.bytes + body});
  return true;
}

// Gathers a copy of the cached head and of a small body; a large body is sent without a copy.
// False: that is not possible. Not inlined, so that respond_in_place() needs no stack frame for it.
[[gnu::noinline]] bool gather_cached(Connection& c, HeadKind kind, const CachedHead& cached,
                                     CachedFile& file) {
  Exchange& x = *c.exchange;
  const std::uint64_t body = body_size(kind, x.request.head, file);
  const bool is_copied = body == 0 || (file.fd < 0 && body <= most_copied_bytes);
  const std::string_view direct = is_copied ? std::string_view() : direct_bytes(c, file, 0, body);
  const std::size_t bytes = cached.bytes + (is_copied ? body : 0);
  if (bytes > x.out.space().size() || (!is_copied && direct.empty())) return false;
  char* const begin = x.out.block.data() + x.out.gathered;
  std::memcpy(begin, cached.begin, bytes);  // the body follows the head in memory
  c.worker.now();
  c.worker.clock.date().copy(begin + cached.date_offset, http1::date_size);
  x.out.gathered += bytes;
  finish_cached(c, kind, cached, body);
  c.worker.begin_request(c);
  if (!is_copied) set_direct(x, file, direct);
  return true;
}

// Plans the response with a page in place of a path that does not exist. Null: the page is not
// cached, so that it may exist. A file that does not exist: there is no such page, and no plan.
CachedFile* plan_cached_page(Connection& c, std::string_view path, int status) {
  CachedFile* const file = c.worker.files.find(path);
  if (!file || !file->exists) return file;
  const RequestHead& head = c.exchange->request.head;
  c.exchange->plan = plan_page(head, status, file->facts, type_of(c, *file, path));
  return file;
}

// Plans the response for a path that does not exist: the fallback, the page for 404, or a line of
// text.
CachedFile* plan_missing(Connection& c) {
  const Site& site = *c.exchange->site;
  CachedFile* file = nullptr;
  if (!site.fallback.empty()) {
    file = plan_cached_page(c, site.fallback, 200);
    if (!file || file->exists) return file;
  }
  file = plan_cached_page(c, not_found_page(site), 404);
  if (file && !file->exists) answer(c, 404);
  return file;
}

// The lines of ETag and Last-Modified. Cached, unless the modification time is in the future, where
// Last-Modified follows the clock. Empty for a file without validators.
std::string_view fact_lines_of(Connection& c, CachedFile& file) {
  const std::int64_t now = c.worker.now();
  const bool is_fixed = file.facts.mtime_seconds() <= now && file.facts.has_validators();
  if (file.fact_lines.empty() && is_fixed) {
    std::array<char, 128> buffer;
    http1::HeadWriter writer(buffer);
    write_facts(file.facts, now, writer);
    try {
      file.fact_lines = writer.written();
    } catch (const std::bad_alloc&) {
      return {};  // they are written for this response alone
    }
  }
  return file.fact_lines;
}

// Plans the response. Returns the file that the content is of; null where that file is not cached.
CachedFile* plan(Connection& c, CachedFile& file) {
  Exchange& x = *c.exchange;
  if (!file.exists) return plan_missing(c);
  x.plan =
      plan_file(x.request.head, file.facts, file.content_type, c.worker.now(), x.scratch.ranges);
  x.plan.fact_lines = fact_lines_of(c, file);
  return &file;
}

bool has_body(const Plan& plan) { return plan.content != Content::none && !plan.head_only; }

// Says whether the planned response can be copied into the block: it is in memory, small, and fits.
bool can_gather(const Exchange& x, const CachedFile& file) {
  const std::size_t space = x.out.space().size();
  if (!has_body(x.plan)) return space >= head_space;
  const bool is_copied =
      x.plan.content == Content::text || (x.plan.content == Content::file && file.fd < 0);
  return is_copied && x.plan.length <= most_copied_bytes && space >= head_space + x.plan.length;
}

// A view of the planned content, where it can be sent without a copy; else empty.
std::string_view planned_direct_bytes(const Connection& c, const CachedFile& file) {
  const Exchange& x = *c.exchange;
  const bool is_of_file = x.plan.content == Content::file && !x.plan.head_only;
  if (!is_of_file || x.out.space().size() < head_space) return {};
  return direct_bytes(c, file, x.plan.offset, x.plan.length);
}

void gather_body(Exchange& x, const CachedFile& file) {
  if (!has_body(x.plan)) return;
  const std::string_view bytes = x.plan.content == Content::text
                                     ? x.plan.text
                                     : file.body.substr(x.plan.offset, x.plan.length);
  x.out.append(bytes);
}

// Caches a head that was just written, for the next requests of its kind.
void cache_head(Connection& c, HeadKind kind, std::string_view head, CachedFile& file) {
  if (file.fact_lines.empty()) return;  // no validators, or a Last-Modified that follows the clock
  const std::int64_t seconds = c.worker.clock.seconds();
  if (kind == HeadKind::ok) file.set_head_200(head, seconds);
  if (kind == HeadKind::not_modified) file.set_head_304(head, seconds);
}

// Plans the response, and gathers it where it is in memory. Not inlined, so that the requests that
// a cached head answers need no stack frame for it. False: nothing was changed.
[[gnu::noinline]] bool gather_planned(Connection& c, CachedFile& asked, HeadKind kind) {
  Exchange& x = *c.exchange;
  CachedFile* const file = plan(c, asked);
  const bool is_copied = file && can_gather(x, *file);
  const std::string_view direct =
      file && !is_copied ? planned_direct_bytes(c, *file) : std::string_view();
  if (!is_copied && direct.empty()) {
    x.plan = Plan{};
    x.scratch.end_plan();
    return false;
  }
  const std::size_t begin = x.out.gathered;
  gather_head(c);
  if (asked.exists)
    cache_head(c, kind, {x.out.block.data() + begin, x.out.gathered - begin}, asked);
  if (is_copied)
    gather_body(x, *file);
  else
    set_direct(x, *file, direct);
  finish(c);
  return true;
}

}  // namespace

bool answer_from_cache(Connection& c) {
  if (!may_use_fast_path(c)) return false;
  Exchange& x = *c.exchange;
  CachedFile* const file = c.worker.fresh_files().find_target(x.request.head.target());
  if (!file || !file->is_public) return false;
  const HeadKind kind = head_kind_of(x.request.head, *file);
  CachedHead* const cached = cached_head_for(kind, *file);
  const bool is_gathered = cached && (respond_in_place(c, kind, *cached, *file) ||
                                      gather_cached(c, kind, *cached, *file));
  if (!is_gathered && !gather_planned(c, *file, kind)) return false;
  ++c.requests;
  return true;
}

}  // namespace server
