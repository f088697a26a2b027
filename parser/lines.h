// Reads whole lines of a head at once, for an instruction set. Not installed; included by the file
// of each instruction set only.
//
// The automaton of parse.cc defines what a valid head is. This reader gives the result of the
// automaton faster, for lines that have arrived completely and are certainly valid, which nearly
// all are. At the first other line it stops, with the head as the automaton would have left it at
// the beginning of that line, and the automaton continues. So this file has no errors of its own.
//
// A line is loaded as blocks of 32 bytes, and each question about it is one mask: where its first
// control byte is, which ends the line if the head is good; where the name ends; whether the name
// is the one known name it may be. As few branches as possible depend on the text, since no
// predictor knows the text of the next client: 128 bytes are examined for each line, however long
// it is, and names are recognised by one look-up and one comparison. The lines of the last 64 bytes
// share the masks of one window. The fields are judged once, behind the loop, since it is hard to
// predict which line is Host or Connection. If one of them is not certainly valid, none counts as
// read.
//
// No byte beyond the end of the text is read: a block that would reach beyond it is loaded from
// further in front, and its masks are shifted.
//
// Scanner is the set of operations of an instruction set:
//   Block                      32 bytes, and how many of them precede the requested position
//   load(at), load(at, last)   the block at `at`; the one at `last`, if that is in front of it
//   controls(block)            the mask of the bytes that no value may have, and perhaps of tabs,
//                              which are rare enough to be left to the automaton
//   outside_token(block)       the mask of the bytes that are no token characters
//   outside_path(block), outside_query(block), outside_host(block)
//   has(block, folded, mask)   compares, in any case, with a text of FieldTables::folded, the bytes
//                              whose bits are in `mask`: the lowest ones, as many as the text has
//   lowest(mask)               the place of the lowest bit; 64 if there is none
//   lowest_of_block(mask)      lowest() for 32 bits
//   has_masks                  false: the target is read by scan.h, line ends by find_control(),
//                              and of the masks about names and hosts the lowest bit alone is right
// HTTP1_TARGET precedes each function of a Scanner, as in this file, since its instructions must
// not be used in any function that other files share.
// Covered by tests/parser/simd_test.cc, which compares with the automaton.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "parser/bytes.h"
#include "parser/judge.h"
#include "parser/limits.h"
#include "parser/message.h"
#include "parser/name_tables.h"
#include "parser/phase.h"
#include "parser/scan.h"
#include "parser/simd.h"

#if !defined(HTTP1_TARGET)
#define HTTP1_TARGET
#endif
#define HTTP1_INLINE HTTP1_TARGET [[gnu::always_inline]] inline

namespace http1 {

inline constexpr std::size_t block_size = 32;

template <class Scanner>
class LineParser {
 public:
  // As in parse.h. `is_last`: the automaton reads all that is left.
  HTTP1_TARGET static Progress request(std::string_view bytes, RequestHead& head,
                                       const Limits& limits, bool is_last) noexcept {
    const Text text = text_of(bytes, limits);
    if (text.size() >= block_size) [[likely]] {
      const bool is_done = is_at(Phase::start, head) ? read_request(text, head, limits)
                                                     : read_more(text, head, limits);
      if (is_done) [[likely]]
        return Progress::done;
    }
    const bool again = !is_last && text.size() >= block_size;
    return continue_request(bytes, head, limits, again ? &request : nullptr);
  }

  HTTP1_TARGET static Progress response(std::string_view bytes, ResponseHead& head,
                                        Method request_method, const Limits& limits,
                                        bool is_last) noexcept {
    const Text text = text_of(bytes, limits);
    if (text.size() >= block_size) [[likely]] {
      const bool is_done = is_at(Phase::start, head)
                               ? read_response(text, head, request_method, limits)
                               : read_more(text, head, limits, request_method);
      if (is_done) [[likely]]
        return Progress::done;
    }
    const bool again = !is_last && text.size() >= block_size;
    return continue_response(bytes, head, request_method, limits, again ? &response : nullptr);
  }

