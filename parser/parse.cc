// The head parser: one small function for each element of a head, in the order of the grammar.
//
// Each function continues at the cursor. When the element is complete it calls the next function;
// when the bytes run out it stores its phase in the head and returns `more`, and resume() continues
// there. So only an incomplete percent-escape is read twice, and the functions follow RFC 9112 3 to
// 5. Limits are ends of the range that is scanned, and not checks afterwards; therefore the result
// does not depend on how the bytes are split.
// Covered by tests/parser/cases/ (run at every split by cases_test.cc) and
// tests/parser/parse_test.cc.
#include "parser/parse.h"

#include <algorithm>
#include <atomic>
#include <cassert>

#include "parser/judge.h"
#include "parser/phase.h"
#include "parser/scan.h"
#include "parser/simd.h"
#include "parser/target.h"

namespace http1 {
namespace {

constexpr std::string_view version_prefix = "HTTP/1.";

// Judges a byte of a version that differs from version_prefix: another major version is 505.
Error version_error(std::size_t at, char byte) noexcept {
  if (at == 0 && (byte == '\r' || byte == '\n')) return Error::version_missing;
  const bool is_major = at == version_prefix.find('1');
  return is_major && byte >= '2' && byte <= '9' ? Error::version_unsupported : Error::bad_version;
}

}  // namespace

class HeadParser {
 public:
  HeadParser(std::string_view bytes, Head& head, const Limits& limits, bool is_for_a_line) noexcept;

  Progress run(RequestHead& head) noexcept;
  Progress run(ResponseHead& head, Method request_method) noexcept;
  // The parser has stopped at the end of a line that is not the last; then the result has no
  // meaning.
  bool is_between_lines() const noexcept { return has_stopped_; }

 private:
  using Span = Head::Span;

  bool is_over() const noexcept { return phase_ >= Phase::done; }
  Progress result() const noexcept;
  Progress leave(Progress progress) noexcept;
  Progress fail(Error error, const char* where) noexcept;

  Progress resume() noexcept;
  Progress read_start() noexcept;
  Progress read_start_lf() noexcept;
  Progress begin_method() noexcept;
  Progress read_method() noexcept;
  Progress begin_target() noexcept;
  Progress read_path() noexcept;
  Progress read_query() noexcept;
  Progress read_version() noexcept;
  Progress read_request_line_cr() noexcept;
  Progress read_status() noexcept;
  Progress read_status_end() noexcept;
  Progress read_reason() noexcept;
  Progress read_first_line_lf() noexcept;
  Progress read_fields() noexcept;
  Progress read_field_first() noexcept;
  Progress read_name() noexcept;
  Progress read_value_space() noexcept;
  Progress read_value() noexcept;
  Progress read_value_lf() noexcept;
  Progress read_end_lf() noexcept;

  const char* target_run_end(const char* stop) const noexcept;
  bool escape_is_whole(const char* cap, Progress& progress) noexcept;
  Progress end_target_run(const char* cap) noexcept;
  Error keep_target() noexcept;
  Error keep_field() noexcept;
  Error judge(FieldName name, std::string_view value) noexcept;
  Error judge_head() noexcept;
  bool stops() noexcept { return has_stopped_ = is_for_a_line_ && at_ != end_; }

  Progress go(Phase phase, Progress (HeadParser::*next)() noexcept) noexcept {
    phase_ = phase;
    return (this->*next)();
  }
  std::size_t offset(const char* at) const noexcept {
    return static_cast<std::size_t>(at - begin_);
  }
  const char* mark() const noexcept { return begin_ + head_.mark_; }
  void set_mark() noexcept { head_.mark_ = static_cast<std::uint16_t>(offset(at_)); }
  Span since_mark(const char* end) const noexcept {
    return {head_.mark_, static_cast<std::uint16_t>(end - mark())};
  }
  Span span_of(std::string_view view) const noexcept;
  // The end of an element of at most `limit` bytes that began at the mark, or the end of the bytes.
  const char* cap(std::size_t limit) const noexcept {
    const auto room = static_cast<std::size_t>(end_ - mark());
    return mark() + std::min(room, limit);
  }

