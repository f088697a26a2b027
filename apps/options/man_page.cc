// Writing mdoc: a line that begins with a dot is a macro, all others are text. Covered by
// tests/options/man_page_test.cc.
#include "apps/options/man_page.h"

#include <algorithm>
#include <vector>

#include "apps/options/help.h"
#include "apps/options/read_value.h"

namespace options {

namespace {

constexpr std::size_t source_columns = 76;

bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

// A character as mdoc reads it literally. Dashes are escaped so that "--name" can be copied.
std::string_view escape_of(char c) {
  switch (c) {
    case '\\': return "\\e";
    case '-': return "\\-";
    case '\'': return "\\(aq";
    case '"': return "\\(dq";
    case '~': return "\\(ti";
    case '^': return "\\(ha";
    case '`': return "\\(ga";
    default: return {};
  }
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const std::string_view escape = escape_of(c);
    escape.empty() ? out += c : out += escape;
  }
  return out.starts_with('.') ? "\\&" + out : out;
}

// The text as lines of mdoc, where each sentence begins a line.
std::string lines_of(std::string_view text) {
  std::string broken;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool ends_sentence = text[i] == ' ' && i > 0 && i + 1 < text.size() &&
                               text[i - 1] == '.' && is_capital(text[i + 1]);
    broken += ends_sentence ? '\n' : text[i];
  }
  std::string lines;
  for (const std::string& line : wrapped(broken, source_columns)) {
    lines += line.empty() ? ".Pp\n" : escaped(line) + "\n";
  }
  return lines;
}

// Help texts are fragments: "page for 404" becomes "Page for 404.".
std::string sentence(std::string_view fragment) {
  std::string text(fragment);
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z') {
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  }
  if (!text.empty() && text.back() != '.') text += '.';
  return text;
}

// Words as arguments of a macro. A bar between choices is a word of its own.
std::string arguments_of(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|')
      out += " | ";
    else
      out += escaped(std::string_view(&c, 1));
  }
  return out;
}

// One word of a usage line: [OPTION...], URL..., get.
std::string usage_word(std::string_view word) {
  const bool is_optional = word.starts_with('[') && word.ends_with(']');
  if (is_optional) word = word.substr(1, word.size() - 2);
  std::string_view dots;
  if (word.ends_with("...")) {
    dots = " ...";
    word.remove_suffix(3);
  }
  const bool is_value = is_capital(word.front()) || word.front() == '/';
  std::string line = is_optional ? ".Op " : ".";
  if (word.front() == '-')
    line += "Fl " + arguments_of(word.substr(1));
  else
    line += (is_value ? "Ar " : "Cm ") + arguments_of(word);
  return line + std::string(dots) + "\n";
}

std::string usage_words(std::string_view usage) {
  std::string lines;
  while (!usage.empty()) {
    const std::size_t end = std::min(usage.find(' '), usage.size());
    lines += usage_word(usage.substr(0, end));
    usage.remove_prefix(std::min(end + 1, usage.size()));
  }
  return lines;
}

std::string item_of(const Option& option) {
  std::string line = ".It";
  if (option.is_operand) {
    return line + " Ar " + std::string(option.metavar) + (option.repeatable ? " ..." : "") + "\n";
  }
  if (option.short_name != '\0') line += std::string(" Fl ") + option.short_name + " ,";
  line += " Fl \\-" + arguments_of(option.name);
  if (!metavar_of(option).empty()) line += " Ar " + arguments_of(metavar_of(option));
  return line + "\n";
}

// Everything that the row says besides its help.
std::string facts_line(const Option& option) {
  std::string text;
  if (option.repeatable && !option.is_operand) text += "It may be given several times. ";
  const std::string note(option.default_note);
  if (!option.default_text.empty()) {
    text.append("Default: ").append(option.default_text);
    text += (note.empty() ? "" : ", " + note) + ". ";
  } else if (!note.empty()) {
    text += "Default: " + note + ". ";
  }
  const bool is_number =
      option.kind == Kind::count || option.kind == Kind::bytes || option.kind == Kind::seconds;
  if (is_number) text += "Allowed: " + allowed_values(option) + ". ";
  if (option.needs_new_process) text += "A change needs a restart. ";
  if (!text.empty()) text.pop_back();
  return text;
}