 private:
  using Block = typename Scanner::Block;
  using Span = Head::Span;

  // The bytes, at least a block of them: shorter heads are left to the automaton.
  struct Text {
    const char* begin;
    const char* end;
    std::size_t size() const noexcept { return static_cast<std::size_t>(end - begin); }
    const char* last_block() const noexcept { return end - block_size; }
    std::size_t place(const char* at) const noexcept {
      return static_cast<std::size_t>(at - begin);
    }
  };

  // The field lines that were read: all in front of `line`.
  struct Found {
    const char* line;
    std::size_t count = 0;       // fields of the head
    std::uint64_t seen = 0;      // a bit for each name
    std::uint64_t repeated = 0;  // a bit for each name that was there before
    bool is_whole = false;       // the blank line follows
  };

  static constexpr std::uint16_t cr_lf = '\r' | '\n' << 8;
  static constexpr std::ptrdiff_t window_size = 2 * block_size;
  static constexpr std::uint16_t colon_space = ':' | ' ' << 8;
  static constexpr std::uint64_t http_1_0 = word_of("HTTP/1.0", 8);
  // The lowest bit of the minor version: 0 or 1.
  static constexpr std::uint64_t minor_bit = std::uint64_t{1} << 56;
  // No name has this index: where the number of a field goes that is not the first of its name.
  static constexpr std::size_t nowhere = 63;
  static_assert(field_name_count <= nowhere);

  HTTP1_INLINE static Text text_of(std::string_view bytes, const Limits& limits) noexcept {
    const std::size_t size = std::min(std::min(bytes.size(), max_head_bytes), limits.head_bytes);
    return {bytes.data(), bytes.data() + size};
  }

  HTTP1_INLINE static bool is_at(Phase phase, const Head& head) noexcept {
    return head.phase_ == static_cast<std::uint8_t>(phase);
  }

  HTTP1_INLINE static bool read_request(Text text, RequestHead& head,
                                        const Limits& limits) noexcept {
    const char* const line = read_request_line(text, head, limits);
    if (line == nullptr) [[unlikely]]
      return false;
    Found found = {line};
    const bool has_host = limits.fields != 0 && read_host_line(text, found, head);
    read_fields(text, found, head, limits);
    const std::uint64_t judged = has_host ? Head::bit(FieldName::host) & ~found.repeated : 0;
    return keep_fields(text, head, found, judged, 0, 0) && finish(head);
  }

  HTTP1_INLINE static bool read_response(Text text, ResponseHead& head, Method request_method,
                                         const Limits& limits) noexcept {
    const char* const line = read_status_line(text, head);
    if (line == nullptr) [[unlikely]]
      return false;
    Found found = {line};
    read_fields(text, found, head, limits);
    return keep_fields(text, head, found, 0, 0, 0) && finish(head, request_method);
  }

  // The lines behind those that came with earlier bytes.
  template <class AnyHead, class... RequestMethod>
  HTTP1_TARGET [[gnu::noinline]] static bool read_more(Text text, AnyHead& head,
                                                       const Limits& limits,
                                                       RequestMethod... request_method) noexcept {
    // A few new bytes are left to the automaton, so that slowly arriving bytes are not read
    // repeatedly.
    if (!is_at(Phase::field_first, head) || head.cursor_ + block_size > text.size()) return false;
    const std::size_t first = head.field_count_;
    const std::uint64_t before = head.present_;
    Found found = {text.begin + head.cursor_, first, before, head.repeated_};
    read_fields(text, found, head, limits);
    return keep_fields(text, head, found, 0, before, first) && finish(head, request_method...);
  }

  // ---- blocks -----------------------------------------------------------------------------------

  // The end of the text as masks; zeros for what is beyond.
  struct Window {
    const char* begin;
    std::uint64_t controls;
    std::uint64_t outside_token;
  };

