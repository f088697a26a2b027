// Field values: lists first, then their elements.
// Covered by tests/parser/fields_test.cc.
#include "parser/fields.h"

#include <algorithm>

#include "parser/scan.h"

namespace http1 {
namespace {

constexpr char lower_case(char byte) noexcept {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte;
}

constexpr bool is_space(char byte) noexcept { return byte == ' ' || byte == '\t'; }

// Returns where the element that begins the text ends: at a comma outside quoted strings, or at
// the end. quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE, RFC 9110 5.6.4.
std::size_t element_end(std::string_view text) noexcept {
  if (text.find(',') == std::string_view::npos) return text.size();  // nearly always
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char byte = text[at];
    if (byte == '"') quoted = !quoted;
    if (quoted && byte == '\\') ++at;
    if (!quoted && byte == ',') return at;
  }
  return text.size();
}

bool all_digits(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  return !text.empty() && scan::digits_end(text.data(), end) == end;
}

// Reads digits; a number above max_length counts as max_length, which is beyond every size.
std::uint64_t saturated(std::string_view digits) noexcept {
  constexpr std::size_t never_too_many = 18;
  std::uint64_t number = 0;
  if (digits.size() <= never_too_many) {
    for (const char digit : digits) number = number * 10 + static_cast<std::uint64_t>(digit - '0');
    return number;
  }
  for (const char digit : digits) {
    const auto value = static_cast<std::uint64_t>(digit - '0');
    if (number > (max_length - value) / 10) return max_length;
    number = number * 10 + value;
  }
  return number;
}

// qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ), in thousandths; -1 if malformed
int parse_weight(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return -1;
  if (text.size() > 1 && text[1] != '.') return -1;
  int weight = (text[0] - '0') * 1000;
  int unit = 100;
  for (const char byte : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (!scan::is(scan::digit_bit, byte)) return -1;
    weight += (byte - '0') * unit;
    unit /= 10;
  }
  return weight <= 1000 ? weight : -1;
}

// Finds the last ";" outside quoted strings, npos if there is none.
std::size_t last_semicolon(std::string_view text) noexcept {
  std::size_t found = std::string_view::npos;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '"') quoted = !quoted;
    if (quoted && text[at] == '\\') ++at;
    if (!quoted && at < text.size() && text[at] == ';') found = at;
  }
  return found;
}

// Splits ";q=weight" off an element; false if what looks like a weight is malformed.
bool split_weight(std::string_view element, Weighted& weighted) noexcept {
  weighted = {element, 1000};
  const std::size_t semicolon = last_semicolon(element);
  if (semicolon == std::string_view::npos) return true;
  const std::string_view parameter = trim(element.substr(semicolon + 1));
  const bool is_weight =
      parameter.size() >= 2 && lower_case(parameter[0]) == 'q' && parameter[1] == '=';
  if (!is_weight) return true;
  weighted.item = trim(element.substr(0, semicolon));
  weighted.weight = parse_weight(parameter.substr(2));
  return weighted.weight >= 0;
}

// How well a media range matches a type: 3 exactly, 2 by type/*, 1 by */*, 0 not at all.
int match_media(std::string_view range, std::string_view media_type) noexcept {
  const std::string_view bare = trim(range.substr(0, range.find(';')));
  if (equal_ignoring_case(bare, media_type)) return 3;
  if (bare == "*/*") return 1;
  const std::size_t slash = media_type.find('/');
  if (slash == std::string_view::npos || !bare.ends_with("/*")) return 0;
  return equal_ignoring_case(bare.substr(0, bare.size() - 1), media_type.substr(0, slash + 1)) ? 2
                                                                                               : 0;
}

// etagc = %x21 / %x23-7E / obs-text
bool is_tag_text(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code > 0x20 && code != 0x22 && code != 0x7f;
  });
}

// Walks over a list of entity tags. Not by ListReader: a backslash inside a tag escapes nothing
// (RFC 9110 8.8.3), so "\\" is a whole tag.
class TagReader {
 public:
  explicit TagReader(std::string_view value) noexcept : rest_(value) {}

