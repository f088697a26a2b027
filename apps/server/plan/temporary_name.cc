// Writing and recognising temporary names. Covered by tests/server/plan/temporary_name_test.cc.
#include "apps/server/plan/temporary_name.h"

#include <algorithm>

#include "parser/hex.h"

namespace server {

namespace {

constexpr std::string_view suffix = ".tmp";

}  // namespace

TemporaryName temporary_name(std::uint64_t random) {
  TemporaryName name{};
  char* end = std::copy(temporary_prefix.begin(), temporary_prefix.end(), name.begin());
  end = http1::write_hex_word(end, random);
  std::copy(suffix.begin(), suffix.end(), end);
  return name;
}

bool is_temporary(std::string_view name) {
  if (!name.starts_with(temporary_prefix) || !name.ends_with(suffix)) return false;
  name.remove_prefix(temporary_prefix.size());
  return name.size() == http1::hex_word_size + suffix.size() &&
         name.find_first_not_of(http1::lower_hex_digits) == name.size() - suffix.size();
}

}  // namespace server