  HTTP1_INLINE static Window last_window(Text text) noexcept {
    const char* const begin = text.end - std::min<std::size_t>(text.size(), window_size);
    const Block low = Scanner::load(begin);
    const Block high = Scanner::load(text.last_block());
    const auto shift = text.last_block() - begin;
    Window window = {begin, Scanner::controls(low) | Scanner::controls(high) << shift, 0};
    if constexpr (Scanner::has_masks) {
      window.outside_token = Scanner::outside_token(low) | Scanner::outside_token(high) << shift;
    }
    return window;
  }

  // The first byte at or behind `at` that no value has; the end if there is none. `low` is the
  // block at `at`, which all lies in the text.
  HTTP1_INLINE static const char* control_at(Text text, const char* at, const Block& low) noexcept {
    if constexpr (!Scanner::has_masks) return Scanner::find_control(at, text.end);
    const char* const high = std::min(at + block_size, text.last_block());
    const std::uint64_t mask = Scanner::controls(low) | Scanner::controls(Scanner::load(high))
                                                            << (high - at);
    if (mask != 0) [[likely]]
      return at + Scanner::lowest(mask);
    return control_behind(text, high + block_size);
  }

  // control_at() if the whole window and one more byte are in the text. Returns `at`, which is no
  // control byte, if no byte follows the control byte.
  HTTP1_INLINE static const char* control_in_window(Text text, const char* at,
                                                    const Block& low) noexcept {
    if constexpr (!Scanner::has_masks) {
      const char* const found = Scanner::find_control(at, text.end);
      return text.end - found >= 2 ? found : at;
    }
    const char* const second = at + block_size;
    const char* const last = text.last_block() - 1;  // a byte more follows
    const char* const third = std::min(at + window_size, last);
    const char* const fourth = std::min(third + block_size, last);
    const std::uint64_t near = Scanner::controls(low) | Scanner::controls(Scanner::load(second))
                                                            << block_size;
    const std::uint64_t far = Scanner::controls(Scanner::load(third)) |
                              Scanner::controls(Scanner::load(fourth)) << (fourth - third);
    // Both are examined, since no predictor knows whether a line is longer than a window.
    const std::uint64_t mask = near != 0 ? near : far;
    const char* const window = near != 0 ? at : third;
    if (mask != 0) [[likely]]
      return window + Scanner::lowest(mask);
    const char* const found = control_behind(text, fourth + block_size);
    return text.end - found >= 2 ? found : at;
  }

  // The number of bytes of a block in front of the first one in the mask. A block without one gives
  // no information about the bytes behind it.
  HTTP1_INLINE static std::size_t block_run(std::uint64_t mask) noexcept {
    return Scanner::lowest_of_block(static_cast<std::uint32_t>(mask));
  }

  // As control_at(), where no block is loaded yet.
  HTTP1_INLINE static const char* control_behind(Text text, const char* at) noexcept {
    for (; at <= text.last_block(); at += block_size) {
      const std::uint64_t mask = Scanner::controls(Scanner::load(at));
      if (mask != 0) return at + Scanner::lowest(mask);
    }
    const std::uint64_t mask = Scanner::controls(Scanner::load(at, text.last_block()));
    return mask != 0 ? at + Scanner::lowest(mask) : text.end;
  }

  // ---- the first line ---------------------------------------------------------------------------

