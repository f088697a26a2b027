// Covered by tests/crypto/server_names_test.cc.
#include "apps/crypto/server_names.h"

#include <algorithm>

namespace crypto {

namespace {

// The longest name in SNI that is looked up: DNS has none that is longer.
constexpr std::size_t most_name_bytes = 255;

// In lower case, without the dot that ends a name of the DNS.
std::string normal_form(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string normal(name);
  std::transform(normal.begin(), normal.end(), normal.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return normal;
}

}  // namespace

void ServerNames::add(std::string_view name, std::size_t index) {
  if (!name.empty()) indices_.emplace(normal_form(name), index);
}

std::size_t ServerNames::find(std::string_view name) const {
  if (name.empty() || name.size() > most_name_bytes) return none;
  const std::string normal = normal_form(name);
  const auto exact = indices_.find(normal);
  if (exact != indices_.end()) return exact->second;
  const std::size_t dot = normal.find('.');
  if (dot == 0 || dot == std::string::npos) return none;
  const auto wildcard = indices_.find("*" + normal.substr(dot));
  return wildcard == indices_.end() ? none : wildcard->second;
}

}  // namespace crypto
