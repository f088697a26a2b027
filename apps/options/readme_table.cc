// Writing Markdown. Covered by tests/options/readme_table_test.cc.
#include "apps/options/readme_table.h"

#include "apps/options/help.h"

namespace options {

namespace {

// A bar would end the cell, also between backticks.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string code(std::string_view text) { return "`" + cell(text) + "`"; }

std::string name_cell(const Option& option) {
  if (option.is_operand) return code(option.metavar);
  std::string names;
  if (option.short_name != '\0') names = code(std::string("-") + option.short_name) + ", ";
  const std::string_view metavar = metavar_of(option);
  return names + code("--" + std::string(option.name) + (metavar.empty() ? "" : " ") +
                      std::string(metavar));
}

std::string default_cell(const Option& option) {
  std::string text = option.default_text.empty() ? "" : code(option.default_text);
  if (!option.default_note.empty()) {
    text += (text.empty() ? "" : ", ") + cell(option.default_note);
  }
  return text;
}

std::string meaning_cell(const Option& option) {
  std::string text = cell(option.help);
  if (option.repeatable) text += "; repeatable";
  if (!limit_of(option).empty()) text += "; " + limit_of(option);
  if (option.needs_new_process) text += "; a change needs a restart";
  if (!option.details.empty()) text += ". " + cell(option.details);
  return text;
}

}  // namespace

std::string readme_table(const Program& program) {
  std::string table = "| option | default | meaning |\n|---|---|---|\n";
  for (const Option& option : program.options) {
    if (option.name == "help" || option.name == "version") continue;
    table += "| " + name_cell(option) + " | " + default_cell(option) + " | " +
             meaning_cell(option) + " |\n";
  }
  return table;
}

std::optional<std::string> with_readme_table(const Program& program, std::string_view text) {
  const std::string name(program.name);
  const std::string begin = "<!-- options of " + name + ", made by ./dev pages -->\n";
  const std::string end = "<!-- end of the options of " + name + " -->\n";
  const std::size_t begins_at = text.find(begin);
  const std::size_t ends_at = text.find(end);
  if (begins_at == std::string_view::npos || ends_at == std::string_view::npos) return {};
  if (ends_at < begins_at) return {};
  return std::string(text.substr(0, begins_at + begin.size())) + readme_table(program) +
         std::string(text.substr(ends_at));
}

}  // namespace options