  // method SP request-target SP HTTP-version, of the origin form; not where the target's bytes are
  // asked to be strict.
  HTTP1_INLINE static const char* read_request_line(Text text, RequestHead& head,
                                                    const Limits& limits) noexcept {
    constexpr std::ptrdiff_t shortest = sizeof("A / HTTP/1.1") - 1;
    const char* const line = text.begin;
    const Block low = Scanner::load(line);
    const char* const end = control_at(text, line, low);
    if (end - line < shortest || text.end - end < 2 || !limits.lenient.browser_target_bytes)
        [[unlikely]]
      return nullptr;
    const std::uint64_t version = load<std::uint64_t>(end - 8);
    if ((version & ~minor_bit) != http_1_0 || end[-9] != ' ' || load<std::uint16_t>(end) != cr_lf)
        [[unlikely]]
      return nullptr;

    const std::size_t target_end = text.place(end) - 9;
    const std::size_t method_size = read_method(text, text.place(end), head);
    const std::size_t target = method_size + 1;
    if (method_size - 1 >= limits.method_bytes || target >= target_end ||
        target_end - target > limits.target_bytes) [[unlikely]]
      return nullptr;
    if (!read_target(text, low, target, target_end, head)) [[unlikely]]
      return nullptr;

    set(head.method_span_, 0, method_size);
    set(head.target_, target, target_end - target);
    head.version_ = (version & minor_bit) != 0 ? Version::http_1_1 : Version::http_1_0;
    head.phase_ = static_cast<std::uint8_t>(Phase::field_first);
    head.cursor_ = static_cast<std::uint16_t>(text.place(end) + 2);
    return end + 2;
  }

  // Returns the method's size, 0 if it is no method. A space follows.
  HTTP1_INLINE static std::size_t read_method(Text text, std::size_t end,
                                              RequestHead& head) noexcept {
    constexpr std::uint64_t get = word_of("GET ", 4);
    constexpr std::uint64_t head_space = word_of("HEAD ", 5);
    const std::uint64_t word = load<std::uint64_t>(text.begin);
    if (static_cast<std::uint32_t>(word) == get) [[likely]] {
      head.method_ = Method::get;
      return 3;
    }
    if ((word & low_bits(40)) == head_space) {
      head.method_ = Method::head;
      return 4;
    }
    return read_other_method(word, {text.begin, end}, head);
  }

  HTTP1_TARGET [[gnu::noinline]] static std::size_t read_other_method(std::uint64_t word,
                                                                      std::string_view line,
                                                                      RequestHead& head) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    const std::uint64_t spaces = word ^ ones * ' ';
    const std::uint64_t zeros = (spaces - ones) & ~spaces & ones << 7;  // the lowest one is exact
    const std::size_t size = Scanner::lowest(zeros) / 8;
    head.method_ = names::method_of_word(word & low_bits(size * 8));
    if (head.method_ == Method::connect) return 0;
    if (head.method_ != Method::unknown) return size;
    const char* const end = scan::token_end(line.data(), line.data() + line.size());
    if (*end != ' ') return 0;
    const std::string_view method = line.substr(0, static_cast<std::size_t>(end - line.data()));
    head.method_ = method_of(method);
    return method.size();
  }

  // Splits the target, which is not empty, and stores path and query. `low` is the block that the
  // line begins with.
  HTTP1_INLINE static bool read_target(Text text, const Block& low, std::size_t target,
                                       std::size_t end, RequestHead& head) noexcept {
    if (text.begin[target] != '/') [[unlikely]]
      return false;
    std::size_t path_end = end;
    bool is_good = Scanner::has_masks;
    if constexpr (Scanner::has_masks) {
      const char* const high_at = std::min(text.begin + block_size, text.last_block());
      const std::size_t shift = text.place(high_at);
      const Block high = Scanner::load(high_at);
      const std::uint64_t range = ~low_bits(target) & low_bits(end);
      const std::uint64_t outside =
          (Scanner::outside_path(low) | Scanner::outside_path(high) << shift) & range;
      if (end > shift + block_size) [[unlikely]] {
        path_end = wide_path_end(text, target, end);
        is_good = path_end != 0;
      } else if (outside != 0) [[unlikely]] {
        const std::uint64_t outside_query =
            Scanner::outside_query(low) | Scanner::outside_query(high) << shift;
        path_end = Scanner::lowest(outside);
        is_good = text.begin[path_end] == '?' && (outside_query & range) == 0;
      }
    }
    if (!is_good) [[unlikely]] {
      path_end = path_end_of(text.begin + target, text.begin + end, text.begin);
      if (path_end == 0) return false;
    }
    const bool has_query = path_end != end;
    set(head.path_, target, path_end - target);
    set(head.query_, has_query ? path_end + 1 : 0, has_query ? end - path_end - 1 : 0);
    head.has_query_ = has_query;
    return true;
  }

