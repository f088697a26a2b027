// The order of the entries of a listing. Pure.
//
// JSON has directories first and then the bytes of the names. A page has directories first, and
// within both kinds the order that its query asks for; names are compared as people expect it, with
// numbers by their value and without regard to the case of ASCII letters. Covered by
// tests/server/pages/order_test.cc and fuzz/listing_fuzzer.cc.
#pragma once

#include <cstdint>
#include <string_view>

namespace server {

struct Entry {
  std::string_view name;  // 1 to 255 bytes, of any encoding, without slash and control bytes
  std::uint64_t size = 0;
  std::int64_t mtime_seconds = 0;
  bool is_directory = false;
};

struct ListingOrder {
  enum class By : std::uint8_t { bytes, name, size, modified };

  By by = By::bytes;
  bool descends = false;

  bool operator==(const ListingOrder&) const = default;
};

// The order that the query of a page asks for: "sort=size", "sort=-modified", also among others; by
// name where it asks for none.
ListingOrder order_of_query(std::string_view query);

// Whether the name `left` precedes `right` as people expect it. Names that differ are never equal.
bool precedes_naturally(std::string_view left, std::string_view right);

// Whether the entry `left` precedes `right` in that order.
bool precedes(const Entry& left, const Entry& right, ListingOrder order);

}  // namespace server
