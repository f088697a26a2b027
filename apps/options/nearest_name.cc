// The distance of Damerau and Levenshtein, by three rows. Covered by
// tests/options/nearest_name_test.cc.
#include "apps/options/nearest_name.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace options {

namespace {

// Longer words are no mistyped names: the distance costs time by the product of both lengths.
constexpr std::size_t longest_word = 64;

std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> before(right.size() + 1);
  std::vector<std::size_t> above(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::swap(before, above);
    std::swap(above, row);
    row[0] = i + 1;
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t replaced = above[j] + (left[i] == right[j] ? 0 : 1);
      row[j + 1] = std::min({replaced, above[j + 1] + 1, row[j] + 1});
      const bool swapped = i > 0 && j > 0 && left[i] == right[j - 1] && left[i - 1] == right[j];
      if (swapped) row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest_name(std::string_view name, std::span<const std::string_view> names) {
  if (name.size() > longest_word) return {};
  std::string_view nearest;
  std::size_t limit = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string_view other : names) {
    const std::size_t differing = distance(name, other);
    if (differing >= std::min(limit, other.size())) continue;
    limit = differing;
    nearest = other;
  }
  return nearest;
}

}  // namespace options