  // Where the path of a long target ends; 0 if there is anything unusual in it.
  HTTP1_TARGET [[gnu::noinline]] static std::size_t wide_path_end(Text text, std::size_t target,
                                                                  std::size_t end) noexcept {
    std::size_t path_end = end;
    std::uint64_t bad = 0;
    if constexpr (Scanner::has_masks) {
      for (std::size_t at = target; at < end; at += block_size) {
        const Block block = Scanner::load(text.begin + at, text.last_block());
        const std::uint64_t range = low_bits(end - at);
        const std::uint64_t outside = Scanner::outside_path(block) & range;
        bad |= Scanner::outside_query(block) & range;
        const std::size_t found = outside != 0 ? at + Scanner::lowest(outside) : end;
        path_end = std::min(path_end, found);
      }
    }
    const bool is_good = bad == 0 && (path_end == end || text.begin[path_end] == '?');
    return is_good ? path_end : 0;
  }

  // Where the path ends, of targets that have escapes as well: 0 if the target is not plainly good.
  HTTP1_TARGET [[gnu::noinline]] static std::size_t path_end_of(const char* at, const char* end,
                                                                const char* begin) noexcept {
    for (;;) {
      at = scan::path_end(at, end);
      if (at == end || *at != '%') break;
      const bool is_escape = end - at >= 3 && scan::is(scan::hex_digit_bit, at[1]) &&
                             scan::is(scan::hex_digit_bit, at[2]);
      if (!is_escape) return 0;
      at += 3;
    }
    const bool is_good = at == end || (*at == '?' && scan::query_end(at, end) == end);
    return is_good ? static_cast<std::size_t>(at - begin) : 0;
  }

  // HTTP-version SP status-code SP reason-phrase
  HTTP1_INLINE static const char* read_status_line(Text text, ResponseHead& head) noexcept {
    constexpr std::ptrdiff_t reason = sizeof("HTTP/1.1 200 ") - 1;
    const char* const line = text.begin;
    const char* const end = control_at(text, line, Scanner::load(line));
    if (end - line < reason || text.end - end < 2) [[unlikely]]
      return nullptr;
    const std::uint64_t version = load<std::uint64_t>(line);
    if ((version & ~minor_bit) != http_1_0 || load<std::uint16_t>(end) != cr_lf) [[unlikely]]
      return nullptr;
    const unsigned first = static_cast<unsigned char>(line[9]) - unsigned{'0'};
    const unsigned second = static_cast<unsigned char>(line[10]) - unsigned{'0'};
    const unsigned third = static_cast<unsigned char>(line[11]) - unsigned{'0'};
    const bool is_good =
        line[8] == ' ' && line[12] == ' ' && first - 1 <= 8 && second <= 9 && third <= 9;
    if (!is_good) [[unlikely]]
      return nullptr;
    head.version_ = (version & minor_bit) != 0 ? Version::http_1_1 : Version::http_1_0;
    head.status_ = static_cast<std::uint16_t>(first * 100 + second * 10 + third);
    set(head.reason_, reason, text.place(end) - reason);
    head.phase_ = static_cast<std::uint8_t>(Phase::field_first);
    head.cursor_ = static_cast<std::uint16_t>(text.place(end) + 2);
    return end + 2;
  }

  // ---- field lines ------------------------------------------------------------------------------

