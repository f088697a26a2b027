// Fuzzes acceptable_codings: the input is the fields of a GET, Accept-Encoding among them.
//
// Oracles, after RFC 9110 12.5.3, with a second parser of the weights in all lines:
//   - a coding is chosen exactly if its weight, its own or that of "*", is above 0 and not below
//     the weight of the uncoded file
//   - the highest weight comes first, among equal ones br before zstd before gzip; none comes twice
//   - no call allocates
// Covered by the replay of corpus/coding in every build.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "apps/server/plan/precompressed.h"
#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"
#include "parser/fields.h"
#include "parser/names.h"
#include "parser/parse.h"

namespace {

using fuzz::require;
using server::Coding;

constexpr int unnamed = -1;

struct Weights {
  std::array<int, 6> of = {unnamed, unnamed, unnamed, unnamed, unnamed, unnamed};
};
constexpr std::array<std::string_view, 6> names = {"identity", "br", "zstd", "gzip", "x-gzip", "*"};

// The first weight of each name.
Weights read_weights(const http1::RequestHead& head) {
  Weights weights;
  for (const http1::Field field : head.fields()) {
    if (http1::field_name_of(field.name) != http1::FieldName::accept_encoding) continue;
    http1::WeightedReader reader(field.value);
    for (http1::Weighted weighted; reader.next(weighted);) {
      for (std::size_t i = 0; i < names.size(); ++i) {
        const bool is_it = http1::equal_ignoring_case(weighted.item, names[i]);
        if (is_it && weights.of[i] == unnamed) weights.of[i] = weighted.weight;
      }
    }
  }
  return weights;
}

int weight_of(const Weights& weights, Coding coding) {
  int own = weights.of[static_cast<std::size_t>(coding)];
  if (coding == Coding::gzip && own == unnamed) own = weights.of[4];
  if (own == unnamed) own = weights.of[5];
  return own == unnamed ? 0 : own;
}

void check_head(const http1::RequestHead& head) {
  server::CodingChoice choice;
  {
    const fuzz::NoAllocation none;
    choice = server::acceptable_codings(head);
  }
  const Weights weights = read_weights(head);
  std::array<bool, 4> chosen{};
  int last = 1000;
  Coding before = Coding::identity;
  for (const Coding coding : choice.wanted()) {
    const int weight = weight_of(weights, coding);
    require(coding != Coding::identity && !chosen[static_cast<std::size_t>(coding)],
            "each coding is chosen once");
    chosen[static_cast<std::size_t>(coding)] = true;
    require(weight < last || (weight == last && before < coding),
            "the coding with the highest weight comes first");
    last = weight;
    before = coding;
  }
  for (const Coding coding : {Coding::br, Coding::zstd, Coding::gzip}) {
    const int weight = weight_of(weights, coding);
    const bool resumes_blindly =
        head.has(http1::FieldName::range) && !head.has(http1::FieldName::if_range);
    const bool is_acceptable = weight > 0 && weight >= weights.of[0] && !resumes_blindly;
    require(chosen[static_cast<std::size_t>(coding)] == is_acceptable,
            "exactly the acceptable codings are chosen");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::Text text = {"GET / HTTP/1.1\r\nHost: a\r\n", fuzz::text_of_input(data, size),
                           "\r\n\r\n"};
  const fuzz::Block bytes(text.view());
  http1::RequestHead head;
  if (http1::parse_request(bytes.view(), head) == http1::Progress::done) check_head(head);
  return 0;
}
