// Looking up and copying. Covered by tests/server/at_once_test.cc.
#include "apps/server/at_once.h"

#include <array>
#include <cstring>

#include "apps/server/content.h"
#include "apps/server/find.h"
#include "apps/server/respond.h"
#include "apps/server/service.h"

namespace server {

using http1::FieldName;
using http1::Method;
using http1::RequestHead;

namespace {

// What is copied to the block; more leaves from where it lies, and that has to be awaited.
constexpr std::size_t most_copied = 16384;

// Nothing about the connection or the request calls for the long way.
bool is_simple(const Connection& c) {
  const RequestHead& head = c.exchange->head;
  const bool reads = head.method() == Method::get || head.method() == Method::head;
  return reads && head.body().kind == http1::BodyKind::none &&
         head.expectation() == http1::Expectation::none && !c.refused && !c.service.draining &&
         c.service.config.max_requests == 0 && !c.service.shared.head_log;
}

// What the fields of the request make of the answer.
enum class Terms : std::uint8_t {
  none,      // nothing: ReadyHead ready_200 is right
  same_tag,  // If-None-Match with the very tag: ready_304 is
  others,
};

Terms terms_of(const RequestHead& head, const CachedFile& file) {
  const bool is_usual = head.keep_alive() && head.version() == http1::Version::http_1_1;
  const bool has_others = head.has(FieldName::if_match) ||
                          head.has(FieldName::if_unmodified_since) || head.has(FieldName::range) ||
                          head.has(FieldName::if_range) || head.has(FieldName::origin);
  if (!is_usual || has_others) return Terms::others;
  if (!head.has(FieldName::if_none_match)) {
    return head.has(FieldName::if_modified_since) ? Terms::others : Terms::none;
  }
  // Where there are more of these, one that matches is enough (RFC 9110 13.1.2).
  const bool is_same = head.value_of(FieldName::if_none_match) == file.tag;
  return is_same ? Terms::same_tag : Terms::others;
}

// The head that was kept for these terms, be it empty; null for others.
ReadyHead* ready_for(Terms terms, CachedFile& file) {
  switch (terms) {
    case Terms::none: return &file.ready_200;
    case Terms::same_tag: return &file.ready_304;
    default: return nullptr;
  }
}

// The bytes that go behind that head.
std::string_view body_for(Terms terms, const RequestHead& head, const CachedFile& file) {
  return terms == Terms::none && head.method() == Method::get ? file.body : std::string_view();
}

// Whether there is such a head, it fits, and the bytes behind it are in memory.
bool is_ready(const Exchange& x, const ReadyHead& ready, const CachedFile& file,
              std::string_view body) {
  const std::size_t room = x.block.size() - x.gathered;
  const bool has_all = body.size() == file.facts.size || body.empty();
  const bool is_whole = has_all && (file.fd < 0 || x.head.method() == Method::head);
  return !ready.bytes.empty() && is_whole && body.size() <= most_copied &&
         ready.bytes.size() + body.size() <= room;
}

// Writes a head that was written before, with the time of now.
void write_ready(Connection& c, const ReadyHead& ready) {
  Exchange& x = *c.exchange;
  c.service.now();
  char* const begin = x.block.data() + x.gathered;
  std::memcpy(begin, ready.bytes.data(), ready.bytes.size());
  const std::string_view date = c.service.clock.date();
  std::memcpy(begin + ready.date_offset, date.data(), http1::date_size);
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
  x.cached = &file;
  x.direct = bytes;
}

// A whole file, of which a head was written before, from where it lies. False: that cannot be.
bool gather_ready_direct(Connection& c, const ReadyHead& ready, CachedFile& file) {
  Exchange& x = *c.exchange;
  if (ready.bytes.empty() || ready.bytes.size() > x.block.size() - x.gathered) return false;
  const std::string_view bytes = direct_bytes(file, 0, file.facts.size);
  if (bytes.empty()) return false;
  write_ready(c, ready);
  note_gathered(c, 200, ready.bytes.size(), bytes.size());
  leave_direct(x, file, bytes);
  x.head.reset();
  c.service.begin_request(x);
  return true;
}

// That head, and the bytes behind it.
void gather_ready(Connection& c, int status, const ReadyHead& ready, std::string_view body) {
  Exchange& x = *c.exchange;
  write_ready(c, ready);
  note_gathered(c, status, ready.bytes.size(), body.size());
  body.copy(x.block.data() + x.gathered, body.size());  // may be null, of no bytes
  x.gathered += body.size();
  x.head.reset();
  c.service.begin_request(x);
}

// Keeps a head for the next ones.
void keep(ReadyHead& ready, std::string_view head) {
  constexpr std::string_view field = "\r\nDate: ";
  ready.date_offset = head.find(field) + field.size();
  ready.bytes = head;
}

// Plans a page in place of what is not there, where it is known whether there is one. Null: it is
// not known; a file that does not exist: there is none.
CachedFile* plan_page_of(Connection& c, std::string_view path, int status) {
  CachedFile* const file = c.service.files.find(path);
  if (!file || !file->exists) return file;
  const RequestHead& head = c.exchange->head;
  c.exchange->plan = plan_page(head, status, file->facts, type_of(c, *file, path));
  return file;
}

// Nothing is there: the fallback, or the page for 404, or a line of text.
CachedFile* plan_nothing(Connection& c) {
  const Config& config = c.service.config;
  CachedFile* file = nullptr;
  if (!config.fallback.empty()) {
    file = plan_page_of(c, config.fallback, 200);
    if (!file || file->exists) return file;
  }
  file = plan_page_of(c, not_found_page(config), 404);
  if (file && !file->exists) answer(c, 404);
  return file;
}

// The field lines that say which version of the file this is, kept unless time will change them.
std::string_view fact_lines_of(Connection& c, CachedFile& file) {
  const std::int64_t now = c.service.now();
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
  x.plan = plan_file(x.head, file.facts, file.content_type, c.service.now(), x.range_room);
  x.plan.fact_lines = fact_lines_of(c, file);
  return &file;
}

bool has_body(const Plan& plan) { return plan.content != Content::none && !plan.head_only; }

// Whether the planned answer is in memory, small, and fits.
bool is_at_hand(const Exchange& x, const CachedFile& file) {
  const std::size_t room = x.block.size() - x.gathered;
  if (!has_body(x.plan)) return room >= head_room;
  const bool is_here =
      x.plan.content == Content::text || (x.plan.content == Content::file && file.fd < 0);
  return is_here && x.plan.length <= most_copied && room >= head_room + x.plan.length;
}

// The planned content where it can leave from where it lies; empty: it cannot, or there is none.
std::string_view planned_bytes(const Exchange& x, const CachedFile& file) {
  const bool is_of_file = x.plan.content == Content::file && !x.plan.head_only;
  if (!is_of_file || x.block.size() - x.gathered < head_room) return {};
  return direct_bytes(file, x.plan.offset, x.plan.length);
}

void gather_body(Exchange& x, const CachedFile& file) {
  if (!has_body(x.plan)) return;
  const std::string_view bytes = x.plan.content == Content::text
                                     ? x.plan.text
                                     : file.body.substr(x.plan.offset, x.plan.length);
  std::memcpy(x.block.data() + x.gathered, bytes.data(), bytes.size());
  x.gathered += bytes.size();
}

// Plans the answer, and gathers it if that can be done at once. Keeps its head in `ready`, unless
// that is null.
bool gather_planned(Connection& c, CachedFile& asked, ReadyHead* ready) {
  Exchange& x = *c.exchange;
  CachedFile* const file = plan(c, asked);
  const bool is_here = file && is_at_hand(x, *file);
  const std::string_view direct = file && !is_here ? planned_bytes(x, *file) : std::string_view();
  if (!is_here && direct.empty()) {
    x.plan = Plan{};
    return false;
  }
  const std::size_t begin = x.gathered;
  gather_head(c);
  const std::string_view head(x.block.data() + begin, x.gathered - begin);
  if (ready && !file->fact_lines.empty()) keep(*ready, head);
  if (is_here)
    gather_body(x, *file);
  else
    leave_direct(x, *file, direct);
  finish(c);
  return true;
}

}  // namespace

bool answer_at_once(Connection& c) {
  if (!is_simple(c)) return false;
  Exchange& x = *c.exchange;
  CachedFile* const file = c.service.fresh_files().find_target(x.head.target());
  if (!file) return false;
  const Terms terms = terms_of(x.head, *file);
  ReadyHead* const ready = file->exists ? ready_for(terms, *file) : nullptr;
  const std::string_view body = body_for(terms, x.head, *file);
  const bool is_whole_get = ready && terms == Terms::none && x.head.method() == Method::get;
  if (ready && is_ready(x, *ready, *file, body)) {
    gather_ready(c, terms == Terms::none ? 200 : 304, *ready, body);
  } else if (!is_whole_get || !gather_ready_direct(c, *ready, *file)) {
    const bool gathered = gather_planned(c, *file, ready);
    if (!gathered) return false;
  }
  ++c.requests;
  return true;
}

}  // namespace server