  // Returns the next tag, with an empty `opaque` for anything else; false at the end.
  bool next(EntityTag& tag) noexcept {
    while (!rest_.empty() && (is_space(rest_.front()) || rest_.front() == ',')) {
      rest_.remove_prefix(1);
    }
    if (rest_.empty()) return false;
    ++seen_;
    tag = {};
    const std::size_t opening = rest_.find('"');
    if (opening == std::string_view::npos) return true;
    const std::size_t closing = rest_.find('"', opening + 1);
    if (closing == std::string_view::npos) return true;
    const std::string_view text = rest_.substr(0, closing + 1);
    rest_.remove_prefix(closing + 1);
    const bool ends = trim(rest_.substr(0, rest_.find(','))).empty();
    if (ends) tag = parse_entity_tag(text).value_or(EntityTag{});
    return true;
  }
  std::size_t seen() const noexcept { return seen_; }

 private:
  std::string_view rest_;
  std::size_t seen_ = 0;
};

enum class SpecOutcome : std::uint8_t { satisfiable, unsatisfiable, nothing, invalid };

// Resolves one range-spec: first-last, first-, or -suffix.
SpecOutcome resolve(std::string_view spec, std::uint64_t size, ByteRange& range) noexcept {
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return SpecOutcome::invalid;
  const std::string_view first = spec.substr(0, dash);
  const std::string_view last = spec.substr(dash + 1);
  if (first.empty()) {
    if (!all_digits(last)) return SpecOutcome::invalid;
    const std::uint64_t suffix = std::min(saturated(last), size);
    if (size == 0 && saturated(last) != 0) return SpecOutcome::nothing;
    if (suffix == 0) return SpecOutcome::unsatisfiable;
    range = {size - suffix, size - 1};
    return SpecOutcome::satisfiable;
  }
  if (!all_digits(first) || !(last.empty() || all_digits(last))) return SpecOutcome::invalid;
  const std::uint64_t from = saturated(first);
  const std::uint64_t to = last.empty() ? max_length : saturated(last);
  if (to < from) return SpecOutcome::invalid;
  if (from >= size) return SpecOutcome::unsatisfiable;
  range = {from, std::min(to, size - 1)};
  return SpecOutcome::satisfiable;
}

constexpr std::string_view bytes_unit = "bytes";

}  // namespace

bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) return false;
  for (std::size_t at = 0; at < left.size(); ++at) {
    if (lower_case(left[at]) != lower_case(right[at])) return false;
  }
  return true;
}

std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_token(std::string_view text) noexcept {
  const char* const end = text.data() + text.size();
  return !text.empty() && scan::token_end(text.data(), end) == end;
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) noexcept {
  constexpr std::size_t most_digits = 19;
  if (text.size() > most_digits || !all_digits(text)) return std::nullopt;
  std::uint64_t number = 0;  // 19 digits stay below 2^64
  for (const char digit : text) number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  if (number > max_length) return std::nullopt;
  return number;
}

