// Comparing the weights of Accept-Encoding. Covered by tests/server/plan/precompressed_test.cc and
// fuzz/coding_fuzzer.cc.
#include "apps/server/plan/precompressed.h"

#include <algorithm>

#include "parser/fields.h"

namespace server {

namespace {

struct Known {
  Coding coding;
  std::string_view name;
  std::string_view suffix;
};
// In the order that is used where the client gives equal weights: the smallest result first.
constexpr std::array<Known, 3> known = {
    {{Coding::br, "br", ".br"}, {Coding::zstd, "zstd", ".zst"}, {Coding::gzip, "gzip", ".gz"}}};

constexpr int unnamed = -1;

// The weight of `name` in Accept-Encoding (0 to 1000), from the first element that names it;
// unnamed where none does.
int weight_of(const http1::RequestHead& head, std::string_view name) {
  for (const http1::Field field : head.fields(http1::FieldName::accept_encoding)) {
    http1::WeightedReader reader(field.value);
    for (http1::Weighted weighted; reader.next(weighted);) {
      if (http1::equal_ignoring_case(weighted.item, name)) return weighted.weight;
    }
  }
  return unnamed;
}

}  // namespace

std::string_view name_of(Coding coding) {
  for (const Known& one : known) {
    if (one.coding == coding) return one.name;
  }
  return {};
}

std::string_view suffix_of(Coding coding) {
  for (const Known& one : known) {
    if (one.coding == coding) return one.suffix;
  }
  return {};
}

CodingChoice acceptable_codings(const http1::RequestHead& head) {
  CodingChoice choice;
  if (!head.has(http1::FieldName::accept_encoding)) return choice;
  const bool resumes_blindly =
      head.has(http1::FieldName::range) && !head.has(http1::FieldName::if_range);
  if (resumes_blindly) return choice;
  const int others = std::max(0, weight_of(head, "*"));
  // Where identity is not named it is acceptable, with a lower weight than any coding that is
  // named.
  const int plain = weight_of(head, "identity");
  std::array<int, known.size()> weights{};
  for (const Known& one : known) {
    int weight = weight_of(head, one.name);
    // RFC 9110 section 8.4.1.3: x-gzip is an alias of gzip.
    if (weight == unnamed && one.coding == Coding::gzip) weight = weight_of(head, "x-gzip");
    if (weight == unnamed) weight = others;
    if (weight == 0 || weight < plain) continue;
    std::size_t at = choice.count++;
    for (; at > 0 && weights[at - 1] < weight; --at) {
      weights[at] = weights[at - 1];
      choice.codings[at] = choice.codings[at - 1];
    }
    weights[at] = weight;
    choice.codings[at] = one.coding;
  }
  return choice;
}

bool is_current(std::int64_t sibling_ns, std::int64_t file_ns) {
  if (sibling_ns >= file_ns) return true;
  constexpr std::int64_t second = 1'000'000'000;
  return sibling_ns % second == 0 && file_ns - sibling_ns < second;
}

}  // namespace server
