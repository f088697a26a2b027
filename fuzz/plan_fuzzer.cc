// Fuzzes plan_file, judge and the writing of parts: the input is the size of a file (one byte) and
// the fields of a GET.
//
// Oracles:
//   - conditions give the result of a second, slow implementation of RFC 9110 13.2.2
//   - ranges are sent only where a second implementation of Range and If-Range selects them; the
//     bytes sent are the requested ones, none of them twice, in the requested order
//   - the written multipart/byteranges, parsed, has those bytes at those offsets, and its length is
//     the announced one
//   - HEAD gets the head of the whole file, regardless of Range
//   - no call allocates
// Covered by the replay of corpus/plan in every build.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "apps/server/plan/plan.h"
#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"
#include "parser/date.h"
#include "parser/names.h"
#include "parser/parse.h"

namespace {

using fuzz::require;
using http1::ByteRange;
using http1::FieldName;
using http1::RequestHead;
using server::Content;
using server::FileFacts;
using server::Plan;

constexpr std::int64_t now = 1'800'000'000;
constexpr std::int64_t written = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::string_view boundary = "0123456789abcdef0123456789abcdef";

std::vector<std::string_view> values_of(const RequestHead& head, FieldName name) {
  std::vector<std::string_view> all;
  for (const http1::Field field : head.fields()) {
    if (http1::field_name_of(field.name) == name) all.push_back(field.value);
  }
  return all;
}

std::string_view without_space(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// --- A second implementation of conditions ---

// Removes an entity tag from the front: 's' strong, 'w' weak, 0 none.
char take_tag(std::string_view& text, std::string_view& opaque) {
  const bool is_weak = text.substr(0, 2) == "W/";
  const std::string_view rest = is_weak ? text.substr(2) : text;
  if (rest.empty() || rest.front() != '"') return 0;
  const std::size_t end = rest.find('"', 1);
  if (end == std::string_view::npos) return 0;
  opaque = rest.substr(0, end + 1);
  for (const char byte : opaque.substr(1, end - 1)) {
    const auto value = static_cast<unsigned char>(byte);
    if (value < 0x21 || value == 0x7f) return 0;
  }
  text = rest.substr(end + 1);
  return is_weak ? 'w' : 's';
}

// Whether one line of If-Match or If-None-Match names the tag: "*", or a list that is one.
bool names_tag(std::string_view line, std::string_view current, bool weakly) {
  line = without_space(line);
  if (line == "*") return true;
  bool named = false;
  while (true) {
    while (!line.empty() && (line.front() == ',' || line.front() == ' ' || line.front() == '\t')) {
      line.remove_prefix(1);
    }
    if (line.empty()) return named;
    std::string_view opaque;
    const char kind = take_tag(line, opaque);
    line = without_space(line);
    if (kind == 0 || (!line.empty() && line.front() != ',')) return false;
    if (opaque == current && (weakly || kind == 's')) named = true;
  }
}

bool any_names_tag(const RequestHead& head, FieldName name, std::string_view tag, bool weakly) {
  for (const std::string_view line : values_of(head, name)) {
    if (names_tag(line, tag, weakly)) return true;
  }
  return false;
}

std::optional<std::int64_t> only_date(const RequestHead& head, FieldName name) {
  const std::vector<std::string_view> lines = values_of(head, name);
  if (lines.size() != 1) return std::nullopt;
  return http1::parse_date(lines[0], now);
}

// 412, 304, or 200 if the conditions hold.
int judged(const RequestHead& head, std::string_view tag) {
  if (!values_of(head, FieldName::if_match).empty()) {
    if (!any_names_tag(head, FieldName::if_match, tag, false)) return 412;
  } else if (const auto date = only_date(head, FieldName::if_unmodified_since)) {
    if (written > *date) return 412;
  }
  if (!values_of(head, FieldName::if_none_match).empty()) {
    return any_names_tag(head, FieldName::if_none_match, tag, true) ? 304 : 200;
  }
  const auto date = only_date(head, FieldName::if_modified_since);
  return date && written <= *date ? 304 : 200;
}

// --- A second implementation of ranges ---

// A position, saturating; nullopt if the text is not all digits.
std::optional<std::uint64_t> position(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::uint64_t number = 0;
  for (const char byte : text) {
    if (byte < '0' || byte > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(byte - '0');
    number = number > (http1::max_length - digit) / 10 ? http1::max_length : number * 10 + digit;
  }
  return number;
}

struct Wanted {
  bool valid = false;  // otherwise Range is ignored
  std::vector<ByteRange> ranges;
};

// One range-spec; false where it is invalid. RFC 9110 14.1.2.
bool read_spec(std::string_view spec, std::uint64_t size, Wanted& wanted, bool& nothing) {
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return false;
  const auto first = position(spec.substr(0, dash));
  const auto last = position(spec.substr(dash + 1));
  if (dash == 0) {
    if (!last) return false;
    if (*last > 0 && size == 0) nothing = true;
    if (*last > 0 && size > 0) wanted.ranges.push_back({size - std::min(*last, size), size - 1});
    return true;
  }
  if (!first || (!last && dash + 1 != spec.size())) return false;
  if (last && *last < *first) return false;
  if (*first < size) wanted.ranges.push_back({*first, std::min(last.value_or(size), size - 1)});
  return true;
}

Wanted read_range(std::string_view value, std::uint64_t size) {
  Wanted wanted;
  constexpr std::string_view unit = "bytes=";
  if (!http1::equal_ignoring_case(value.substr(0, unit.size()), unit)) return wanted;
  bool nothing = false;
  bool any = false;
  for (value.remove_prefix(unit.size()); !value.empty();) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const std::string_view spec = without_space(value.substr(0, comma));
    value.remove_prefix(std::min(comma + 1, value.size()));
    if (spec.empty()) continue;
    any = true;
    if (!read_spec(spec, size, wanted, nothing)) return {};
  }
  wanted.valid = any && !nothing;
  return wanted;
}

bool if_range_lets(const RequestHead& head, std::string_view tag) {
  const std::vector<std::string_view> lines = values_of(head, FieldName::if_range);
  if (lines.empty()) return true;
  if (lines.size() > 1) return false;
  std::string_view rest = lines[0];
  std::string_view opaque;
  const char kind = take_tag(rest, opaque);
  if (kind != 0 && rest.empty()) return kind == 's' && opaque == tag;
  return http1::parse_date(lines[0], now) == written;
}

// --- The sent bytes ---

char byte_at(std::uint64_t offset) { return static_cast<char>(offset * 37 + 11); }

// The multipart as sent.
fuzz::Text written_parts(const Plan& plan) {
  fuzz::Text all;
  const server::Parts parts = parts_of(plan);
  for (std::size_t i = 0; i <= parts.ranges.size(); ++i) {
    std::array<char, server::most_part_head_bytes> room;
    const std::size_t size = write_part_head(parts, i, room);
    require(size <= room.size(), "the head of a part fits");
    all.append(std::string_view(room.data(), size));
    if (i == parts.ranges.size()) break;
    for (std::uint64_t at = parts.ranges[i].first; at <= parts.ranges[i].last; ++at) {
      all.append(byte_at(at));
    }
  }
  return all;
}

// Removes `expected` from the front.
void take(std::string_view& text, std::string_view expected, const char* sentence) {
  require(text.substr(0, expected.size()) == expected, sentence);
  text.remove_prefix(expected.size());
}

std::uint64_t take_number(std::string_view& text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  const auto number = position(text.substr(0, end));
  require(number.has_value(), "a position is a number");
  text.remove_prefix(std::min(end, text.size()));
  return *number;
}

void read_back(std::string_view text, const Plan& plan) {
  require(text.size() == plan.length, "a multipart has the announced length");
  const char* line = "each part begins with its delimiter";
  for (std::size_t i = 0; i < plan.ranges.size(); ++i) {
    take(text, "\r\n--", line);
    take(text, boundary, line);
    take(text, "\r\nContent-Type: text/plain\r\nContent-Range: bytes ", "a part has its fields");
    const std::uint64_t first = take_number(text);
    take(text, "-", line);
    const std::uint64_t last = take_number(text);
    take(text, "/", line);
    require(take_number(text) == plan.facts.size, "a part knows the size of the file");
    take(text, "\r\n\r\n", line);
    require((ByteRange{first, last}) == plan.ranges[i], "a part has its Content-Range");
    for (std::uint64_t at = first; at <= last; ++at) {
      require(!text.empty() && text.front() == byte_at(at), "a part has the bytes of its range");
      text.remove_prefix(1);
    }
  }
  take(text, "\r\n--", line);
  take(text, boundary, line);
  require(text == "--\r\n", "the last delimiter ends the multipart");
}

void check_sent(std::span<const ByteRange> sent, const Wanted& wanted, std::uint64_t size) {
  std::vector<int> asked(size);
  std::vector<int> got(size);
  for (const ByteRange range : wanted.ranges) {
    std::fill_n(asked.begin() + static_cast<std::ptrdiff_t>(range.first), range.size(), 1);
  }
  std::size_t last_asked = 0;
  for (const ByteRange range : sent) {
    require(range.first <= range.last && range.last < size, "a range is within the file");
    for (std::uint64_t at = range.first; at <= range.last; ++at) ++got[at];
    // The first of the ranges that were merged into this one.
    std::size_t from = 0;
    while (wanted.ranges[from].first < range.first || wanted.ranges[from].last > range.last) ++from;
    require(from >= last_asked, "parts are in the requested order");
    last_asked = from;
    const bool touches = (range.first > 0 && asked[range.first - 1] != 0) ||
                         (range.last + 1 < size && asked[range.last + 1] != 0);
    require(!touches, "touching ranges are merged");
  }
  require(asked == got, "each requested byte is sent once");
}

void check_partial(const Plan& plan, const Wanted& wanted) {
  require(plan.status == 206, "a satisfiable range is sent");
  if (plan.content == Content::parts) {
    require(plan.ranges.size() > 1 && !plan.is_partial, "one range is not a multipart");
    check_sent(plan.ranges, wanted, plan.facts.size);
    Plan sent = plan;
    sent.boundary = boundary;
    read_back(written_parts(sent).view(), sent);
  } else {
    require(plan.is_partial && plan.content == Content::file, "one range is a part of the file");
    const ByteRange range{plan.offset, plan.offset + plan.length - 1};
    check_sent({&range, 1}, wanted, plan.facts.size);
  }
}

void check_get(const RequestHead& head, const FileFacts& facts) {
  std::array<ByteRange, server::most_ranges> room;
  Plan plan;
  {
    const fuzz::NoAllocation none;
    plan = plan_file(head, facts, "text/plain", now, room);
  }
  const server::Tag tag = tag_of(facts);
  const int verdict = judged(head, tag.text());
  require((verdict == 412) == (plan.status == 412), "412 is sent as RFC 9110 13.2.2 requires");
  require((verdict == 304) == (plan.status == 304), "304 is sent as RFC 9110 13.2.2 requires");
  if (verdict != 200)
    return require(plan.content == Content::none, "a response to a condition has no content");
  const std::vector<std::string_view> lines = values_of(head, FieldName::range);
  Wanted wanted;
  if (lines.size() == 1 && if_range_lets(head, tag.text())) {
    wanted = read_range(lines[0], facts.size);
  }
  const bool is_whole = !wanted.valid || wanted.ranges.size() > server::most_ranges ||
                        head.method() != http1::Method::get;
  if (is_whole) {
    require(plan.status == 200 && plan.length == facts.size,
            "without a range the whole file is sent");
  } else if (wanted.ranges.empty()) {
    require(plan.status == 416 && plan.content == Content::none, "an unsatisfiable range gets 416");
  } else {
    check_partial(plan, wanted);
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const FileFacts facts{.size = data[0], .mtime_ns = written * 1'000'000'000};
  for (const std::string_view method : {"GET", "HEAD"}) {
    const fuzz::Text text = {method, " / HTTP/1.1\r\nHost: a\r\n",
                             fuzz::text_of_input(data + 1, size - 1), "\r\n\r\n"};
    const fuzz::Block bytes(text.view());
    RequestHead head;
    if (http1::parse_request(bytes.view(), head) == http1::Progress::done) check_get(head, facts);
  }
  return 0;
}