void append_options(const Program& program, std::string& page) {
  page += ".Sh OPTIONS\n";
  for (const std::string_view section : sections_of(program, no_verb)) {
    if (!section.empty()) page.append(".Ss ").append(section).append("\n");
    page += ".Bl -tag -width Ds\n";
    for (const Option& option : program.options) {
      if (option.section != section) continue;
      page += item_of(option) + lines_of(sentence(option.help)) + lines_of(option.details);
      page += lines_of(facts_line(option));
    }
    page += ".El\n";
  }
}

void append_verbs(const Program& program, std::string& page) {
  if (program.verbs.empty()) return;
  page += ".Sh VERBS\n.Bl -tag -width Ds\n";
  for (const Verb& verb : program.verbs) {
    page.append(".It Cm ").append(verb.name).append("\n");
    page += lines_of(sentence(verb.summary)) + lines_of(verb.details);
    if (!verb.example.empty()) page += ".Dl " + escaped(verb.example) + "\n";
  }
  page += ".El\n";
}

void append_environment(const Program& program, std::string& page) {
  std::string items;
  for (const Option& option : program.options) {
    if (!option.in_environment) continue;
    items += ".It Ev " + variable_of(option) + "\n";
    std::string text = "Sets " + label_of(option);
    if (option.repeatable) {
      text += option.separator == '\n' ? "; a line for each value" : "; values separated by commas";
    }
    items += lines_of(text + ".");
  }
  if (items.empty()) return;
  page += ".Sh ENVIRONMENT\n" +
          lines_of(
              "An option on the command line comes before its variable. An empty variable "
              "is an unset one.") +
          ".Bl -tag -width Ds\n" + items + ".El\n";
}

// A list of terms under a heading, each behind the macro that its kind of term has.
void append_terms(std::string_view heading, std::string_view macro, std::span<const Term> terms,
                  std::string& page) {
  if (terms.empty()) return;
  page.append(".Sh ").append(heading).append("\n.Bl -tag -width Ds\n");
  for (const Term& term : terms) {
    page.append(".It ").append(macro).append(" ") += escaped(term.term) + "\n";
    page += lines_of(sentence(term.meaning));
  }
  page += ".El\n";
}

void append_examples(const Program& program, std::string& page) {
  if (program.examples.empty()) return;
  page += ".Sh EXAMPLES\n";
  for (const Term& example : program.examples) {
    page += lines_of(sentence(example.meaning)) + ".Pp\n.Dl " + escaped(example.term) + "\n";
    if (&example != &program.examples.back()) page += ".Pp\n";
  }
}

std::string capitals(std::string_view name) {
  std::string text(name);
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

}  // namespace

std::string man_page(const Program& program, std::string_view version) {
  const std::string name(program.name);
  std::string page = ".\\\" Made from the table of options when " + name + " is built.\n";
  page.append(".Dd ").append(program.date) += "\n.Dt " + capitals(name) + " 1\n";
  page.append(".Os quoit ").append(version);
  page += "\n.Sh NAME\n.Nm " + name + "\n";
  page.append(".Nd ").append(program.summary).append("\n.Sh SYNOPSIS\n");
  for (const Term& use : program.usage) page += ".Nm " + name + "\n" + usage_words(use.term);
  page += ".Sh DESCRIPTION\n" + lines_of(program.description);
  if (!program.verbs.empty()) {
    page += ".Bl -tag -width Ds\n";
    for (const Term& use : program.usage) {
      page += ".It " + escaped(name + " " + std::string(use.term)) + "\n";
      page += lines_of(sentence(use.meaning));
    }
    page += ".El\n";
  }
  append_verbs(program, page);
  append_options(program, page);
  append_environment(program, page);
  append_terms("FILES", "Pa", program.files, page);
  append_terms("SIGNALS", "Dv", program.signals, page);
  append_terms("EXIT STATUS", "", program.exit_statuses, page);
  append_examples(program, page);
  page.append(".Sh SEE ALSO\n.Xr ").append(program.see_also).append(" 1\n");
  return page;
}

}  // namespace options