  // Enters fields as long as their lines are there as a whole and plainly good.
  HTTP1_INLINE static void read_fields(Text text, Found& found, Head& head,
                                       const Limits& limits) noexcept {
    const std::size_t most = std::min(limits.fields, max_fields);
    const char* line = found.line;
    // A line that begins here has a window behind it, and so the line end of one that ends there.
    while (text.end - line > window_size) {
      if (load<std::uint16_t>(line) == cr_lf) [[unlikely]] {
        found.is_whole = true;
        break;
      }
      const Block block = Scanner::load(line);
      const char* const end = control_in_window(text, line, block);
      const std::uint64_t outside_token = Scanner::outside_token(block);
      if (found.count >= most || !enter(text, found, head, line, end, block, outside_token))
          [[unlikely]] {
        found.line = line;
        return;
      }
      line = end + 2;
    }
    found.line = line;
    if (!found.is_whole) read_last_fields(text, found, head, most);
  }

  // The same of the last lines, all within the last window.
  HTTP1_INLINE static void read_last_fields(Text text, Found& found, Head& head,
                                            std::size_t most) noexcept {
    const char* line = found.line;
    if (is_end(text, found)) return;
    const Window window = last_window(text);
    do {
      const std::size_t skip = static_cast<std::size_t>(line - window.begin);
      const char* const end = line + Scanner::lowest(window.controls >> skip);
      if (text.end - end < 2 || found.count >= most) [[unlikely]]
        return;
      const Block block = Scanner::load(line, text.last_block());
      const std::uint64_t outside_token =
          Scanner::has_masks ? window.outside_token >> skip : Scanner::outside_token(block);
      if (!enter(text, found, head, line, end, block, outside_token)) [[unlikely]]
        return;
      line = end + 2;
      found.line = line;
    } while (!is_end(text, found));
  }

  // The section ends here: with the blank line, or with the text.
  HTTP1_INLINE static bool is_end(Text text, Found& found) noexcept {
    if (text.end - found.line < 2) return true;
    found.is_whole = load<std::uint16_t>(found.line) == cr_lf;
    return found.is_whole;
  }

  // Host is the first line nearly always: read without a look at its name and judged at once, since
  // this is what the answer waits for in a small request. False if it is another line, or not
  // plain.
  HTTP1_INLINE static bool read_host_line(Text text, Found& found, Head& head) noexcept {
    constexpr std::size_t name_size = std::string_view("Host").size();
    constexpr std::ptrdiff_t value_at = sizeof("Host: ") - 1;
    const char* const line = found.line;
    if (text.end - line < 10) return false;
    const std::uint64_t name = load<std::uint64_t>(line) | std::uint64_t{0x20202020};
    if ((name & low_bits(48)) != word_of("host: ", 6)) return false;
    const char* const value = line + value_at;
    const char* end;
    std::size_t host_size;
    if (value <= text.last_block()) [[likely]] {
      const Block block = Scanner::load(value);
      end = control_at(text, value, block);
      host_size = block_run(Scanner::outside_host(block));
    } else {
      const Block block = Scanner::load(value, text.last_block());
      end = value + Scanner::lowest(Scanner::controls(block));
      if (text.end - end < 2) return false;
      host_size = block_run(Scanner::outside_host(block));
    }
    if (text.end - end < 2 || load<std::uint16_t>(end) != cr_lf) return false;
    if (!is_plain_host(value, static_cast<std::size_t>(end - value), host_size)) return false;
    set(head.spans_[0].name, text.place(line), name_size);
    set(head.spans_[0].value, text.place(value), static_cast<std::size_t>(end - value));
    head.ids_[0] = FieldName::host;
    head.first_[Head::index(FieldName::host)] = 0;
    found.line = end + 2;
    found.count = 1;
    found.seen = Head::bit(FieldName::host);
    return true;
  }