  const Limits& limits_;
  Head& head_;
  RequestHead* request_ = nullptr;
  ResponseHead* response_ = nullptr;
  Method request_method_ = Method::unknown;  // of the request that the response is for
  const char* begin_;
  const char* end_;  // of the bytes, or of Limits::head_bytes
  const char* at_;   // the cursor
  bool is_cut_;      // there are bytes beyond end_
  Phase phase_;
  bool is_for_a_line_;  // stops at its end, unless that is the end of the bytes or of the head
  bool has_stopped_ = false;
};

HeadParser::HeadParser(std::string_view bytes, Head& head, const Limits& limits,
                       bool is_for_a_line) noexcept
    : limits_(limits), head_(head), begin_(bytes.data()), is_for_a_line_(is_for_a_line) {
  const std::size_t limit = std::min(limits.head_bytes, max_head_bytes);
  assert(bytes.size() >= head.cursor_);
  end_ = begin_ + std::min(bytes.size(), limit);
  at_ = begin_ + head.cursor_;
  is_cut_ = bytes.size() > limit;
  phase_ = static_cast<Phase>(head.phase_);
  head_.bytes_ = begin_;
}

Progress HeadParser::run(RequestHead& head) noexcept {
  request_ = &head;
  return is_over() ? result() : leave(resume());
}

Progress HeadParser::run(ResponseHead& head, Method request_method) noexcept {
  response_ = &head;
  request_method_ = request_method;
  if (phase_ == Phase::start) phase_ = Phase::version;
  return is_over() ? result() : leave(resume());
}

Progress HeadParser::result() const noexcept {
  return phase_ == Phase::done ? Progress::done : Progress::failed;
}

// Stores the position of the parser. A head that needs bytes beyond the limit is too large.
Progress HeadParser::leave(Progress progress) noexcept {
  if (progress == Progress::more && is_cut_) progress = fail(Error::head_too_large, end_);
  head_.cursor_ = static_cast<std::uint16_t>(offset(at_));
  head_.phase_ = static_cast<std::uint8_t>(phase_);
  return progress;
}

Progress HeadParser::fail(Error error, const char* where) noexcept {
  phase_ = Phase::failed;
  head_.error_ = error;
  head_.failure_offset_ = static_cast<std::uint16_t>(offset(where));
  return Progress::failed;
}

Progress HeadParser::resume() noexcept {
  switch (phase_) {
    case Phase::start: return read_start();
    case Phase::start_lf: return read_start_lf();
    case Phase::method: return read_method();
    case Phase::path: return read_path();
    case Phase::query: return read_query();
    case Phase::version: return read_version();
    case Phase::request_line_cr: return read_request_line_cr();
    case Phase::status: return read_status();
    case Phase::reason: return read_reason();
    case Phase::first_line_lf: return read_first_line_lf();
    case Phase::done:
    case Phase::failed: return result();
    default: return read_fields();
  }
}

// RFC 9112 2.2: ignore an empty line before the request line. One, since old clients sent one after
// a body.
Progress HeadParser::read_start() noexcept {
  if (at_ == end_) return Progress::more;
  if (*at_ == '\n') return fail(Error::bare_lf, at_);
  if (*at_ != '\r') return begin_method();
  ++at_;
  return go(Phase::start_lf, &HeadParser::read_start_lf);
}

Progress HeadParser::read_start_lf() noexcept {
  if (at_ == end_) return Progress::more;
  if (*at_ != '\n') return fail(Error::bare_cr, at_);
  ++at_;
  return begin_method();
}

Progress HeadParser::begin_method() noexcept {
  set_mark();
  return go(Phase::method, &HeadParser::read_method);
}

// method = token, RFC 9112 3.1
Progress HeadParser::read_method() noexcept {
  at_ = scan::token_end(at_, cap(limits_.method_bytes));
  if (at_ == end_) return Progress::more;
  if (*at_ != ' ' || at_ == mark()) {
    const bool too_long = scan::is(scan::token_bit, *at_);
    return fail(too_long ? Error::method_too_long : Error::bad_method_byte, at_);
  }
  request_->method_span_ = since_mark(at_);
  request_->method_ = method_of({mark(), request_->method_span_.size});
  ++at_;
  return begin_target();
}

Progress HeadParser::begin_target() noexcept {
  set_mark();
  return go(Phase::path, &HeadParser::read_path);
}

// The end of the run that the leniency allows.
const char* HeadParser::target_run_end(const char* stop) const noexcept {
  return limits_.lenient.browser_target_bytes ? stop : scan::uri_end(at_, stop);
}

// The target as far as its query: any of the four forms of RFC 9112 3.2, told apart at the line's
// end.
Progress HeadParser::read_path() noexcept {
  const char* const last = cap(limits_.target_bytes);
  for (;;) {
    at_ = target_run_end(scan::path_end(at_, last));
    if (at_ == last || *at_ != '%') break;
    Progress progress;
    if (!escape_is_whole(last, progress)) return progress;
  }
  if (at_ == last || *at_ != '?') return end_target_run(last);
  request_->has_query_ = true;
  ++at_;
  return go(Phase::query, &HeadParser::read_query);
}

// query = *( pchar / "/" / "?" ), RFC 3986 3.4
Progress HeadParser::read_query() noexcept {
  const char* const last = cap(limits_.target_bytes);
  for (;;) {
    at_ = target_run_end(scan::query_end(at_, last));
    const bool is_escape = at_ != last && *at_ == '%';  // only where the leniency is off
    if (!is_escape) return end_target_run(last);
    Progress progress;
    if (!escape_is_whole(last, progress)) return progress;
  }
}

// pct-encoded = "%" HEXDIG HEXDIG. Steps over the escape at the cursor, or returns the error.
bool HeadParser::escape_is_whole(const char* cap, Progress& progress) noexcept {
  for (const char* digit = at_ + 1; digit != at_ + 3; ++digit) {
    if (digit == cap) {
      progress = cap == end_ ? Progress::more : fail(Error::target_too_long, cap);
      return false;
    }
    if (!scan::is(scan::hex_digit_bit, *digit)) {
      progress = fail(Error::bad_target_escape, digit);
      return false;
    }
  }
  at_ += 3;
  return true;
}

// The cursor is at the first byte that continues neither the path nor the query, or at the limit.
Progress HeadParser::end_target_run(const char* cap) noexcept {
  if (at_ == end_) return Progress::more;
  const bool is_empty = at_ == mark();
  if (*at_ == ' ' && !is_empty) {
    request_->target_ = since_mark(at_);
    ++at_;
    set_mark();
    return go(Phase::version, &HeadParser::read_version);
  }
  if (at_ == cap) return fail(Error::target_too_long, at_);
  const bool ends_line = *at_ == '\r' || *at_ == '\n';
  if (is_empty && (ends_line || *at_ == ' ')) return fail(Error::target_missing, at_);
  return fail(ends_line ? Error::version_missing : Error::bad_target_byte, at_);
}

// HTTP-version = %s"HTTP/" DIGIT "." DIGIT, RFC 9112 2.3. Any 1.x above 1.0 is processed as 1.1.
Progress HeadParser::read_version() noexcept {
  for (; at_ != end_; ++at_) {
    const auto place = static_cast<std::size_t>(at_ - mark());
    if (place == version_prefix.size()) break;
    if (*at_ != version_prefix[place]) return fail(version_error(place, *at_), at_);
  }
  if (at_ == end_) return Progress::more;
  if (!scan::is(scan::digit_bit, *at_)) return fail(Error::bad_version, at_);
  head_.version_ = *at_ == '0' ? Version::http_1_0 : Version::http_1_1;
  ++at_;
  if (request_ != nullptr) return go(Phase::request_line_cr, &HeadParser::read_request_line_cr);
  return go(Phase::status, &HeadParser::read_status);
}

Progress HeadParser::read_request_line_cr() noexcept {
  if (at_ == end_) return Progress::more;
  if (*at_ != '\r') return fail(*at_ == '\n' ? Error::bare_lf : Error::bad_version, at_);
  ++at_;
  return go(Phase::first_line_lf, &HeadParser::read_first_line_lf);
}

// SP status-code, RFC 9112 4; the mark is still where the version began.
Progress HeadParser::read_status() noexcept {
  constexpr std::ptrdiff_t space = 8;
  for (; at_ != end_; ++at_) {
    const std::ptrdiff_t place = at_ - mark() - space;
    if (place == 4) break;
    if (place == 0) {
      if (*at_ != ' ') return fail(Error::bad_version, at_);
      continue;
    }
    const bool is_digit = scan::is(scan::digit_bit, *at_) && !(place == 1 && *at_ == '0');
    if (!is_digit) return fail(Error::bad_status, at_);
    response_->status_ = static_cast<std::uint16_t>(response_->status_ * 10 + (*at_ - '0'));
  }
  if (at_ == end_) return Progress::more;
  return read_status_end();
}

// The space before the reason phrase, which may be empty. The space is required, but see Leniency.
// Its byte has arrived.
Progress HeadParser::read_status_end() noexcept {
  const char byte = *at_;
  if (byte == ' ') {
    ++at_;
    set_mark();
    return go(Phase::reason, &HeadParser::read_reason);
  }
  if (byte == '\n') return fail(Error::bare_lf, at_);
  if (byte != '\r' || !limits_.lenient.status_without_space) return fail(Error::bad_status, at_);
  response_->reason_space_missing_ = true;
  ++at_;
  return go(Phase::first_line_lf, &HeadParser::read_first_line_lf);
}

// reason-phrase = 1*( HTAB / SP / VCHAR / obs-text )
Progress HeadParser::read_reason() noexcept {
  at_ = scan::value_end(at_, end_);
  if (at_ == end_) return Progress::more;
  if (*at_ != '\r') return fail(*at_ == '\n' ? Error::bare_lf : Error::bad_reason_byte, at_);
  response_->reason_ = since_mark(at_);
  ++at_;
  return go(Phase::first_line_lf, &HeadParser::read_first_line_lf);
}

Progress HeadParser::read_first_line_lf() noexcept {
  if (at_ == end_) return Progress::more;
  if (*at_ != '\n') return fail(Error::bare_cr, at_);
  const Error error = request_ != nullptr ? keep_target() : Error::none;
  if (error != Error::none) return fail(error, at_);
  ++at_;
  phase_ = Phase::field_first;
  return stops() ? Progress::done : read_fields();
}

// Field lines as far as the blank line. Each function returns done at the end of its line.
Progress HeadParser::read_fields() noexcept {
  for (;;) {
    Progress progress = Progress::done;
    switch (phase_) {
      case Phase::field_first: progress = read_field_first(); break;
      case Phase::name: progress = read_name(); break;
      case Phase::value_space: progress = read_value_space(); break;
      case Phase::value: progress = read_value(); break;
      case Phase::value_lf: progress = read_value_lf(); break;
      case Phase::end_lf: progress = read_end_lf(); break;
      default: assert(false);
    }
    if (progress != Progress::done || phase_ == Phase::done) return progress;
    if (stops()) return Progress::done;
  }
}

Progress HeadParser::read_field_first() noexcept {
  if (at_ == end_) return Progress::more;
  const char byte = *at_;
  if (byte == '\r') {
    ++at_;
    return go(Phase::end_lf, &HeadParser::read_end_lf);
  }
  if (!scan::is(scan::token_bit, byte)) {
    const bool is_first = head_.field_count_ == 0;
    const bool is_space = byte == ' ' || byte == '\t';
    if (is_space) return fail(is_first ? Error::space_before_first_field : Error::obs_fold, at_);
    if (byte == '\n') return fail(Error::bare_lf, at_);
    return fail(byte == ':' ? Error::name_missing : Error::bad_name_byte, at_);
  }
  if (head_.field_count_ >= std::min(limits_.fields, max_fields)) {
    return fail(Error::too_many_fields, at_);
  }
  set_mark();
  return go(Phase::name, &HeadParser::read_name);
}

// field-name = token, and the colon right behind it (RFC 9112 5.1)
Progress HeadParser::read_name() noexcept {
  at_ = scan::token_end(at_, end_);
  if (at_ == end_) return Progress::more;
  switch (*at_) {
    case ':': break;
    case ' ':
    case '\t': return fail(Error::space_before_colon, at_);
    case '\r':
    case '\n': return fail(Error::colon_missing, at_);
    default: return fail(Error::bad_name_byte, at_);
  }
  head_.spans_[head_.field_count_].name = since_mark(at_);
  ++at_;
  return go(Phase::value_space, &HeadParser::read_value_space);
}

Progress HeadParser::read_value_space() noexcept {
  at_ = scan::space_end(at_, end_);
  if (at_ == end_) return Progress::more;
  set_mark();
  return go(Phase::value, &HeadParser::read_value);
}

// field-value = *field-content, RFC 9110 5.5
Progress HeadParser::read_value() noexcept {
  at_ = scan::value_end(at_, end_);
  if (at_ == end_) return Progress::more;
  if (*at_ != '\r') return fail(*at_ == '\n' ? Error::bare_lf : Error::bad_value_byte, at_);
  const char* last = at_;
  while (last != mark() && (last[-1] == ' ' || last[-1] == '\t')) --last;
  head_.spans_[head_.field_count_].value = since_mark(last);
  ++at_;
  return go(Phase::value_lf, &HeadParser::read_value_lf);
}

Progress HeadParser::read_value_lf() noexcept {
  if (at_ == end_) return Progress::more;
  if (*at_ != '\n') return fail(Error::bare_cr, at_);
  const Error error = keep_field();
  if (error != Error::none) return fail(error, at_);
  ++at_;
  phase_ = Phase::field_first;
  return Progress::done;
}

Progress HeadParser::read_end_lf() noexcept {
  if (at_ == end_) return Progress::more;
  if (*at_ != '\n') return fail(Error::bare_cr, at_);
  const Error error = judge_head();
  if (error != Error::none) return fail(error, at_);
  ++at_;
  head_.size_ = static_cast<std::uint16_t>(offset(at_));
  phase_ = Phase::done;
  return Progress::done;
}

HeadParser::Span HeadParser::span_of(std::string_view view) const noexcept {
  if (view.data() == nullptr) return {0, 0};
  return {static_cast<std::uint16_t>(offset(view.data())), static_cast<std::uint16_t>(view.size())};
}

// Determines the form of the target and stores its parts.
Error HeadParser::keep_target() noexcept {
  TargetParts parts;
  const std::string_view target(begin_ + request_->target_.begin, request_->target_.size);
  const Error error = split_target(target, request_->method_, parts);
  if (error != Error::none) return error;
  if (!limits_.lenient.browser_target_bytes) {
    // RFC 3986 3.2.2 has brackets around IPv6 literals only.
    const bool clean = parts.path.find_first_of("[]") == std::string_view::npos &&
                       parts.query.find_first_of("[]") == std::string_view::npos;
    if (!clean) return Error::bad_target_byte;
  }
  request_->form_ = parts.form;
  request_->authority_ = span_of(parts.authority);
  request_->path_ = span_of(parts.path);
  request_->query_ = span_of(parts.query);
  request_->has_query_ = parts.has_query;
  return Error::none;
}

// Enters the field whose line has ended, then judges it.
Error HeadParser::keep_field() noexcept {
  const std::uint8_t at = head_.field_count_;
  const FieldName name = field_name_of(head_.name_at(at));
  const std::uint64_t bit = Head::bit(name);
  const bool is_first = (head_.present_ & bit) == 0;
  head_.ids_[at] = name;
  if (is_first) head_.first_[Head::index(name)] = at;
  if (!is_first) head_.repeated_ |= bit;
  head_.present_ |= bit;
  ++head_.field_count_;
  return judge(name, head_.value_at(at));
}

Error HeadParser::judge(FieldName name, std::string_view value) noexcept {
  return request_ != nullptr ? HeadJudge::field(*request_, name, value)
                             : HeadJudge::field(*response_, name, value);
}

Error HeadParser::judge_head() noexcept {
  return request_ != nullptr ? HeadJudge::head(*request_)
                             : HeadJudge::head(*response_, request_method_);
}

// After two attempts the rest nearly always has an error. A third is not made, so that each byte is
// read a few times at most.
Progress continue_request(std::string_view bytes, RequestHead& head, const Limits& limits,
                          decltype(Engine::request) again) noexcept {
  HeadParser parser(bytes, head, limits, again != nullptr);
  const Progress progress = parser.run(head);
  return parser.is_between_lines() ? again(bytes, head, limits, true) : progress;
}

Progress continue_response(std::string_view bytes, ResponseHead& head, Method request_method,
                           const Limits& limits, decltype(Engine::response) again) noexcept {
  HeadParser parser(bytes, head, limits, again != nullptr);
  const Progress progress = parser.run(head, request_method);
  return parser.is_between_lines() ? again(bytes, head, request_method, limits, true) : progress;
}

namespace {

const Engine* engine_of(Simd simd) noexcept {
  switch (simd) {
#if HTTP1_HAS_SSE
    case Simd::sse: return &sse_engine;
#endif
#if HTTP1_HAS_AVX2
    case Simd::avx2: return &avx2_engine;
#endif
    default: return &scalar_engine;
  }
}

Progress choose_for_request(std::string_view bytes, RequestHead& head, const Limits& limits,
                            bool is_last) noexcept;
Progress choose_for_response(std::string_view bytes, ResponseHead& head, Method request_method,
                             const Limits& limits, bool is_last) noexcept;

constexpr Engine choosing_engine = {choose_for_request, choose_for_response};

// Until the first head this pointer is to the function that chooses. Threads that call it at one
// time all choose the same function.
constinit std::atomic<const Engine*> engine = &choosing_engine;

const Engine& choose_engine() noexcept {
  const Engine* const chosen = engine_of(choose_simd());
  engine.store(chosen, std::memory_order_relaxed);
  return *chosen;
}

Progress choose_for_request(std::string_view bytes, RequestHead& head, const Limits& limits,
                            bool is_last) noexcept {
  return choose_engine().request(bytes, head, limits, is_last);
}

Progress choose_for_response(std::string_view bytes, ResponseHead& head, Method request_method,
                             const Limits& limits, bool is_last) noexcept {
  return choose_engine().response(bytes, head, request_method, limits, is_last);
}

}  // namespace

Progress parse_request(std::string_view bytes, RequestHead& head, const Limits& limits) noexcept {
  return engine.load(std::memory_order_relaxed)->request(bytes, head, limits, false);
}

Progress parse_response(std::string_view bytes, ResponseHead& head, Method request_method,
                        const Limits& limits) noexcept {
  return engine.load(std::memory_order_relaxed)
      ->response(bytes, head, request_method, limits, false);
}

Progress parse_request(std::string_view bytes, RequestHead& head, const Limits& limits,
                       Simd simd) noexcept {
  return engine_of(simd)->request(bytes, head, limits, false);
}

Progress parse_response(std::string_view bytes, ResponseHead& head, Method request_method,
                        const Limits& limits, Simd simd) noexcept {
  return engine_of(simd)->response(bytes, head, request_method, limits, false);
}

}  // namespace http1
