// Sentences become clauses. Covered by tests/client/command/clause_test.cc.
#include "apps/client/command/clause.h"

#include <string_view>

namespace client {

std::string clause(http1::Error error) {
  std::string text(http1::describe(error));
  if (text.ends_with('.')) text.pop_back();
  // Names of fields and protocols keep their capital: "Content-Length", "HTTP/1.0".
  const std::string_view word = std::string_view(text).substr(0, text.find(' '));
  const bool is_name = word.find_first_of("-/") != std::string_view::npos;
  if (!is_name && !text.empty() && text.front() >= 'A' && text.front() <= 'Z') text.front() += 32;
  return text;
}

}  // namespace client
