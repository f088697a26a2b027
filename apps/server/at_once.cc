// Looking up and copying. Covered by tests/server/at_once_test.cc.
#include "apps/server/at_once.h"

#include <cstring>

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
  return reads && head.keep_alive() && head.version() == http1::Version::http_1_1 &&
         head.body().kind == http1::BodyKind::none &&
         head.expectation() == http1::Expectation::none && !c.refused && !c.service.draining &&
         c.service.config.max_requests == 0 && !c.service.shared.head_log;
}

// No field of the request makes any difference to the answer.
bool is_plain(const Connection& c) {
  const RequestHead& head = c.exchange->head;
  const bool is_conditional =
      head.has(FieldName::if_none_match) || head.has(FieldName::if_modified_since) ||
      head.has(FieldName::if_match) || head.has(FieldName::if_unmodified_since) ||
      head.has(FieldName::range) || head.has(FieldName::if_range);
  return !is_conditional && !head.has(FieldName::origin);
}

// A head that was written before, with the time of now, and the bytes behind it.
void gather_ready(Connection& c, const CachedFile& file) {
  Exchange& x = *c.exchange;
  c.service.now();
  char* const begin = x.block.data() + x.gathered;
  std::memcpy(begin, file.head.data(), file.head.size());
  const std::string_view date = c.service.clock.date();
  std::memcpy(begin + file.date_offset, date.data(), date.size());
  const std::string_view body = x.head.method() == Method::get ? file.body : std::string_view();
  std::memcpy(begin + file.head.size(), body.data(), body.size());
  note_gathered(c, 200, file.head.size(), body.size());
  x.gathered += body.size();
  x.head.reset();
  begin_request(c);
}

bool is_ready(const Exchange& x, const CachedFile& file) {
  const std::size_t room = x.block.size() - x.gathered;
  return !file.head.empty() && file.body.size() <= most_copied &&
         file.head.size() + file.body.size() <= room;
}

// Keeps a head for the next ones, unless time will change it.
void keep_head(const Connection& c, CachedFile& file, std::string_view head) {
  constexpr std::string_view field = "\r\nDate: ";
  if (file.facts.mtime_seconds() > c.service.clock.seconds()) return;
  file.date_offset = head.find(field) + field.size();
  file.head = head;
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

// Plans the answer. Returns the file that its content is of; null where that is not known.
CachedFile* plan(Connection& c, CachedFile& file) {
  Exchange& x = *c.exchange;
  if (!file.exists) return plan_nothing(c);
  x.plan = plan_file(x.head, file.facts, file.content_type, c.service.now(), x.range_room);
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

void gather_body(Exchange& x, const CachedFile& file) {
  if (!has_body(x.plan)) return;
  const std::string_view bytes = x.plan.content == Content::text
                                     ? x.plan.text
                                     : file.body.substr(x.plan.offset, x.plan.length);
  std::memcpy(x.block.data() + x.gathered, bytes.data(), bytes.size());
  x.gathered += bytes.size();
}

}  // namespace

bool answer_at_once(Connection& c) {
  if (!is_simple(c)) return false;
  Exchange& x = *c.exchange;
  CachedFile* file = c.service.fresh_files().find_target(x.head.target());
  if (!file) return false;
  const bool plain = is_plain(c);
  if (plain && is_ready(x, *file)) {
    gather_ready(c, *file);
  } else {
    file = plan(c, *file);
    if (!file || !is_at_hand(x, *file)) {
      x.plan = Plan{};
      return false;
    }
    const std::size_t begin = x.gathered;
    gather_head(c);
    const std::string_view head(x.block.data() + begin, x.gathered - begin);
    if (plain && x.plan.status == 200 && !x.plan.head_only) keep_head(c, *file, head);
    gather_body(x, *file);
    finish(c);
  }
  ++c.requests;
  return true;
}

}  // namespace server
