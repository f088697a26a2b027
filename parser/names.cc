// Recognition of methods and field names that stand alone; lines.h recognises those in a head.
// The tables and how they are made are in name_tables.h. Covered by tests/parser/names_test.cc.
#include "parser/names.h"

#include "parser/name_tables.h"

namespace http1 {
namespace {

constexpr char lower_case(char byte) noexcept {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte;
}

bool equal_folded(std::string_view left, std::string_view right) noexcept {
  if (left.size() != right.size()) return false;
  for (std::size_t at = 0; at < left.size(); ++at) {
    if (lower_case(left[at]) != lower_case(right[at])) return false;
  }
  return true;
}

}  // namespace

Method method_of(std::string_view text) noexcept {
  if (text.empty()) return Method::unknown;
  if (text.size() <= names::word_method_size) {
    return names::method_of_word(word_of(text.data(), text.size()));
  }
  static_assert(names::count_word_methods() + 3 == method_count, "two methods are longer");
  for (const Method method : {Method::propfind, Method::proppatch}) {
    if (text_of(method) == text) return method;
  }
  return Method::unknown;
}

FieldName field_name_of(std::string_view text) noexcept {
  if (text.size() < 2 || text.size() > names::longest_field) return FieldName::other;
  const std::size_t slot =
      names::field_slot(names::key_of(text), text.size(), names::field_multiplier);
  const FieldName candidate = names::field_tables.candidates[slot];
  return equal_folded(text, text_of(candidate)) ? candidate : FieldName::other;
}

std::string_view text_of(Method method) noexcept {
  return names::method_texts[static_cast<std::size_t>(method)];
}

std::string_view text_of(FieldName name) noexcept {
  return names::field_texts[static_cast<std::size_t>(name)];
}

std::string_view text_of(Version version) noexcept {
  return version == Version::http_1_0 ? "HTTP/1.0" : "HTTP/1.1";
}

}  // namespace http1
