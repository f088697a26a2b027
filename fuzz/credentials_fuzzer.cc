// Fuzzes parse_credentials and the rules: the input is the value of an Authorization field, the
// text of a rule of --allow, and the question of --explain.
//
// Oracles:
//   - credentials of Basic that are read, encoded again, are the input
//   - a user and a secret within the limits, encoded as Basic, are read as they are
//   - what is read has no control byte and keeps the limits
//   - a rule that is read gives its right for its path, and none for the path beside it
//   - no reading of credentials allocates
// Covered by the replay of corpus/credentials in every build.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "apps/server/plan/credentials.h"
#include "apps/server/plan/rules.h"
#include "fuzz/bytes.h"
#include "fuzz/no_allocation.h"
#include "fuzz/require.h"

namespace {

using fuzz::require;
using server::Credentials;

struct Read {
  bool is_read = false;
  Credentials credentials;
};

Read read(std::string_view value, std::span<char> buffer) {
  Read result;
  const fuzz::NoAllocation none;
  result.is_read = server::parse_credentials(value, buffer, result.credentials);
  return result;
}

void append_base64(std::string_view bytes, fuzz::Text& text) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      word = word << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      text.append(i + j <= bytes.size() ? digits[word >> (18 - 6 * j) & 63] : '=');
    }
  }
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; });
}

void check_value(std::string_view input) {
  const fuzz::Block value(input);
  fuzz::Block buffer(server::credentials_buffer_bytes);
  const Read result = read(value.view(), buffer.room());
  if (!result.is_read) return;
  const Credentials& credentials = result.credentials;
  require(!has_control(credentials.user) && !has_control(credentials.secret), "no control byte");
  require(credentials.user.size() <= server::most_name_bytes &&
              credentials.secret.size() <= server::most_secret_bytes,
          "the limits are kept");
  if (credentials.scheme == Credentials::Scheme::bearer) {
    require(value.view().ends_with(credentials.secret), "a token is the end of the value");
    return;
  }
  fuzz::Text encoded;
  append_base64(fuzz::Text{credentials.user, ":", credentials.secret}.view(), encoded);
  require(value.view().ends_with(encoded.view()), "credentials encode to the input");
}

// The input as a password, and its part before the first colon as a user.
void check_round_trip(std::string_view input) {
  const std::size_t colon = std::min(input.find(':'), input.size());
  const std::string_view user = input.substr(0, colon);
  if (user.size() > server::most_name_bytes || input.size() > server::most_secret_bytes) return;
  fuzz::Text value{"bAsIc  "};
  append_base64(fuzz::Text{user, ":", input}.view(), value);
  const fuzz::Block bytes(value.view());
  fuzz::Block buffer(server::credentials_buffer_bytes);
  const Read result = read(bytes.view(), buffer.room());
  require(result.is_read == !has_control(input), "credentials are read unless they have a control");
  if (!result.is_read) return;
  require(result.credentials.user == user && result.credentials.secret == input,
          "credentials are read as they are");
}

void check_rule(std::string_view text) {
  server::Rules rules;
  if (!rules.add(text).empty()) {
    require(rules.empty(), "a refused rule is not added");
    return;
  }
  rules.finish(false);
  const server::Rule& rule = rules.all().front();
  const std::string user = rule.who == server::Rule::Who::name ? rule.name : "some";
  const std::string path = rule.path.empty() ? "." : rule.path;
  require(rules.rule_for(user, path) == &rule, "a rule is about its path");
  require(rules.rule_for(user, rule.path.empty() ? "x" : path + "/x") == &rule, "and below it");
  if (!rule.path.empty()) {
    require(!rules.rule_for(user, path + "x") && !rules.rule_for(user, "."), "and no other");
  }
  const bool is_for_anyone = rule.who == server::Rule::Who::anyone;
  require((rules.rule_for("", path) != nullptr) == is_for_anyone, "a name is needed");
  require(!rules.add(text).empty(), "a rule is refused the second time");
  std::string_view problem;
  const std::string answer = server::explain_access(rules, text, true, true, problem);
  require(answer.empty() == !problem.empty(), "a question has an answer or a problem");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = fuzz::text_of_input(data, size);
  check_value(input);
  check_round_trip(input);
  check_rule(input);
  return 0;
}
