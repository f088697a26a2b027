// Looking up rows of the table. Covered by tests/options/table_test.cc.
#include "apps/options/table.h"

#include <algorithm>

#include "parser/fields.h"

namespace options {

const Option* find_option(const Program& program, std::string_view name) {
  const auto found = std::find_if(program.options.begin(), program.options.end(),
                                  [&](const Option& option) { return option.name == name; });
  return found == program.options.end() ? nullptr : &*found;
}

const Option* find_short_option(const Program& program, char letter) {
  const auto found = std::find_if(
      program.options.begin(), program.options.end(),
      [&](const Option& option) { return option.short_name == letter && letter != '\0'; });
  return found == program.options.end() ? nullptr : &*found;
}

int find_verb(const Program& program, std::string_view name) {
  const auto found =
      std::find_if(program.verbs.begin(), program.verbs.end(),
                   [&](const Verb& verb) { return http1::equal_ignoring_case(verb.name, name); });
  return found == program.verbs.end() ? no_verb : static_cast<int>(found - program.verbs.begin());
}

bool belongs_to(const Option& option, int verb) {
  return verb == no_verb || ((option.verbs >> static_cast<unsigned>(verb)) & 1U) != 0;
}

std::vector<std::string_view> choices_of(const Option& option) {
  std::vector<std::string_view> choices;
  std::string_view rest = option.choices;
  while (!rest.empty()) {
    const std::size_t bar = std::min(rest.find('|'), rest.size());
    choices.push_back(rest.substr(0, bar));
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  return choices;
}

std::string variable_of(const Option& option) {
  std::string variable = "QUOIT_";
  for (const char letter : option.name) {
    const bool is_small = letter >= 'a' && letter <= 'z';
    variable += letter == '-' ? '_' : is_small ? static_cast<char>(letter - 'a' + 'A') : letter;
  }
  return variable;
}

std::string label_of(const Option& option) {
  return option.is_operand ? std::string(option.metavar) : "--" + std::string(option.name);
}

}  // namespace options