  // field-name ":" OWS field-value OWS CRLF, from `line` to `end`, behind which there are two
  // bytes. `block` is at the line, or at the end of the text.
  HTTP1_INLINE static bool enter(Text text, Found& found, Head& head, const char* line,
                                 const char* end, const Block& block,
                                 std::uint64_t outside_token) noexcept {
    std::size_t name_size = block_run(outside_token);
    const FieldName name = name_of(block, line, name_size);
    if (name_size - 1 >= block_size - 1) [[unlikely]] {  // none, or a long one
      while (line + name_size < end && scan::is(scan::token_bit, line[name_size])) ++name_size;
      if (name_size == 0) return false;
    }
    if (load<std::uint16_t>(end) != cr_lf) [[unlikely]]
      return false;
    const char* value = line + name_size + 2;
    const char* value_end = end;
    const bool is_plain = load<std::uint16_t>(line + name_size) == colon_space &&
                          is_above_space(*value) && is_above_space(end[-1]);
    if (!is_plain) [[unlikely]] {
      --value;
      if (value[-1] != ':') return false;
      while (is_space(*value)) ++value;
      while (value_end > value && is_space(value_end[-1])) --value_end;
    }
    const std::size_t field = found.count++;
    set(head.spans_[field].name, text.place(line), name_size);
    set(head.spans_[field].value, text.place(value), static_cast<std::size_t>(value_end - value));
    head.ids_[field] = name;
    const std::uint64_t repeated = found.seen & Head::bit(name);
    head.first_[repeated != 0 ? nowhere : Head::index(name)] = static_cast<std::uint8_t>(field);
    found.repeated |= repeated;
    found.seen |= Head::bit(name);
    return true;
  }

  HTTP1_INLINE static bool is_space(char byte) noexcept { return byte == ' ' || byte == '\t'; }

  HTTP1_INLINE static bool is_above_space(char byte) noexcept {
    return static_cast<unsigned char>(byte) > ' ';
  }

  // Which name it is, if it is a known one. The line has at least the bytes of the first line in
  // front of it.
  HTTP1_INLINE static FieldName name_of(const Block& block, const char* line,
                                        std::size_t size) noexcept {
    const names::FieldTables& tables = names::field_tables;
    const auto first = load<std::uint16_t>(line);
    const auto last = load<std::uint32_t>(line + size - 4);
    const std::size_t slot =
        names::field_slot(names::key_of(first, last), size, names::field_multiplier);
    const FieldName name = tables.candidates[slot];
    const std::size_t index = Head::index(name);
    // Most names that are not known have a slot without a candidate, which every text is like. So
    // this is a branch that is nearly always right, and nothing waits for the comparison; the
    // empty statement keeps compilers from making a conditional move of it.
    if (!Scanner::has(block, tables.folded[index], tables.masks[index])) [[unlikely]] {
      asm volatile("");
      return FieldName::other;
    }
    return name;
  }

  // ---- what the fields mean ---------------------------------------------------------------------

  // Keeps the fields that were found, from number `first` on, beside those that were there before;
  // or only those, if one is not plainly good. Those in `judged` are. Says whether it was all.
  template <class AnyHead>
  HTTP1_INLINE static bool keep_fields(Text text, AnyHead& head, const Found& found,
                                       std::uint64_t judged, std::uint64_t before,
                                       std::size_t first) noexcept {
    constexpr bool is_request = std::is_same_v<AnyHead, RequestHead>;
    constexpr std::uint64_t to_judge =
        is_request ? HeadJudge::request_names : HeadJudge::response_names;
    const std::uint64_t repeated_before = head.repeated_;
    head.present_ = found.seen;
    head.repeated_ = found.repeated;
    head.field_count_ = static_cast<std::uint8_t>(found.count);
    head.bytes_ = text.begin;
    // Those of earlier bytes were judged then.
    const std::uint64_t seen = first == 0 ? found.seen : names_from(head, first);
    const std::uint64_t names = seen & to_judge & ~judged;
    if (names == 0 || is_usual(text, head, names) || HeadJudge::fields(head, names, first))
        [[likely]] {
      head.cursor_ = static_cast<std::uint16_t>(text.place(found.line));
      return found.is_whole;
    }
    head.present_ = before;
    head.repeated_ = repeated_before;
    head.field_count_ = static_cast<std::uint8_t>(first);
    return false;
  }

