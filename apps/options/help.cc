// Laying out help. Covered by tests/options/help_test.cc.
#include "apps/options/help.h"

#include <algorithm>

#include "apps/options/read_value.h"

namespace options {

namespace {

constexpr std::size_t line_columns = 100;
// Where the meaning begins. A longer name has a line of its own.
constexpr std::size_t widest_term = 34;
constexpr std::size_t indent_columns = 2;
constexpr std::size_t gap_columns = 2;

struct Row {
  std::string term;
  std::string meaning;
};

std::string names_of(const Option& option) {
  if (option.is_operand) {
    return std::string(option.metavar) + (option.repeatable ? "..." : "");
  }
  std::string names;
  if (option.short_name != '\0') names = std::string("-") + option.short_name + ", ";
  names.append("--").append(option.name);
  if (!metavar_of(option).empty()) names.append(" ").append(metavar_of(option));
  return names;
}

std::string meaning_of(const Option& option) {
  const std::string facts = facts_of(option);
  return std::string(option.help) + (facts.empty() ? "" : " (" + facts + ")");
}

std::size_t term_columns(const std::vector<Row>& rows) {
  std::size_t widest = 0;
  for (const Row& row : rows) widest = std::max(widest, row.term.size());
  return std::min(widest + indent_columns + gap_columns, widest_term);
}

void append_rows(const std::vector<Row>& rows, std::size_t columns, std::string& text) {
  for (const Row& row : rows) {
    std::string line = std::string(indent_columns, ' ') + row.term;
    if (line.size() >= columns) {
      text += line + "\n";
      line.clear();
    }
    for (const std::string& piece : wrapped(row.meaning, line_columns - columns)) {
      line.resize(columns, ' ');
      text += line + piece + "\n";
      line.clear();
    }
    if (row.meaning.empty() && !line.empty()) text += line + "\n";
  }
}

void append_paragraph(std::string_view paragraph, std::string& text) {
  for (const std::string& line : wrapped(paragraph, line_columns)) text += line + "\n";
}

std::vector<Row> rows_of(std::span<const Term> terms) {
  std::vector<Row> rows;
  for (const Term& term : terms) {
    rows.push_back({std::string(term.term), std::string(term.meaning)});
  }
  return rows;
}

// "0 done; 2 wrong usage".
std::string joined(std::span<const Term> terms) {
  std::string text;
  for (const Term& term : terms) {
    text.append(text.empty() ? "" : "; ").append(term.term).append(" ").append(term.meaning);
  }
  return text;
}

// The rows of a section, or of the operands, whose section is empty.
std::vector<Row> rows_of(const Program& program, int verb, std::string_view section) {
  std::vector<Row> rows;
  for (const Option& option : program.options) {
    if (option.section != section || !belongs_to(option, verb)) continue;
    rows.push_back({names_of(option), meaning_of(option)});
  }
  return rows;
}

void append_usage(const Program& program, std::string& text) {
  std::vector<Row> rows;
  for (const Term& use : program.usage) {
    rows.push_back(
        {std::string(program.name) + " " + std::string(use.term), std::string(use.meaning)});
  }
  text += "\nUsage:\n";
  append_rows(rows, term_columns(rows), text);
}

void append_verb_usage(const Program& program, int verb, std::string& text) {
  const Verb& row = program.verbs[static_cast<std::size_t>(verb)];
  text.append("\nUsage:\n  ").append(program.name).append(" ").append(row.name);
  text += " [OPTION...]";
  for (const Option& option : program.options) {
    if (option.is_operand && belongs_to(option, verb)) text += " " + names_of(option);
  }
  text.append("\n\nExample:\n  ").append(row.example).append("\n");
}

void append_options(const Program& program, int verb, std::string& text) {
  std::vector<Row> all;
  for (const Option& option : program.options) {
    if (belongs_to(option, verb)) all.push_back({names_of(option), {}});
  }
  const std::size_t columns = term_columns(all);
  for (const std::string_view section : sections_of(program, verb)) {
    if (section.empty() && verb == no_verb && !program.verbs.empty()) continue;
    text.append("\n").append(section).append(section.empty() ? "" : ":\n");
    append_rows(rows_of(program, verb, section), columns, text);
  }
}

}  // namespace

std::string help_text(const Program& program, int verb) {
  std::string text;
  if (verb != no_verb) {
    const Verb& row = program.verbs[static_cast<std::size_t>(verb)];
    append_paragraph(std::string(program.name) + " " + std::string(row.name) + ": " +
                         std::string(row.summary) + ".",
                     text);
    if (!row.details.empty()) append_paragraph("\n" + std::string(row.details), text);
    append_verb_usage(program, verb, text);
    append_options(program, verb, text);
    return text;
  }
  append_paragraph(program.description, text);
  if (!program.examples.empty()) {
    text += "\nExamples:\n";
    append_rows(rows_of(program.examples), term_columns(rows_of(program.examples)), text);
  }
  append_usage(program, text);
  if (!program.verbs.empty()) {
    text.append("\n'").append(program.name).append(" VERB --help' shows the options of a verb.\n");
  }
  append_options(program, no_verb, text);
  text += "\n";
  append_paragraph("Exit status: " + joined(program.exit_statuses) + ".", text);
  return text;
}

std::string_view metavar_of(const Option& option) {
  return option.metavar.empty() ? option.choices : option.metavar;
}

std::string limit_of(const Option& option) {
  if (option.most == Option{}.most) return {};
  if (option.kind == Kind::bytes) return "at most " + format_bytes(option.most);
  if (option.kind == Kind::count) return "at most " + std::to_string(option.most);
  return {};
}

std::string facts_of(const Option& option) {
  std::string facts = option.repeatable && !option.is_operand ? "repeatable" : "";
  const auto add = [&facts](const std::string& fact) {
    facts += (facts.empty() ? "" : "; ") + fact;
  };
  std::string value(option.default_text);
  if (!option.default_note.empty()) {
    value.append(value.empty() ? "" : ", ").append(option.default_note);
  }
  if (!value.empty()) add("default: " + value);
  if (!limit_of(option).empty()) add(limit_of(option));
  if (option.needs_new_process) add("a change needs a restart");
  return facts;
}

std::vector<std::string_view> sections_of(const Program& program, int verb) {
  std::vector<std::string_view> sections;
  for (const Option& option : program.options) {
    const bool is_known =
        std::find(sections.begin(), sections.end(), option.section) != sections.end();
    if (!is_known && belongs_to(option, verb)) sections.push_back(option.section);
  }
  return sections;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    std::size_t end = line.size();
    if (end > columns) {
      end = line.rfind(' ', columns);
      if (end == std::string_view::npos || end == 0) end = std::min(line.find(' '), line.size());
    }
    lines.emplace_back(line.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));  // the space or the line feed is dropped
  }
  return lines;
}

}  // namespace options
