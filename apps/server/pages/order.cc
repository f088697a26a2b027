// Covered by tests/server/pages/order_test.cc and fuzz/listing_fuzzer.cc.
#include "apps/server/pages/order.h"

#include <algorithm>
#include <array>

namespace server {

namespace {

constexpr bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

constexpr unsigned folded(char byte) {
  const bool is_capital = byte >= 'A' && byte <= 'Z';
  return static_cast<unsigned char>(is_capital ? byte - 'A' + 'a' : byte);
}

// Takes the digits at the front of `text` and returns them without leading zeros.
std::string_view take_number(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

// -1, 0 or 1 as `left` is less than, equal to or greater than `right`.
template <class Value>
int compare(const Value& left, const Value& right) {
  return left < right ? -1 : right < left ? 1 : 0;
}

// Compares names piece by piece: a number, or one other byte. A digit and another byte compare by
// their values, so that the order is transitive.
int compare_naturally(std::string_view left, std::string_view right) {
  while (!left.empty() && !right.empty()) {
    int order = 0;
    if (is_digit(left.front()) && is_digit(right.front())) {
      const std::string_view one = take_number(left);
      const std::string_view other = take_number(right);
      order = compare(one.size(), other.size());
      if (order == 0) order = compare(one, other);
    } else {
      order = compare(folded(left.front()), folded(right.front()));
      left.remove_prefix(1);
      right.remove_prefix(1);
    }
    if (order != 0) return order;
  }
  return compare(left.size(), right.size());
}

}  // namespace

ListingOrder order_of_query(std::string_view query) {
  constexpr std::string_view key = "sort=";
  ListingOrder order{.by = ListingOrder::By::name};
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    std::string_view value = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (!value.starts_with(key)) continue;
    value.remove_prefix(key.size());
    const bool descends = value.starts_with('-');
    if (descends) value.remove_prefix(1);
    if (value == "size") return {ListingOrder::By::size, descends};
    if (value == "modified") return {ListingOrder::By::modified, descends};
    if (value == "name") order.descends = descends;
  }
  return order;
}

bool precedes_naturally(std::string_view left, std::string_view right) {
  const int order = compare_naturally(left, right);
  return order != 0 ? order < 0 : left < right;
}

bool precedes(const Entry& left, const Entry& right, ListingOrder order) {
  if (left.is_directory != right.is_directory) return left.is_directory;
  if (order.by == ListingOrder::By::bytes) return left.name < right.name;
  int first = 0;
  if (order.by == ListingOrder::By::size && !left.is_directory) {
    first = compare(left.size, right.size);
  }
  if (order.by == ListingOrder::By::modified) {
    first = compare(left.mtime_seconds, right.mtime_seconds);
  }
  if (first != 0) return order.descends ? first > 0 : first < 0;
  const bool is_reversed = order.descends && order.by == ListingOrder::By::name;
  return is_reversed ? precedes_naturally(right.name, left.name)
                     : precedes_naturally(left.name, right.name);
}

}  // namespace server
