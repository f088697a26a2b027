// Fuzzes the parsers of field values: the input is one value, parsed as every kind of value.
//
// Oracles:
//   - views point into the value; trimming is idempotent; the case of letters does not matter
//   - the elements of a list, joined, give a list of the same elements; has_token finds
//     exactly them
//   - weights are 0 to 1000
//   - an entity tag is equal to itself; strong equality and a strong match are also weak ones
//   - resolved ranges lie within the size, written out they resolve to themselves, and any capacity
//     gives the same ranges or too_many; merged ranges do not touch and cover the same bytes
//   - a parsed Content-Range, written and parsed again, is the same range
//   - no call allocates
// Covered by the replay of corpus/fields in every build.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"
#include "parser/fields.h"
#include "parser/scan.h"
#include "parser/write.h"

namespace {

using fuzz::require;
using http1::ByteRange;
using http1::RangeOutcome;

bool is_inside(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

fuzz::Text upper_case(std::string_view value) {
  fuzz::Text text;
  for (const char byte : value) {
    text.append(byte >= 'a' && byte <= 'z' ? static_cast<char>(byte - ('a' - 'A')) : byte);
  }
  return text;
}

void check_text(std::string_view value) {
  const std::string_view trimmed = http1::trim(value);
  require(is_inside(trimmed, value) && http1::trim(trimmed) == trimmed, "trimming is idempotent");
  bool is_token = !value.empty();
  for (const char byte : value)
    is_token = is_token && http1::scan::is(http1::scan::token_bit, byte);
  require(http1::is_token(value) == is_token, "a token is made of token bytes");
  require(http1::equal_ignoring_case(value, upper_case(value).view()), "case does not matter");

  std::uint64_t number = 0;
  const auto parsed = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool is_number = parsed.ec == std::errc{} && parsed.ptr == value.data() + value.size() &&
                         value.size() <= 19 && number <= http1::max_length;
  const auto decimal = http1::parse_decimal(value);
  require(decimal.has_value() == is_number, "the C++ library reads the same numbers");
  require(!decimal || *decimal == number, "the C++ library reads the same value");
}

std::vector<std::string_view> elements_of(std::string_view value) {
  std::vector<std::string_view> elements;
  http1::ListReader reader(value);
  for (std::string_view element; reader.next(element);) {
    require(!element.empty() && http1::trim(element) == element, "an element is trimmed text");
    require(is_inside(element, value), "an element is a view of the list");
    elements.push_back(element);
  }
  return elements;
}

void check_list(std::string_view value) {
  const std::vector<std::string_view> elements = elements_of(value);
  fuzz::Text joined;
  for (const std::string_view element : elements) {
    require(http1::has_token(value, element), "a list has each of its elements");
    require(http1::has_token(value, upper_case(element).view()),
            "the case of letters does not matter");
    joined.append(", ,");
    joined.append(element);
  }
  require(elements_of(joined.view()) == elements, "elements make up a list of those elements");
  require(!http1::has_token(value, "no such token"), "a list has no other token");
}

void check_weights(std::string_view value) {
  http1::WeightedReader reader(value);
  for (http1::Weighted weighted; reader.next(weighted);) {
    require(weighted.weight >= 0 && weighted.weight <= 1000, "a weight is 0 to 1000");
    require(is_inside(weighted.item, value), "an item is a view of the list");
  }
  const fuzz::Text upper = upper_case(value);
  for (const std::string_view coding : {"gzip", "br", "identity"}) {
    const int weight = http1::coding_weight(value, coding);
    require(weight >= 0 && weight <= 1000, "a coding's weight is 0 to 1000");
    require(weight == http1::coding_weight(upper.view(), coding),
            "the case of letters does not matter");
  }
  for (const std::string_view type : {"text/html", "application/json"}) {
    const int weight = http1::media_weight(value, type);
    require(weight >= 0 && weight <= 1000, "a type's weight is 0 to 1000");
    require(weight == http1::media_weight(upper.view(), type),
            "the case of letters does not matter");
  }
}

void check_tags(std::string_view value) {
  using http1::TagComparison;
  using http1::TagMatch;
  const http1::EntityTag some = {"\"a\"", false};
  const TagMatch strong = http1::match_tags(value, some, TagComparison::strong);
  const TagMatch weak = http1::match_tags(value, some, TagComparison::weak);
  require((strong == TagMatch::invalid) == (weak == TagMatch::invalid),
          "a list is recognised consistently");
  require(strong != TagMatch::matches || weak == TagMatch::matches,
          "a strong match is also a weak match");
  const auto tag = http1::parse_entity_tag(value);
  if (!tag) return;
  require(is_inside(tag->opaque, value), "a tag is a view of the value");
  require(value == fuzz::Text({tag->is_weak ? "W/" : "", tag->opaque}).view(),
          "a tag covers the value");
  require(http1::equal_weakly(*tag, *tag), "a tag equals itself weakly");
  require(http1::equal_strongly(*tag, *tag) == !tag->is_weak,
          "a strong tag equals itself strongly");
  const fuzz::Text list = {"\"x,y\", ", value, " ,\"z\""};
  require(http1::match_tags(list.view(), *tag, TagComparison::weak) == TagMatch::matches,
          "a tag is found in a list");
}

void check_joined(std::span<const ByteRange> ranges) {
  std::vector<ByteRange> joined(ranges.begin(), ranges.end());
  joined.resize(http1::join_ranges(joined));
  const auto covered = [](std::span<const ByteRange> all, std::uint64_t at) {
    return std::any_of(all.begin(), all.end(),
                       [at](const ByteRange& one) { return one.first <= at && at <= one.last; });
  };
  for (const ByteRange& range : ranges) {
    require(covered(joined, range.first) && covered(joined, range.last),
            "merged ranges cover every requested byte");
    const bool has_next = covered(ranges, range.last + 1);
    require(covered(joined, range.last + 1) == has_next, "merged ranges cover no other byte");
    const bool has_previous = range.first != 0 && covered(ranges, range.first - 1);
    require(range.first == 0 || covered(joined, range.first - 1) == has_previous,
            "merged ranges end at requested bytes");
  }
  for (const ByteRange& left : joined) {
    for (const ByteRange& right : joined) {
      const bool apart = left.last + 1 < right.first || right.last + 1 < left.first;
      require(&left == &right || apart, "merged ranges neither overlap nor touch");
    }
  }
}

void check_ranges(std::string_view value, std::uint64_t size) {
  std::array<ByteRange, 16> room;
  const http1::Ranges found = http1::parse_ranges(value, size, room);
  require((found.outcome == RangeOutcome::satisfiable) == (found.count != 0),
          "exactly satisfiable ranges are counted");
  require(found.count <= room.size(), "there are no more ranges than the capacity");
  std::array<ByteRange, 2> small_room;
  const http1::Ranges squeezed = http1::parse_ranges(value, size, small_room);
  const bool fits = found.outcome != RangeOutcome::too_many && found.count <= small_room.size();
  require(squeezed.outcome == (fits ? found.outcome : RangeOutcome::too_many),
          "only the capacity gives too_many");
  if (found.count == 0) return;

  const std::span<const ByteRange> ranges = std::span(room).first(found.count);
  fuzz::Text text = {"bytes="};
  for (const ByteRange& range : ranges) {
    require(range.first <= range.last && range.last < size, "a range lies within the size");
    text.append(range.first);
    text.append('-');
    text.append(range.last);
    text.append(',');
  }
  std::array<ByteRange, 16> again_room;
  const http1::Ranges again = http1::parse_ranges(text.view(), size, again_room);
  require(again.count == found.count && again.outcome == found.outcome,
          "written ranges resolve to as many");
  require(std::equal(ranges.begin(), ranges.end(), again_room.begin()),
          "written ranges resolve to themselves");
  check_joined(ranges);
}

void check_content_range(std::string_view value) {
  const auto read = http1::parse_content_range(value);
  if (!read) return;
  require(read->range || read->complete_size, "a Content-Range has a range or a size");
  if (!read->complete_size) return;
  fuzz::Block room(std::size_t{128});
  http1::HeadWriter writer(room.room());
  if (read->range) {
    require(read->range->last < *read->complete_size, "a range lies within the size");
    writer.content_range(read->range->first, read->range->last, *read->complete_size);
  } else {
    writer.content_range_unsatisfied(*read->complete_size);
  }
  const std::string_view line = writer.written();
  require(line.starts_with("Content-Range: ") && line.ends_with("\r\n"), "a line is written");
  const auto again = http1::parse_content_range(line.substr(15, line.size() - 17));
  require(again && again->range == read->range && again->complete_size == read->complete_size,
          "a written Content-Range parses to itself");
}

// Each function once, without the oracles, which do allocate.
void check_allocations(std::string_view value) {
  std::array<ByteRange, 16> room;
  std::string_view element;
  http1::Weighted weighted;
  const fuzz::NoAllocation none;
  http1::ListReader elements(value);
  while (elements.next(element)) (void)http1::has_token(value, element);
  http1::WeightedReader items(value);
  while (items.next(weighted)) (void)http1::parse_decimal(weighted.item);
  (void)http1::coding_weight(value, "gzip");
  (void)http1::media_weight(value, "text/html");
  (void)http1::parse_entity_tag(value);
  (void)http1::match_tags(value, {"\"a\"", false}, http1::TagComparison::weak);
  const http1::Ranges found = http1::parse_ranges(value, 1000, room);
  (void)http1::join_ranges(std::span(room).first(found.count));
  (void)http1::parse_content_range(value);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Block input(fuzz::text_of_input(data, size));
  const std::string_view value = input.view();
  check_allocations(value);
  check_text(value);
  check_list(value);
  check_weights(value);
  check_tags(value);
  check_content_range(value);
  const fuzz::Text ranges = {"bytes=", value};
  check_allocations(ranges.view());
  for (const std::uint64_t bytes :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, http1::max_length}) {
    check_ranges(value, bytes);
    check_ranges(ranges.view(), bytes);
  }
  return 0;
}
