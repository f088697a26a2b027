// Fuzzes the reader of structured field values: the input is one value.
//
// Oracles:
//   - texts point into the value
//   - an item is what the member `k=ITEM` of a dictionary is, and the other way round
//   - an item with a parameter is that item; two items in a row are none
//   - a dictionary with a further member has that member last
//   - an integer, written in decimal and parsed again, is that integer
//   - bytes that decode from base64 encode to its digits
//   - no call allocates
// Covered by the replay of corpus/structured_fields in every build.
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"
#include "parser/base64.h"
#include "parser/structured_fields.h"

namespace {

using fuzz::require;
using http1::DictionaryReader;
using http1::StructuredItem;
using Kind = StructuredItem::Kind;
using Outcome = DictionaryReader::Outcome;

bool are_equal(const StructuredItem& left, const StructuredItem& right) {
  return left.kind == right.kind && left.integer == right.integer && left.text == right.text;
}

std::optional<StructuredItem> item_of(std::string_view value) {
  const fuzz::NoAllocation none;
  return http1::parse_item(value);
}

void check_text(std::string_view text, std::string_view value) {
  if (text.empty()) return;
  require(text.data() >= value.data() && text.data() + text.size() <= value.data() + value.size(),
          "a text points into the value");
}

void check_number(const StructuredItem& item) {
  fuzz::Text text;
  if (item.integer < 0) text.append('-');
  text.append(static_cast<std::uint64_t>(item.integer < 0 ? -item.integer : item.integer));
  require(http1::parse_integer(text.view()) == item.integer, "an integer parses to itself");
}

void check_bytes(std::string_view text) {
  std::array<char, 4096> plain{};
  const auto decoded = http1::decode_base64(text, plain, false);
  if (!decoded) return;
  std::array<char, 8192> again{};
  const std::span<const unsigned char> bytes(
      reinterpret_cast<const unsigned char*>(decoded->data()), decoded->size());
  std::string_view encoded = http1::encode_base64(bytes, again);
  require(encoded.starts_with(text), "bytes encode to their digits");
  encoded.remove_prefix(text.size());
  require(encoded.find_first_not_of('=') == encoded.npos, "only padding may be missing");
}

// The number of members up to the end, or -1 if the dictionary is malformed. `last` is the last.
int walk(std::string_view value, std::string_view& key, StructuredItem& last) {
  const fuzz::NoAllocation none;
  DictionaryReader reader(value);
  int count = 0;
  Outcome outcome = reader.next(key, last);
  for (; outcome == Outcome::member; outcome = reader.next(key, last)) {
    require(!key.empty(), "a key is not empty");
    check_text(key, value);
    check_text(last.text, value);
    ++count;
  }
  std::string_view unused;
  StructuredItem none_left;
  require(reader.next(unused, none_left) == Outcome::end, "the end is final");
  return outcome == Outcome::end ? count : -1;
}

void check_item(std::string_view value) {
  const std::optional<StructuredItem> item = item_of(value);
  if (item) {
    check_text(item->text, value);
    if (item->kind == Kind::integer) check_number(*item);
    if (item->kind == Kind::bytes) check_bytes(item->text);
    const bool ends_in_space = value.ends_with(' ');
    const fuzz::Text more = {value, ";x=1"};
    const std::optional<StructuredItem> same = item_of(more.view());
    require(ends_in_space || (same && are_equal(*same, *item)), "a parameter changes nothing");
    const fuzz::Text twice = {value, ",", value};
    require(!item_of(twice.view()), "two items are no item");
  }
  if (value.empty() || value.front() == ' ' || value.front() == '(') return;
  const fuzz::Text member = {"k=", value};
  const fuzz::Block bytes(member.view());
  std::string_view key;
  StructuredItem last;
  const int count = walk(bytes.view(), key, last);
  if (item) require(count == 1 && key == "k" && are_equal(last, *item), "a member has the item");
}

void check_dictionary(std::string_view value) {
  std::string_view key;
  StructuredItem last;
  const int count = walk(value, key, last);
  if (count < 0) return;
  const fuzz::Text more = {value, count > 0 ? ", z9=?0" : "z9=?0"};
  require(walk(more.view(), key, last) == count + 1, "a member may be added");
  require(key == "z9" && last.kind == Kind::boolean && last.integer == 0, "it is the last one");
  const fuzz::Text comma = {value, ","};
  require(walk(comma.view(), key, last) == -1, "a comma has a member behind it");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Block value(fuzz::text_of_input(data, size).substr(0, 4096));
  check_item(value.view());
  check_dictionary(value.view());
  return 0;
}
