// The contents of field values: lists, weights, entity tags, ranges, numbers.
//
// Pure functions over one field value; the views that they return are of that value. A field of
// several lines is processed line by line. A malformed value that the RFCs demand to ignore is
// returned as `invalid`, and the caller ignores it. RFC 9110 5.6, 8.8.3, 12.4, 13.1, 14.
// Covered by tests/parser/fields_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

namespace http1 {

// The largest length and position that the library takes: 2^63-1, what an off_t holds.
inline constexpr std::uint64_t max_length = std::numeric_limits<std::int64_t>::max();

// Compares two texts without regard to the case of ASCII letters.
[[nodiscard]] bool equal_ignoring_case(std::string_view left, std::string_view right) noexcept;

// Returns the text without spaces and tabs at its ends.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

// A token of RFC 9110 5.6.2: at least one tchar, nothing else.
[[nodiscard]] bool is_token(std::string_view text) noexcept;

// Reads 1*DIGIT of at most 19 digits and at most max_length.
[[nodiscard]] std::optional<std::uint64_t> parse_decimal(std::string_view text) noexcept;

// Walks over a comma-separated list, RFC 9110 5.6.1.2: commas in quoted strings do not separate,
// empty elements are skipped, elements come without outer white space.
class ListReader {
 public:
  explicit ListReader(std::string_view value) noexcept : rest_(value) {}
  // Returns the next element, a view of the value; false at the end.
  [[nodiscard]] bool next(std::string_view& element) noexcept;

 private:
  std::string_view rest_;
};

// Says whether a list of tokens has that token, in any case.
[[nodiscard]] bool has_token(std::string_view value, std::string_view token) noexcept;

// Walks over a list of items with weights, RFC 9110 12.4.2: "gzip;q=0.5, *;q=0".
struct Weighted {
  std::string_view item;  // with its other parameters, without the weight
  int weight = 1000;      // thousandths; 0 means not acceptable
};
class WeightedReader {
 public:
  explicit WeightedReader(std::string_view value) noexcept : list_(value) {}
  // Returns the next item; one with a malformed weight is skipped. False at the end.
  [[nodiscard]] bool next(Weighted& weighted) noexcept;

 private:
  ListReader list_;
};

// Returns the weight, in thousandths, that an Accept-Encoding value gives a coding: its own, else
// that of "*", else 0; identity is 1000 unless excluded. RFC 9110 12.5.3.
[[nodiscard]] int coding_weight(std::string_view accept_encoding, std::string_view coding) noexcept;

// Returns the weight that an Accept value gives a media type such as "text/html", by the most
// specific range that matches: type/subtype, type/*, */*; else 0. RFC 9110 12.5.1.
[[nodiscard]] int media_weight(std::string_view accept, std::string_view media_type) noexcept;

// An entity tag of RFC 9110 8.8.3.
struct EntityTag {
  std::string_view opaque;  // with its quotes
  bool is_weak = false;
};
[[nodiscard]] std::optional<EntityTag> parse_entity_tag(std::string_view text) noexcept;
// RFC 9110 8.8.3.2: strong is equal and neither is weak; weak is equal.
[[nodiscard]] bool equal_strongly(EntityTag left, EntityTag right) noexcept;
[[nodiscard]] bool equal_weakly(EntityTag left, EntityTag right) noexcept;

enum class TagComparison : std::uint8_t { strong, weak };
enum class TagMatch : std::uint8_t {
  matches,  // "*", or one of the tags
  differs,  // none of the tags
  invalid,  // not a list of entity tags
};
// Compares the tag of what exists with the value of If-Match (strong) or If-None-Match (weak). "*"
// matches every representation; the caller calls this only if there is one.
[[nodiscard]] TagMatch match_tags(std::string_view value, EntityTag current,
                                  TagComparison comparison) noexcept;

// Bytes first to last, both included, as in "bytes=0-499".
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  [[nodiscard]] std::uint64_t size() const noexcept { return last - first + 1; }
  bool operator==(const ByteRange&) const noexcept = default;
};

enum class RangeOutcome : std::uint8_t {
  satisfiable,    // `count` ranges, resolved and clamped, in the order of the request
  unsatisfiable,  // 416: valid, but no range begins before the end
  ignored,        // another unit, invalid syntax, or an empty suffix: respond as without Range
  too_many,       // more ranges than fit: ignore or refuse, but do not serve
};
struct Ranges {
  RangeOutcome outcome = RangeOutcome::ignored;
  std::size_t count = 0;
};
// Resolves a Range value against a representation of `size` bytes, into the caller's array. A last
// position beyond the end is clamped, however many digits it has. RFC 9110 14.1.2, 14.2.
[[nodiscard]] Ranges parse_ranges(std::string_view value, std::uint64_t size,
                                  std::span<ByteRange> room) noexcept;

// Joins ranges that overlap or touch, each into the first of them, and returns how many are left.
[[nodiscard]] std::size_t join_ranges(std::span<ByteRange> ranges) noexcept;

// A Content-Range of bytes, RFC 9110 14.4: "bytes 0-499/1234", "bytes 0-499/*", "bytes */1234".
struct ContentRange {
  std::optional<ByteRange> range;              // absent in */1234
  std::optional<std::uint64_t> complete_size;  // absent in 0-499/*
};
// Empty if malformed, of another unit, or contradictory (last before first, range beyond the
// complete size). Serves requests (PUT) and responses (206, 416).
[[nodiscard]] std::optional<ContentRange> parse_content_range(std::string_view value) noexcept;

}  // namespace http1