  HTTP1_INLINE static std::uint64_t names_from(const Head& head, std::size_t first) noexcept {
    std::uint64_t names = 0;
    for (std::size_t at = first; at < head.field_count_; ++at) names |= Head::bit(head.ids_[at]);
    return names;
  }

  // Judges the fields if they are what they nearly always are; says whether that was all.
  HTTP1_INLINE static bool is_usual(Text text, Head& head, std::uint64_t names) noexcept {
    constexpr std::uint64_t host = Head::bit(FieldName::host);
    constexpr std::uint64_t all =
        host | Head::bit(FieldName::connection) | Head::bit(FieldName::content_length);
    if ((names & ~all) != 0 || (names & head.repeated_) != 0) [[unlikely]]
      return false;
    if ((names & host) != 0) {
      const std::string_view value = head.value_at(head.first_[Head::index(FieldName::host)]);
      const Block block = Scanner::load(value.data(), text.last_block());
      const std::size_t host_size = block_run(Scanner::outside_host(block));
      if (!is_plain_host(value.data(), value.size(), host_size)) return false;
    }
    return HeadJudge::usual_fields(head, names);
  }

  // A host name and a port of at most four digits, or of five up to 59999, which are all valid. RFC
  // 9110 7.2. Reads up to eight bytes in front of the end of the value, which its name is.
  HTTP1_INLINE static bool is_plain_host(const char* host, std::size_t size,
                                         std::size_t host_size) noexcept {
    if (host_size == size) return host_size != 0;
    const std::size_t digits = size - host_size - 1;
    if (host_size == 0 || digits > 5 || host[host_size] != ':') return false;
    // The last five bytes, those in front of the digits shifted out.
    const std::uint64_t word = load<std::uint64_t>(host + size - 8) >> 24;
    const std::uint64_t port = word >> (40 - 8 * digits);
    const std::uint64_t values = port ^ (0x3030303030 & low_bits(8 * digits));  // of digits 0 to 9
    const bool is_small = digits < 5 || (values & 0xff) < 6;
    return is_small && ((values | (values + 0x0606060606)) & 0xf0f0f0f0f0) == 0;
  }

  // Decides about the head; all its lines are read.
  template <class AnyHead, class... RequestMethod>
  HTTP1_INLINE static bool finish(AnyHead& head, RequestMethod... request_method) noexcept {
    const bool is_good = is_plain(head) || HeadJudge::head(head, request_method...) == Error::none;
    if (!is_good) [[unlikely]]
      return false;
    head.size_ = static_cast<std::uint16_t>(head.cursor_ + 2);
    head.cursor_ = head.size_;
    head.phase_ = static_cast<std::uint8_t>(Phase::done);
    return true;
  }

  // A request of HTTP/1.1 that has Host and says nothing about its body or the connection.
  HTTP1_INLINE static bool is_plain(RequestHead& head) noexcept {
    constexpr std::uint64_t host = Head::bit(FieldName::host);
    const bool is_plain = (head.present_ & (HeadJudge::response_names | host)) == host &&
                          head.version_ == Version::http_1_1;
    if (is_plain) head.keep_alive_ = true;
    return is_plain;
  }
  HTTP1_INLINE static bool is_plain(const ResponseHead&) noexcept { return false; }

  // Two stores; as one struct they would be put together by shifts.
  HTTP1_INLINE static void set(Span& span, std::size_t begin, std::size_t size) noexcept {
    span.begin = static_cast<std::uint16_t>(begin);
    span.size = static_cast<std::uint16_t>(size);
  }
};

}  // namespace http1
