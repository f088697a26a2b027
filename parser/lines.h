// Reads whole lines of a head at once, for an instruction set. Not installed; included by the file
// of each instruction set only.
//
// The automaton of parse.cc is the one truth about what a head is; this is a faster way to the same
// answer for what nearly all heads consist of: lines that are there as a whole and plainly good. At
// the first line that is not, it stops, with the head as the automaton would have left it at the
// beginning of that line, and the automaton goes on. So nothing here knows an error.
//
// Two passes, both without branches that depend on the text:
//   1. find_lines() looks for control bytes, 64 bytes a turn as one 64-bit mask, and keeps where
//      each run of them begins: at the line ends, if the head is good. It ends with the blank line.
//   2. read_fields() goes from line to line. The end of a line is known, so the lines do not wait
//      for each other. 32 bytes from its beginning give the name's end, and are compared with the
//      one known name it may be. Where a test fails the line is not plain.
// What fields mean is judged once behind the loop, since which line is Host or Connection is what
// no branch predictor can know. If anything is wrong with one of them, it is as if none was read.
//
// Bytes are never read beyond their end: blocks that would reach beyond it are loaded from further
// in front, and their masks shifted. Every byte is looked at twice, a name three times.
//
// Scanner is what an instruction set can do with bytes:
//   Block                      32 bytes, and how many of them stand in front of what was asked for
//   load(at), load(at, last)   the block at `at`; the one at `last`, if that is in front of it
//   controls(block)            the mask of the bytes that no value may have
//   outside_token(block)       the mask of bytes that are no token characters; likewise
//   outside_path(block), outside_query(block), outside_host(block)
//   begins_with(block, folded, ends)    compares, in any case, with a text of
//   names::FieldTables::folded as
//                              far as the lowest bit of `ends`, that included
//   lowest(mask)               the place of the lowest bit; 64 if there is none
//   lowest_of_block(mask)      the same of 32 bits
//   has_masks                  false: the target is read by scan.h, and of the other masks the
//                              lowest bit alone is right
// HTTP1_TARGET stands in front of each of its functions, as here, since its instructions must not
// get into any function that other files share.
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
  // As in parse.h. `is_last` says that the automaton is to read all that is left.
  HTTP1_TARGET static Progress request(std::string_view bytes, RequestHead& head,
                                       const Limits& limits, bool is_last) noexcept {
    const std::size_t size = size_of(bytes, limits);
    if (size < block_size) [[unlikely]] {
      return continue_request(bytes, head, limits, nullptr);
    }
    const Text text = {bytes.data(), bytes.data() + size - block_size, size};
    const bool is_done = is_at(Phase::start, head) ? read_request(text, head, limits)
                                                   : read_more(text, head, limits);
    if (is_done) [[likely]] {
      return Progress::done;
    }
    return continue_request(bytes, head, limits, is_last ? nullptr : &request);
  }

  HTTP1_TARGET static Progress response(std::string_view bytes, ResponseHead& head,
                                        Method request_method, const Limits& limits,
                                        bool is_last) noexcept {
    const std::size_t size = size_of(bytes, limits);
    if (size < block_size) [[unlikely]] {
      return continue_response(bytes, head, request_method, limits, nullptr);
    }
    const Text text = {bytes.data(), bytes.data() + size - block_size, size};
    const bool is_done = is_at(Phase::start, head)
                             ? read_response(text, head, request_method, limits)
                             : read_more(text, head, limits, request_method);
    if (is_done) [[likely]] {
      return Progress::done;
    }
    return continue_response(bytes, head, request_method, limits, is_last ? nullptr : &response);
  }

 private:
  using Block = typename Scanner::Block;
  using Span = Head::Span;

  // The bytes, at least a block of them: shorter heads are the automaton's.
  struct Text {
    const char* begin;
    const char* last_block;
    std::size_t size;
  };

  // 64 bytes as masks; zeros for what is beyond the end. Those about targets only where asked for.
  struct Masks {
    std::uint64_t controls;
    std::uint64_t outside_path = 0;
    std::uint64_t outside_query = 0;
  };

  static constexpr std::size_t window_size = 2 * block_size;
  static constexpr std::uint16_t cr_lf = '\r' | '\n' << 8;
  static constexpr std::uint32_t cr_lf_cr_lf = std::uint32_t{cr_lf} | std::uint32_t{cr_lf} << 16;
  static constexpr std::uint64_t http_1_0 = word_of("HTTP/1.0", 8);
  // The lowest bit of the minor version: 0 or 1.
  static constexpr std::uint64_t minor_bit = std::uint64_t{1} << 56;
  // No head that is accepted has more lines: the first one and max_fields.
  static constexpr std::size_t max_lines = max_fields + 1;

  // Where lines end: each at its first control byte. In front of the first stands where it would
  // if there was a line before, so that line n goes from ends[n] + 2 to ends[n + 1].
  using Ends = std::uint16_t[1 + max_lines + window_size];

  struct Lines {
    std::size_t count;  // of whole lines
    bool is_whole;      // behind the last of them is the blank line
  };

  HTTP1_INLINE static std::size_t size_of(std::string_view bytes, const Limits& limits) noexcept {
    return std::min(std::min(bytes.size(), max_head_bytes), limits.head_bytes);
  }

  HTTP1_INLINE static bool is_at(Phase phase, const Head& head) noexcept {
    return head.phase_ == static_cast<std::uint8_t>(phase);
  }

  HTTP1_INLINE static bool read_request(const Text& text, RequestHead& head,
                                        const Limits& limits) noexcept {
    Ends ends;
    const Masks first = masks_at<Scanner::has_masks>(text, 0);
    const Lines lines = find_lines(text, 0, first.controls, ends);
    if (lines.count == 0) [[unlikely]]
      return false;
    // From the mask if it is there: sooner than through memory.
    std::size_t end = ends[1];
    if (first.controls != 0) [[likely]] {
      end = Scanner::lowest(first.controls);
    }
    if (!read_request_line(text, first, end, head, limits)) [[unlikely]]
      return false;
    return read_fields(text, ends, end, lines.count, head, limits) && lines.is_whole &&
           finish(head);
  }

  HTTP1_INLINE static bool read_response(const Text& text, ResponseHead& head,
                                         Method request_method, const Limits& limits) noexcept {
    Ends ends;
    const Masks first = masks_at<false>(text, 0);
    const Lines lines = find_lines(text, 0, first.controls, ends);
    if (lines.count == 0) [[unlikely]]
      return false;
    if (!read_status_line(text, ends[1], head)) [[unlikely]]
      return false;
    return read_fields(text, ends, ends[1], lines.count, head, limits) && lines.is_whole &&
           finish(head, request_method);
  }

  // The lines behind those that came with earlier bytes.
  template <class AnyHead, class... RequestMethod>
  HTTP1_TARGET [[gnu::noinline]] static bool read_more(const Text& text, AnyHead& head,
                                                       const Limits& limits,
                                                       RequestMethod... request_method) noexcept {
    const std::size_t from = head.cursor_;
    if (!is_at(Phase::field_first, head) || from >= text.size) return false;
    Ends ends;
    const Lines lines = find_lines(text, from, masks_at<false>(text, from).controls, ends);
    if (lines.count == 0 && !lines.is_whole) return false;
    return read_more_fields(text, ends, lines.count, head, limits) && lines.is_whole &&
           finish(head, request_method...);
  }

  // ---- the first pass ---------------------------------------------------------------------------

  template <bool with_target>
  HTTP1_INLINE static Masks masks_at(const Text& text, std::size_t at) noexcept {
    const char* const low = text.begin + at;
    const char* const high = low + block_size;
    if (text.size - at >= window_size) [[likely]] {
      return join<with_target>(Scanner::load(low), Scanner::load(high));
    }
    return join<with_target>(Scanner::load(low, text.last_block),
                             Scanner::load(high, text.last_block));
  }

  template <bool with_target>
  HTTP1_INLINE static Masks join(const Block& low, const Block& high) noexcept {
    Masks masks = {Scanner::controls(low) | Scanner::controls(high) << block_size};
    if constexpr (with_target) {
      masks.outside_path = Scanner::outside_path(low) | Scanner::outside_path(high) << block_size;
      masks.outside_query = Scanner::outside_query(low) | Scanner::outside_query(high)
                                                              << block_size;
    }
    return masks;
  }

  // Finds the lines from `from`, where one begins, as far as the blank line. A line that has other
  // control bytes ends at the first of them. `mask` is of the first 64 bytes.
  HTTP1_INLINE static Lines find_lines(const Text& text, std::size_t from, std::uint64_t mask,
                                       Ends& ends) noexcept {
    // As if CR LF stood in front: a blank line there is none of ours.
    std::uint64_t carry = 1;
    std::uint64_t pairs_carry = 2;
    std::size_t count = 0;
    std::size_t at = from;
    ends[0] = static_cast<std::uint16_t>(from - 2);
    for (;;) {
      const std::uint64_t behind = mask << 1 | carry;
      const std::uint64_t pairs = mask & behind;
      const std::uint64_t starts = mask & ~behind;
      // The lowest of these bits is at the LF of the blank line.
      const std::uint64_t fourth = pairs & (pairs << 2 | pairs_carry);
      carry = mask >> 63;
      pairs_carry = pairs >> 62;
      const std::size_t before = count;
      count += keep_ends(starts, at, ends + count + 1);
      at += window_size;
      if (fourth != 0) {
        const std::uint64_t up_to_fourth = fourth ^ (fourth - 1);
        count = before + popcount(starts & up_to_fourth);
        const bool has_end = count != 0 || from != 0;
        return {count, has_end && load<std::uint32_t>(text.begin + ends[count]) == cr_lf_cr_lf};
      }
      if (at >= text.size || count > max_lines) {
        const bool lacks_lf = count != 0 && ends[count] + 2U > text.size;
        return {lacks_lf ? count - 1 : count, false};
      }
      mask = masks_at<false>(text, at).controls;
    }
  }

  HTTP1_INLINE static std::size_t popcount(std::uint64_t mask) noexcept {
    return static_cast<std::size_t>(__builtin_popcountll(mask));
  }

  // Writes the places of the bits, and some garbage behind them; returns how many there are.
  HTTP1_INLINE static std::size_t keep_ends(std::uint64_t bits, std::size_t at,
                                            std::uint16_t* ends) noexcept {
    const std::size_t count = popcount(bits);
    // Always four: lines have 16 bytes and more, and how many end here is not to be guessed.
#pragma GCC unroll 4
    for (int bit = 0; bit < 4; ++bit) {
      ends[bit] = static_cast<std::uint16_t>(at + Scanner::lowest(bits));
      bits &= bits - 1;
    }
    if (count > 4) [[unlikely]] {
      for (std::size_t more = 4; more < count; ++more) {
        ends[more] = static_cast<std::uint16_t>(at + Scanner::lowest(bits));
        bits &= bits - 1;
      }
    }
    return count;
  }

  // ---- the first line ---------------------------------------------------------------------------

  // method SP request-target SP HTTP-version, of the origin form; not where the target's bytes are
  // asked to be strict.
  HTTP1_INLINE static bool read_request_line(const Text& text, const Masks& masks, std::size_t end,
                                             RequestHead& head, const Limits& limits) noexcept {
    constexpr std::size_t shortest = std::string_view("A / HTTP/1.1").size();
    const char* const line = text.begin;
    if (end < shortest || !limits.lenient.browser_target_bytes) [[unlikely]]
      return false;
    const std::uint64_t version = load<std::uint64_t>(line + end - 8);
    if ((version & ~minor_bit) != http_1_0) [[unlikely]]
      return false;
    if (load<std::uint16_t>(line + end) != cr_lf) [[unlikely]]
      return false;

    const std::size_t target_end = end - 9;
    if (line[target_end] != ' ') [[unlikely]]
      return false;
    const std::size_t method_size = read_method(text, end, head);
    const std::size_t target = method_size + 1;
    if (method_size - 1 >= limits.method_bytes) [[unlikely]]
      return false;
    if (target >= target_end) [[unlikely]]
      return false;
    if (target_end - target > limits.target_bytes) [[unlikely]]
      return false;
    if (!read_target(text, masks, target, target_end, head)) [[unlikely]]
      return false;

    set(head.method_span_, 0, method_size);
    set(head.target_, target, target_end - target);
    head.version_ = (version & minor_bit) != 0 ? Version::http_1_1 : Version::http_1_0;
    head.phase_ = static_cast<std::uint8_t>(Phase::field_first);
    head.cursor_ = static_cast<std::uint16_t>(end + 2);
    return true;
  }

  // Returns the method's size, 0 if it is no method. A space follows.
  HTTP1_INLINE static std::size_t read_method(const Text& text, std::size_t end,
                                              RequestHead& head) noexcept {
    constexpr std::uint64_t get = word_of("GET ", 4);
    const std::uint64_t word = load<std::uint64_t>(text.begin);
    if (static_cast<std::uint32_t>(word) == get) [[likely]] {
      head.method_ = Method::get;
      return 3;
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

  // Splits the target, which is not empty, and stores path and query. `masks` are of the first 64
  // bytes of the line.
  HTTP1_INLINE static bool read_target(const Text& text, Masks masks, std::size_t target,
                                       std::size_t end, RequestHead& head) noexcept {
    if (text.begin[target] != '/') [[unlikely]]
      return false;
    std::size_t path_end = end;
    bool is_good = Scanner::has_masks;
    if constexpr (Scanner::has_masks) {
      std::uint64_t range = ~low_bits(target) & low_bits(end);
      for (std::size_t at = 0;;) {
        const std::uint64_t path_ends = masks.outside_path & range;
        const std::size_t found = path_ends != 0 ? at + Scanner::lowest(path_ends) : end;
        path_end = std::min(path_end, found);
        is_good &= (masks.outside_query & range) == 0;
        at += window_size;
        if (at >= end) break;
        masks = masks_at<true>(text, at);
        range = low_bits(end - at);
      }
      is_good &= path_end == end || text.begin[path_end] == '?';
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
  HTTP1_INLINE static bool read_status_line(const Text& text, std::size_t end,
                                            ResponseHead& head) noexcept {
    constexpr std::size_t reason = std::string_view("HTTP/1.1 200 ").size();
    const char* const line = text.begin;
    if (end < reason) [[unlikely]]
      return false;
    const std::uint64_t version = load<std::uint64_t>(line);
    if ((version & ~minor_bit) != http_1_0) [[unlikely]]
      return false;
    if (load<std::uint16_t>(line + end) != cr_lf) [[unlikely]]
      return false;
    const unsigned first = static_cast<unsigned char>(line[9]) - unsigned{'0'};
    const unsigned second = static_cast<unsigned char>(line[10]) - unsigned{'0'};
    const unsigned third = static_cast<unsigned char>(line[11]) - unsigned{'0'};
    const bool is_good =
        line[8] == ' ' && line[12] == ' ' && first - 1 <= 8 && second <= 9 && third <= 9;
    if (!is_good) [[unlikely]]
      return false;
    head.version_ = (version & minor_bit) != 0 ? Version::http_1_1 : Version::http_1_0;
    head.status_ = static_cast<std::uint16_t>(first * 100 + second * 10 + third);
    set(head.reason_, reason, end - reason);
    head.phase_ = static_cast<std::uint8_t>(Phase::field_first);
    head.cursor_ = static_cast<std::uint16_t>(end + 2);
    return true;
  }

  // ---- field lines ------------------------------------------------------------------------------

  // What was found of names.
  struct Found {
    std::uint64_t seen;      // a bit for each name
    std::uint64_t repeated;  // a bit for each name that was there before
  };

  // Enters the fields of all lines but the first, of which there are `lines`, if they are plainly
  // good and mean something that is. From the last to the first, so that the first field of a name
  // is the last to say so.
  template <class AnyHead>
  HTTP1_INLINE static bool read_fields(const Text& text, const Ends& ends, std::size_t first_end,
                                       std::size_t lines, AnyHead& head,
                                       const Limits& limits) noexcept {
    constexpr std::uint64_t host = Head::bit(FieldName::host);
    const std::size_t count = lines - 1;
    if (count > std::min(limits.fields, max_fields)) [[unlikely]]
      return false;
    bool has_host = false;
    if constexpr (std::is_same_v<AnyHead, RequestHead>) {
      has_host = count != 0 && read_host_line(text, first_end + 2, ends[2], head);
    }
    Found found = {has_host ? host : 0, 0};
    const std::size_t first = has_host ? 1 : 0;
    for (std::size_t field = count; field-- != first;) {
      if (!read_field(text, ends + field + 1, field, head, found)) [[unlikely]]
        return false;
    }
    if (has_host) head.first_[Head::index(FieldName::host)] = 0;
    const std::uint64_t judged = has_host ? host & ~found.repeated : 0;
    head.field_count_ = static_cast<std::uint8_t>(count);
    if (!keep_fields(text, head, found, judged, {0, 0}, 0)) [[unlikely]]
      return false;
    head.cursor_ = static_cast<std::uint16_t>(ends[lines] + 2);
    return true;
  }

  // Host is the first line nearly always: read without a look at its name and judged at once, since
  // this is what the answer waits for in a small request. False if it is another line, or not
  // plain.
  HTTP1_INLINE static bool read_host_line(const Text& text, std::size_t at, std::size_t end,
                                          Head& head) noexcept {
    constexpr std::size_t name_size = std::string_view("Host").size();
    constexpr std::size_t value_at = std::string_view("Host: ").size();
    if (end - at <= value_at) return false;
    const std::uint32_t name = load<std::uint32_t>(text.begin + at) | std::uint32_t{0x20202020};
    if (name != word_of("host", 4)) return false;
    if (load<std::uint16_t>(text.begin + at + name_size) != (':' | ' ' << 8)) return false;
    if (load<std::uint16_t>(text.begin + end) != cr_lf) return false;
    const std::size_t value = at + value_at;
    if (!is_plain_host(text, text.begin + value, end - value)) return false;
    set(head.spans_[0].name, at, name_size);
    set(head.spans_[0].value, value, end - value);
    head.ids_[0] = FieldName::host;
    return true;
  }

  // The same where all lines are fields and there may be fields already: those stay the first of
  // their names.
  template <class AnyHead>
  HTTP1_INLINE static bool read_more_fields(const Text& text, const Ends& ends, std::size_t lines,
                                            AnyHead& head, const Limits& limits) noexcept {
    const auto first_of_names = head.first_;
    const std::size_t before = head.field_count_;
    if (before + lines > std::min(limits.fields, max_fields)) return false;
    Found found = {0, 0};
    bool is_good = true;
    for (std::size_t line = lines; is_good && line-- != 0;) {
      is_good = read_field(text, ends + line, before + line, head, found);
    }
    for (std::uint64_t left = head.present_; left != 0; left &= left - 1) {
      const std::size_t name = Scanner::lowest(left);
      head.first_[name] = first_of_names[name];
    }
    if (!is_good) return false;
    found.repeated |= found.seen & head.present_;
    const Found found_before = {head.present_, head.repeated_};
    head.field_count_ = static_cast<std::uint8_t>(before + lines);
    if (!keep_fields(text, head, found, 0, found_before, before)) return false;
    head.cursor_ = static_cast<std::uint16_t>(ends[lines] + 2);
    return true;
  }

  // field-name ":" OWS field-value OWS, from ends[0] + 2 to ends[1].
  HTTP1_INLINE static bool read_field(const Text& text, const std::uint16_t* ends,
                                      std::size_t field, Head& head, Found& found) noexcept {
    const std::size_t end = ends[1];
    const std::size_t at = ends[0] + std::size_t{2};
    const char* const line = text.begin + at;
    std::size_t name_size;
    FieldName name;
    if (line <= text.last_block) [[likely]] {
      name = name_of(Scanner::load(line), line, name_size);
    } else {
      name = name_of(Scanner::load(line, text.last_block), line, name_size);
    }
    if (name_size - 1 >= block_size - 1) [[unlikely]] {  // none, or a long one
      while (scan::is(scan::token_bit, line[name_size])) ++name_size;
      if (name_size == 0) return false;
    }
    if (line[name_size] != ':') [[unlikely]]
      return false;
    if (load<std::uint16_t>(text.begin + end) != cr_lf) [[unlikely]]
      return false;

    std::size_t value = at + name_size + 1;
    value += text.begin[value] == ' ' ? 1 : 0;
    std::size_t value_end = end;
    // What is not above the space at either end: more white space, or there is no value.
    const bool is_plain = is_above_space(text.begin[value]) && is_above_space(text.begin[end - 1]);
    if (!is_plain) [[unlikely]] {
      while (is_space(text.begin[value])) ++value;
      while (value_end > value && is_space(text.begin[value_end - 1])) --value_end;
    }
    set(head.spans_[field].name, at, name_size);
    set(head.spans_[field].value, value, value_end - value);
    head.ids_[field] = name;
    head.first_[Head::index(name)] = static_cast<std::uint8_t>(field);
    const std::uint64_t bit = Head::bit(name);
    found.repeated |= found.seen & bit;
    found.seen |= bit;
    return true;
  }

  HTTP1_INLINE static bool is_space(char byte) noexcept { return byte == ' ' || byte == '\t'; }

  HTTP1_INLINE static bool is_above_space(char byte) noexcept {
    return static_cast<unsigned char>(byte) > ' ';
  }

  // The size of the name, up to 32, and which it is, if it is a known one. The line has at least
  // the bytes of the first line in front of it.
  HTTP1_INLINE static FieldName name_of(const Block& block, const char* line,
                                        std::size_t& size) noexcept {
    const auto ends = static_cast<std::uint32_t>(Scanner::outside_token(block));
    size = Scanner::lowest_of_block(ends);
    const auto first = load<std::uint16_t>(line);
    const auto last = load<std::uint32_t>(line + size - 4);
    const std::size_t slot =
        names::field_slot(names::key_of(first, last), size, names::field_multiplier);
    const FieldName name = names::field_tables.candidates[slot];
    const char* const folded = names::field_tables.folded[Head::index(name)];
    return Scanner::begins_with(block, folded, ends) ? name : FieldName::other;
  }

  // ---- what the fields mean ---------------------------------------------------------------------

  // Keeps what was found beside what was there before; or only that, if a field is not plainly
  // good. Those in `judged` are. The fields of this time begin with number `first`.
  template <class AnyHead>
  HTTP1_INLINE static bool keep_fields(const Text& text, AnyHead& head, Found found,
                                       std::uint64_t judged, Found before,
                                       std::size_t first) noexcept {
    constexpr bool is_request = std::is_same_v<AnyHead, RequestHead>;
    constexpr std::uint64_t to_judge =
        is_request ? HeadJudge::request_names : HeadJudge::response_names;
    head.present_ = found.seen | before.seen;
    head.repeated_ = found.repeated | before.repeated;
    head.bytes_ = text.begin;
    const std::uint64_t names = found.seen & to_judge & ~judged;
    if (names == 0 || HeadJudge::fields(head, names, first)) [[likely]]
      return true;
    head.present_ = before.seen;
    head.repeated_ = before.repeated;
    head.field_count_ = static_cast<std::uint8_t>(first);
    return false;
  }

  // A host name and at most four digits of a port, which are all valid. RFC 9110 7.2.
  HTTP1_INLINE static bool is_plain_host(const Text& text, const char* host,
                                         std::size_t size) noexcept {
    const std::uint64_t outside = host <= text.last_block
                                      ? Scanner::outside_host(Scanner::load(host))
                                      : Scanner::outside_host(Scanner::load(host, text.last_block));
    // A block without an end says nothing about the bytes behind it.
    const std::size_t host_size = Scanner::lowest_of_block(static_cast<std::uint32_t>(outside));
    if (host_size == size) return host_size != 0;
    const std::size_t digits = size - host_size - 1;
    if (host_size == 0 || digits > 4 || host[host_size] != ':') return false;
    // The last four bytes, those in front of the digits shifted out.
    const std::uint64_t word = load<std::uint32_t>(host + size - 4);
    const auto port = static_cast<std::uint32_t>(word >> (32 - 8 * digits));
    const auto zeros = static_cast<std::uint32_t>(0x30303030 & low_bits(8 * digits));
    const std::uint32_t values = port ^ zeros;  // of digits 0 to 9
    return ((values | (values + 0x06060606)) & 0xf0f0f0f0) == 0;
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
