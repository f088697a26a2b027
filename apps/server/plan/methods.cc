// The values of Allow, made from the table by the compiler. Covered by
// tests/server/plan/methods_test.cc.
#include "apps/server/plan/methods.h"

#include <string>

namespace server {

namespace {

struct MethodList {
  std::array<char, 128> bytes{};
  std::size_t size = 0;

  std::string_view text() const { return {bytes.data(), size}; }
};

bool is_allowed(const MethodRule& rule, Allowed allowed) {
  switch (allowed) {
    case Allowed::reading: return !rule.writes;
    case Allowed::files: return rule.is_of_files;
    case Allowed::uploads: return rule.is_of_uploads;
    case Allowed::all: return true;
  }
  return false;
}

MethodList list_methods(Allowed allowed) {
  MethodList list;
  const auto add = [&list](std::string_view text) {
    list.size += text.copy(list.bytes.data() + list.size, list.bytes.size() - list.size);
  };
  for (const MethodRule& rule : methods) {
    if (!is_allowed(rule, allowed)) continue;
    if (list.size > 0) add(", ");
    add(http1::text_of(rule.method));
  }
  return list;
}

}  // namespace

std::string_view allowed_methods(Allowed allowed) {
  static const std::array lists = {list_methods(Allowed::reading), list_methods(Allowed::files),
                                   list_methods(Allowed::uploads), list_methods(Allowed::all)};
  return lists[static_cast<std::size_t>(allowed)].text();
}

}  // namespace server
