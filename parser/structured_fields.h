// Structured field values of RFC 9651 (before: RFC 8941): items and dictionaries. Pure.
//
// The fields of resumable uploads and of digests are structured: Upload-Complete is a boolean,
// Upload-Offset an integer, Repr-Digest a dictionary of byte sequences. All types are parsed, so
// that a valid value of another type is recognised as such; parameters are parsed and dropped,
// because no field of these has any. Only the views of the value are kept,
// and nothing is allocated. Covered by tests/parser/structured_fields_test.cc and
// fuzz/structured_fields_fuzzer.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace http1 {

struct StructuredItem {
  enum class Kind : std::uint8_t {
    integer,
    decimal,
    string,
    token,
    bytes,
    boolean,
    date,
    display_string,
    inner_list,  // only as the value of a dictionary's member
  };
  Kind kind = Kind::boolean;
  std::int64_t integer = 0;  // of an integer or a date; of a boolean 0 or 1
  // Of the other kinds, as it was sent: the digits of a decimal, a string between its quotes with
  // its escapes, a token, base64 between its colons, an inner list between its parentheses.
  std::string_view text;
};

// Parses a field value that is one item. Empty: it is malformed, or not an item. RFC 9651 section
// 4.2.3.
std::optional<StructuredItem> parse_item(std::string_view value);

// The value of a field that is an item of a certain type. Empty: it is anything else, and the field
// counts as absent.
std::optional<bool> parse_boolean(std::string_view value);
std::optional<std::int64_t> parse_integer(std::string_view value);

// Walks over the members of a dictionary, RFC 9651 section 4.2.2. A key may occur again; its last
// value counts, which is left to the caller.
class DictionaryReader {
 public:
  enum class Outcome : std::uint8_t { member, end, malformed };

  explicit DictionaryReader(std::string_view value);
  // The next member. After `end` and `malformed` there is none.
  [[nodiscard]] Outcome next(std::string_view& key, StructuredItem& item);

 private:
  std::string_view rest_;
  bool is_first_ = true;
  bool is_over_ = false;
};

}  // namespace http1