bool ListReader::next(std::string_view& element) noexcept {
  while (!rest_.empty()) {
    const std::size_t end = element_end(rest_);
    element = trim(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    if (!element.empty()) return true;
  }
  return false;
}

bool has_token(std::string_view value, std::string_view token) noexcept {
  ListReader list(value);
  for (std::string_view element; list.next(element);) {
    if (equal_ignoring_case(element, token)) return true;
  }
  return false;
}

bool WeightedReader::next(Weighted& weighted) noexcept {
  for (std::string_view element; list_.next(element);) {
    if (split_weight(element, weighted)) return true;
  }
  return false;
}

int coding_weight(std::string_view accept_encoding, std::string_view coding) noexcept {
  int star = equal_ignoring_case(coding, "identity") ? 1000 : 0;
  WeightedReader reader(accept_encoding);
  for (Weighted weighted; reader.next(weighted);) {
    if (equal_ignoring_case(weighted.item, coding)) return weighted.weight;
    if (weighted.item == "*") star = weighted.weight;
  }
  return star;
}

int media_weight(std::string_view accept, std::string_view media_type) noexcept {
  int best = 0;
  int weight = 0;
  WeightedReader reader(accept);
  for (Weighted weighted; reader.next(weighted);) {
    const int match = match_media(weighted.item, media_type);
    if (match > best) {
      best = match;
      weight = weighted.weight;
    }
  }
  return weight;
}

// entity-tag = [ %s"W/" ] DQUOTE *etagc DQUOTE
std::optional<EntityTag> parse_entity_tag(std::string_view text) noexcept {
  const bool is_weak = text.starts_with("W/");
  const std::string_view opaque = is_weak ? text.substr(2) : text;
  const bool quoted = opaque.size() >= 2 && opaque.front() == '"' && opaque.back() == '"';
  if (!quoted || !is_tag_text(opaque.substr(1, opaque.size() - 2))) return std::nullopt;
  return EntityTag{opaque, is_weak};
}

bool equal_strongly(EntityTag left, EntityTag right) noexcept {
  return !left.is_weak && !right.is_weak && left.opaque == right.opaque;
}

bool equal_weakly(EntityTag left, EntityTag right) noexcept { return left.opaque == right.opaque; }

TagMatch match_tags(std::string_view value, EntityTag current, TagComparison comparison) noexcept {
  if (trim(value) == "*") return TagMatch::matches;
  TagReader reader(value);
  TagMatch match = TagMatch::differs;
  for (EntityTag tag; reader.next(tag);) {
    if (tag.opaque.empty()) return TagMatch::invalid;
    const bool equal = comparison == TagComparison::strong ? equal_strongly(tag, current)
                                                           : equal_weakly(tag, current);
    if (equal) match = TagMatch::matches;
  }
  return reader.seen() == 0 ? TagMatch::invalid : match;
}

// bytes-range-set, RFC 9110 14.1.2 and 14.2. Invalid syntax anywhere invalidates the whole.
Ranges parse_ranges(std::string_view value, std::uint64_t size,
                    std::span<ByteRange> room) noexcept {
  const std::size_t equals = value.find('=');
  if (equals == std::string_view::npos) return {};
  if (!equal_ignoring_case(value.substr(0, equals), bytes_unit)) return {};
  std::size_t count = 0;
  std::size_t seen = 0;
  bool nothing = false;
  ListReader list(value.substr(equals + 1));
  for (std::string_view spec; list.next(spec); ++seen) {
    ByteRange range;
    const SpecOutcome outcome = resolve(spec, size, range);
    if (outcome == SpecOutcome::invalid) return {};
    if (outcome == SpecOutcome::nothing) nothing = true;
    if (outcome != SpecOutcome::satisfiable) continue;
    if (count < room.size()) room[count] = range;
    ++count;
  }
  if (seen == 0 || nothing) return {};
  if (count == 0) return {RangeOutcome::unsatisfiable, 0};
  if (count > room.size()) return {RangeOutcome::too_many, 0};
  return {RangeOutcome::satisfiable, count};
}

std::size_t join_ranges(std::span<ByteRange> ranges) noexcept {
  std::size_t count = ranges.size();
  for (std::size_t left = 0; left < count; ++left) {
    for (std::size_t right = left + 1; right < count;) {
      ByteRange& kept = ranges[left];
      const ByteRange other = ranges[right];
      const bool apart = other.first > kept.last + 1 || kept.first > other.last + 1;
      if (apart) {
        ++right;
        continue;
      }
      kept = {std::min(kept.first, other.first), std::max(kept.last, other.last)};
      std::move(ranges.begin() + static_cast<std::ptrdiff_t>(right) + 1,
                ranges.begin() + static_cast<std::ptrdiff_t>(count),
                ranges.begin() + static_cast<std::ptrdiff_t>(right));
      --count;
      right = left + 1;  // the grown range may touch those before
    }
  }
  return count;
}

// Content-Range = range-unit SP ( range-resp / unsatisfied-range )
std::optional<ContentRange> parse_content_range(std::string_view value) noexcept {
  const std::size_t space = value.find(' ');
  const std::size_t slash = value.find('/');
  if (space == std::string_view::npos || slash == std::string_view::npos || slash < space) {
    return std::nullopt;
  }
  if (!equal_ignoring_case(value.substr(0, space), bytes_unit)) return std::nullopt;
  const std::string_view positions = value.substr(space + 1, slash - space - 1);
  const std::string_view complete = value.substr(slash + 1);

  ContentRange result;
  if (complete != "*") {
    result.complete_size = parse_decimal(complete);
    if (!result.complete_size) return std::nullopt;
  }
  if (positions == "*") {
    if (!result.complete_size) return std::nullopt;
    return result;
  }
  const std::size_t dash = positions.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::optional<std::uint64_t> first = parse_decimal(positions.substr(0, dash));
  const std::optional<std::uint64_t> last = parse_decimal(positions.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  if (result.complete_size && *last >= *result.complete_size) return std::nullopt;
  result.range = ByteRange{*first, *last};
  return result;
}

}  // namespace http1
