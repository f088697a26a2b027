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

MethodList list_methods(bool writable) {
  MethodList list;
  const auto add = [&list](std::string_view text) {
    list.size += text.copy(list.bytes.data() + list.size, list.bytes.size() - list.size);
  };
  for (const MethodRule& rule : methods) {
    if (rule.writes && !writable) continue;
    if (list.size > 0) add(", ");
    add(http1::text_of(rule.method));
  }
  return list;
}

}  // namespace

std::string_view allowed_methods(bool writable) {
  static const MethodList reading = list_methods(false);
  static const MethodList all = list_methods(true);
  return writable ? all.text() : reading.text();
}

}  // namespace server
