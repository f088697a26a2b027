// Writing an entity tag. Covered by tests/server/plan/facts_test.cc.
#include "apps/server/plan/facts.h"

#include <algorithm>
#include <charconv>

namespace server {

Tag tag_of(FileFacts facts) {
  Tag tag;
  char* end = tag.bytes.data();
  char* const limit = end + tag.bytes.size();
  *end++ = '"';
  end = std::to_chars(end, limit, static_cast<std::uint64_t>(facts.mtime_ns), 16).ptr;
  *end++ = '-';
  end = std::to_chars(end, limit, facts.size, 16).ptr;
  if (facts.coding != Coding::identity) {
    const std::string_view name = name_of(facts.coding);
    *end++ = '-';
    end = std::copy(name.begin(), name.end(), end);
  }
  *end++ = '"';
  tag.size = static_cast<std::size_t>(end - tag.bytes.data());
  return tag;
}

}  // namespace server
