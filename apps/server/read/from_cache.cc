// Looking up and copying. Covered by tests/server/read/from_cache_test.cc.
#include "apps/server/read/from_cache.h"

#include <array>
#include <cstring>

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

// What is copied to the block; more leaves from where it lies, and that has to be awaited.
constexpr std::size_t most_copied = 16384;

// Fields that cannot change the answer to a GET of a cached file. FieldName::other is any name that
// the parser does not know.
constexpr http1::FieldSet without_effect = {
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
constexpr http1::FieldSet tag_only = without_effect.with({FieldName::if_none_match});

// Fields whose effect plan_file() and the CORS fields of a head have on this path, too. A field
// that is in none of these sets, such as Expect, Content-Length or Authorization, sends its request
// the long way.
constexpr http1::FieldSet planned_here =
    tag_only.with({FieldName::if_match, FieldName::if_modified_since, FieldName::if_range,
                   FieldName::if_unmodified_since, FieldName::origin, FieldName::range});

// Neither the connection, nor its Site, nor a field of the request asks for the long way.
bool is_simple(const Connection& c) {
  const RequestHead& head = c.exchange->request.head;
  const bool reads = head.method() == Method::get || head.method() == Method::head;
  return reads && head.has_only(planned_here) && c.exchange->live_site->answers_from_cache &&
         !c.refused;
}

// What the fields of the request make of the answer.
enum class Terms : std::uint8_t {
  none,      // nothing: head_200 is right
  same_tag,  // If-None-Match with the tag of the file: head_304 is right
  others,    // the answer has to be planned
};

Terms terms_of(const RequestHead& head, const CachedFile& file) {
  const bool is_usual = head.keep_alive() && head.version() == http1::Version::http_1_1;
  if (!is_usual || !head.has_only(tag_only)) return Terms::others;
  if (!head.has(FieldName::if_none_match)) return Terms::none;
  // Where there are several of these fields, one that matches is enough (RFC 9110 section 13.1.2).
  const bool is_same = head.value_of(FieldName::if_none_match) == file.tag;
  return is_same ? Terms::same_tag : Terms::others;
}

// The head that was kept for these terms; null for others, or where there is none yet.
CachedHead* ready_for(Terms terms, CachedFile& file) {
  if (!file.exists || terms == Terms::others) return nullptr;
  CachedHead& ready = terms == Terms::none ? file.head_200 : file.head_304;
  return ready.begin ? &ready : nullptr;
}

// How many bytes follow it.
std::uint64_t body_bytes(Terms terms, const RequestHead& head, const CachedFile& file) {
  return terms == Terms::none && head.method() == Method::get ? file.facts.size : 0;
}

// The bytes of a file from `offset` on where they can leave from where they lie, all in one send;
// empty: not so. A file that is cut off meanwhile ends the send short, and the connection with it.
std::string_view direct_bytes(const CachedFile& file, std::uint64_t offset, std::uint64_t length) {
  if (length < least_direct || length > most_direct) return {};
  if (file.fd < 0) return file.body.substr(offset, length);
  if (file.mapped.empty()) return {};
  const std::string_view piece = file.mapped.substr(offset, length);
  return is_resident(piece) ? piece : std::string_view();
}

// What was gathered last has these bytes behind it.
void leave_direct(Exchange& x, CachedFile& file, std::string_view bytes) {
  FileCache::pin(file);
  x.source.cached = &file;
  x.out.direct = bytes;
}

inline void finish_ready(Connection& c, Terms terms, const CachedHead& ready, std::uint64_t body) {
  queue_response(c, terms == Terms::none ? 200 : 304, ready.bytes, body);
  c.exchange->request.head.reset();
}

// Gives a head the time of now. False: somebody is sending it who began before.
bool bring_up_to_date(Connection& c, CachedHead& ready, const CachedFile& file) {
  const std::int64_t now = c.worker.now();
  if (ready.seconds == now) return true;
  if (file.is_pinned()) return false;
  c.worker.clock.date().copy(ready.begin + ready.date_offset, http1::date_size);
  ready.seconds = now;
  return true;
}

// The only answer to send leaves from where it lies, head and body in one piece. False: that
// cannot be.
bool leave_ready(Connection& c, Terms terms, CachedHead& ready, CachedFile& file) {
  Exchange& x = *c.exchange;
  const std::uint64_t body = body_bytes(terms, x.request.head, file);
  const bool is_alone = x.out.gathered == 0 && x.in.unused().empty();
  const bool is_one_piece = body == 0 || file.fd < 0;
  if (!is_alone || !is_one_piece || !bring_up_to_date(c, ready, file)) return false;
  finish_ready(c, terms, ready, body);  // the next one begins when its first byte comes
  leave_direct(x, file, {ready.begin, ready.bytes + body});
  return true;
}

// The head is copied, and a small body as well; a large one leaves from where it lies. False: that
// cannot be. A function of its own, so that the shorter way does without its frame.
[[gnu::noinline]] bool gather_ready(Connection& c, Terms terms, const CachedHead& ready,
                                    CachedFile& file) {
  Exchange& x = *c.exchange;
  const std::uint64_t body = body_bytes(terms, x.request.head, file);
  const bool is_copied = body == 0 || (file.fd < 0 && body <= most_copied);
  const std::string_view direct = is_copied ? std::string_view() : direct_bytes(file, 0, body);
  const std::size_t bytes = ready.bytes + (is_copied ? body : 0);
  if (bytes > x.out.space().size() || (!is_copied && direct.empty())) return false;
  char* const begin = x.out.block.data() + x.out.gathered;
  std::memcpy(begin, ready.begin, bytes);  // the body lies behind the head
  c.worker.now();
  c.worker.clock.date().copy(begin + ready.date_offset, http1::date_size);
  x.out.gathered += bytes;
  finish_ready(c, terms, ready, body);
  c.worker.begin_request(c);
  if (!is_copied) leave_direct(x, file, direct);
  return true;
}

// Plans a page in place of what is not there, where it is known whether there is one. Null: it is
// not known; a file that does not exist: there is none.
CachedFile* plan_page_of(Connection& c, std::string_view path, int status) {
  CachedFile* const file = c.worker.files.find(path);
  if (!file || !file->exists) return file;
  const RequestHead& head = c.exchange->request.head;
  c.exchange->plan = plan_page(head, status, file->facts, type_of(c, *file, path));
  return file;
}

// Nothing is there: the fallback, or the page for 404, or a line of text.
CachedFile* plan_nothing(Connection& c) {
  const Site& site = *c.exchange->site;
  CachedFile* file = nullptr;
  if (!site.fallback.empty()) {
    file = plan_page_of(c, site.fallback, 200);
    if (!file || file->exists) return file;
  }
  file = plan_page_of(c, not_found_page(site), 404);
  if (file && !file->exists) answer(c, 404);
  return file;
}

// The field lines that say which version of the file this is, kept unless time will change them.
std::string_view fact_lines_of(Connection& c, CachedFile& file) {
  const std::int64_t now = c.worker.now();
  if (file.fact_lines.empty() && file.facts.mtime_seconds() <= now) {
    std::array<char, 128> room;
    http1::HeadWriter writer(room);
    write_facts(file.facts, now, writer);
    file.fact_lines = writer.written();
  }
  return file.fact_lines;
}

// Plans the answer. Returns the file that its content is of; null where that is not known.
CachedFile* plan(Connection& c, CachedFile& file) {
  Exchange& x = *c.exchange;
  if (!file.exists) return plan_nothing(c);
  x.plan =
      plan_file(x.request.head, file.facts, file.content_type, c.worker.now(), x.scratch.ranges);
  x.plan.fact_lines = fact_lines_of(c, file);
  return &file;
}

bool has_body(const Plan& plan) { return plan.content != Content::none && !plan.head_only; }

// Whether the planned answer is in memory, small, and fits.
bool is_at_hand(const Exchange& x, const CachedFile& file) {
  const std::size_t room = x.out.space().size();
  if (!has_body(x.plan)) return room >= head_space;
  const bool is_here =
      x.plan.content == Content::text || (x.plan.content == Content::file && file.fd < 0);
  return is_here && x.plan.length <= most_copied && room >= head_space + x.plan.length;
}

// The planned content where it can leave from where it lies; empty: it cannot, or there is none.
std::string_view planned_bytes(const Exchange& x, const CachedFile& file) {
  const bool is_of_file = x.plan.content == Content::file && !x.plan.head_only;
  if (!is_of_file || x.out.space().size() < head_space) return {};
  return direct_bytes(file, x.plan.offset, x.plan.length);
}

void gather_body(Exchange& x, const CachedFile& file) {
  if (!has_body(x.plan)) return;
  const std::string_view bytes = x.plan.content == Content::text
                                     ? x.plan.text
                                     : file.body.substr(x.plan.offset, x.plan.length);
  x.out.append(bytes);
}

// Keeps the head of a file, which was just written, for the next ones.
void keep_ready(Connection& c, Terms terms, std::string_view head, CachedFile& file) {
  if (file.fact_lines.empty()) return;  // they will be others
  const std::int64_t seconds = c.worker.clock.seconds();
  if (terms == Terms::none) file.set_head_200(head, seconds);
  if (terms == Terms::same_tag) file.set_head_304(head, seconds);
}

// Plans the answer, and gathers it if that can be done at once. A function of its own, as above.
[[gnu::noinline]] bool gather_planned(Connection& c, CachedFile& asked, Terms terms) {
  Exchange& x = *c.exchange;
  CachedFile* const file = plan(c, asked);
  const bool is_here = file && is_at_hand(x, *file);
  const std::string_view direct = file && !is_here ? planned_bytes(x, *file) : std::string_view();
  if (!is_here && direct.empty()) {
    x.plan = Plan{};
    x.scratch.end_plan();
    return false;
  }
  const std::size_t begin = x.out.gathered;
  gather_head(c);
  if (asked.exists)
    keep_ready(c, terms, {x.out.block.data() + begin, x.out.gathered - begin}, asked);
  if (is_here)
    gather_body(x, *file);
  else
    leave_direct(x, *file, direct);
  finish(c);
  return true;
}

}  // namespace

bool answer_from_cache(Connection& c) {
  if (!is_simple(c)) return false;
  Exchange& x = *c.exchange;
  CachedFile* const file = c.worker.fresh_files().find_target(x.request.head.target());
  if (!file || !file->is_public) return false;
  const Terms terms = terms_of(x.request.head, *file);
  CachedHead* const ready = ready_for(terms, *file);
  const bool is_ready =
      ready && (leave_ready(c, terms, *ready, *file) || gather_ready(c, terms, *ready, *file));
  if (!is_ready && !gather_planned(c, *file, terms)) return false;
  ++c.requests;
  return true;
}

}  // namespace server
