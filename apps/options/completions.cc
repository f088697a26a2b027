// Writing scripts. Covered by tests/options/completions_test.cc.
#include "apps/options/completions.h"

#include <string_view>
#include <vector>

#include "apps/options/help.h"

namespace options {

namespace {

bool is_path(const Option& option) {
  return option.kind == Kind::file || option.kind == Kind::directory;
}

// "none data full", or nothing.
std::string choice_words(const Option& option) {
  std::string words;
  for (const std::string_view choice : choices_of(option)) {
    words.append(words.empty() ? "" : " ").append(choice);
  }
  return words;
}

// The names of an option as words, separated by `separator`: "-l --listen".
std::string names_of(const Option& option, std::string_view separator) {
  std::string names;
  if (option.short_name != '\0') {
    names.append("-").append(1, option.short_name).append(separator);
  }
  return names.append("--").append(option.name);
}

std::string all_names(const Program& program, int verb) {
  std::string names;
  for (const Option& option : program.options) {
    if (option.is_operand || !belongs_to(option, verb)) continue;
    names += (names.empty() ? "" : " ") + names_of(option, " ");
  }
  return names;
}

std::string all_verbs_of(const Program& program) {
  std::string names;
  for (const Verb& verb : program.verbs) {
    names.append(names.empty() ? "" : " ").append(verb.name);
  }
  return names;
}

// `text` between single quotes, as all three shells read it.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

// The first clause of the help, which fits beside a name.
std::string_view short_help(const Option& option) {
  return option.help.substr(0, option.help.find(';'));
}

// How bash goes on behind an option: a case for each word that may precede. Nothing is
// offered for numbers and texts.
std::string bash_values(const Program& program) {
  std::string cases;
  std::string without_words;
  for (const Option& option : program.options) {
    if (option.is_operand || option.kind == Kind::flag) continue;
    const std::string names = names_of(option, " | ");
    if (!option.choices.empty())
      cases += "    " + names + ") words=" + quoted(choice_words(option)) + " ;;\n";
    else if (option.kind == Kind::directory)
      cases += "    " + names + ") compopt -o dirnames && return ;;\n";
    else if (option.kind == Kind::file)
      cases += "    " + names + ") compopt -o default && return ;;\n";
    else
      without_words += (without_words.empty() ? "" : " | ") + names;
  }
  return without_words.empty() ? cases : cases + "    " + without_words + ") return ;;\n";
}

// The words that bash offers where no value is expected.
std::string bash_words(const Program& program) {
  if (program.verbs.empty()) return "      words=" + quoted(all_names(program, no_verb)) + "\n";
  std::string text = "      case $verb in\n";
  for (std::size_t i = 0; i < program.verbs.size(); ++i) {
    text.append("        ").append(program.verbs[i].name).append(") words=");
    const bool is_help = program.verbs[i].name == help_verb;
    text += quoted(is_help ? all_verbs_of(program) : all_names(program, static_cast<int>(i)));
    text += " ;;\n";
  }
  return text +
         "        *) words=" + quoted(all_verbs_of(program) + " " + all_names(program, no_verb)) +
         " ;;\n      esac\n";
}

// One option as zsh's _arguments takes it: '(-o --output)'{-o,--output=}'[write to
// FILE]:FILE:_files'.
std::string zsh_option(const Option& option) {
  const bool is_flag = option.kind == Kind::flag;
  std::string tail = "[";
  for (const char c : short_help(option)) {
    if (c == '[' || c == ']' || c == '\\') tail += '\\';
    tail += c;
  }
  tail += "]";
  if (!is_flag) {
    tail.append(":").append(option.choices.empty() ? metavar_of(option) : option.name);
    tail += ":";
    if (!option.choices.empty()) tail += "(" + choice_words(option) + ")";
    if (option.kind == Kind::file) tail += "_files";
    if (option.kind == Kind::directory) tail += "_files -/";
  }
  const std::string long_name = "--" + std::string(option.name) + (is_flag ? "" : "=");
  const std::string exclusion = option.repeatable ? "*" : "(" + names_of(option, " ") + ")";
  if (option.short_name == '\0') return quoted(exclusion + long_name + tail);
  return quoted(exclusion) + "{-" + option.short_name + "," + long_name + "}" + quoted(tail);
}

std::string zsh_options(const Program& program, int verb) {
  std::string lines;
  for (const Option& option : program.options) {
    if (!belongs_to(option, verb) || option.is_operand) continue;
    lines += "    " + zsh_option(option) + " \\\n";
  }
  return lines;
}

// The operands of the program or a verb: paths are completed as files.
std::string zsh_operands(const Program& program, int verb) {
  std::string words;
  for (const Option& option : program.options) {
    if (!option.is_operand || !belongs_to(option, verb)) continue;
    std::string action = option.kind == Kind::directory ? "_files -/" : "";
    if (option.kind == Kind::file) action = "_files";
    words +=
        " " + quoted((option.repeatable ? "*:" : ":") + std::string(option.metavar) + ":" + action);
  }
  return words;
}

std::string zsh_verbs(const Program& program) {
  std::string text = "  local -a verbs=(\n";
  for (const Verb& verb : program.verbs) {
    text += "    " + quoted(std::string(verb.name) + ":" + std::string(verb.summary)) + "\n";
  }
  text += "  )\n  local curcontext=$curcontext state line\n  _arguments -C -s \\\n" +
          zsh_options(program, no_verb) +
          "    '1:verb:->verb' '*::argument:->argument'\n"
          "  case $state in\n    verb) _describe -t verbs verb verbs ;;\n    argument)\n"
          "      case $words[1] in\n";
  for (std::size_t i = 0; i < program.verbs.size(); ++i) {
    if (program.verbs[i].name == help_verb) {
      text += "        help) _describe -t verbs verb verbs ;;\n";
      continue;
    }
    const int verb = static_cast<int>(i);
    text.append("        ").append(program.verbs[i].name).append(") _arguments -s \\\n");
    text += zsh_options(program, verb) + "   " + zsh_operands(program, verb) + " ;;\n";
  }
  return text + "      esac ;;\n  esac\n";
}

std::string fish_option(const Program& program, const Option& option, std::string_view verb) {
  std::string line = "complete -c " + std::string(program.name);
  if (!verb.empty()) {
    line += " -n " + quoted("__fish_seen_subcommand_from " + std::string(verb));
  }
  if (option.short_name != '\0') line += std::string(" -s ") + option.short_name;
  line.append(" -l ").append(option.name);
  if (option.kind != Kind::flag) line += is_path(option) ? " -r -F" : " -x";
  if (!option.choices.empty()) line += " -a " + quoted(choice_words(option));
  return line + " -d " + quoted(short_help(option)) + "\n";
}

}  // namespace

std::string bash_completion(const Program& program) {
  const std::string name(program.name);
  std::string text = "# bash completion for " + name + ", made from its table of options.\n_" +
                     name +
                     "() {\n"
                     "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
                     "  local words=''\n  COMPREPLY=()\n"
                     "  # --name=value is three words for bash.\n"
                     "  [[ $before != = ]] || before=${COMP_WORDS[COMP_CWORD - 2]}\n"
                     "  [[ $word != = ]] || word=''\n";
  if (!program.verbs.empty()) {
    std::string pattern = all_verbs_of(program);
    for (std::size_t at = 0; (at = pattern.find(' ', at)) != std::string::npos; at += 3) {
      pattern.replace(at, 1, " | ");
    }
    text +=
        "  local i verb=''\n  for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "    case ${COMP_WORDS[i]} in " +
        pattern + ") verb=${COMP_WORDS[i]} && break ;; esac\n  done\n";
  }
  text += "  case $before in\n" + bash_values(program) + "    *)\n      if [[ $word != -*" +
          (program.verbs.empty() ? "" : " && -n $verb && $verb != help") +
          " ]]; then compopt -o default; return; fi\n" + bash_words(program) +
          "      ;;\n  esac\n"
          "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n}\n"
          "complete -F _" +
          name + " " + name + "\n";
  return text;
}

std::string zsh_completion(const Program& program) {
  const std::string name(program.name);
  std::string text =
      "#compdef " + name + "\n# Made from the table of options.\n_" + name + "() {\n";
  if (program.verbs.empty())
    text += "  _arguments -s \\\n" + zsh_options(program, no_verb) + "   " +
            zsh_operands(program, no_verb) + "\n";
  else
    text += zsh_verbs(program);
  return text + "}\n_" + name + " \"$@\"\n";
}

std::string fish_completion(const Program& program) {
  const std::string name(program.name);
  std::string text = "# Made from the table of options.\n";
  for (const Verb& verb : program.verbs) {
    text += "complete -c " + name + " -n __fish_use_subcommand -f -a " + std::string(verb.name) +
            " -d " + quoted(verb.summary) + "\n";
  }
  if (find_verb(program, help_verb) != no_verb) {
    text += "complete -c " + name + " -n '__fish_seen_subcommand_from help' -f -a " +
            quoted(all_verbs_of(program)) + "\n";
  }
  for (const Option& option : program.options) {
    if (option.is_operand) continue;
    std::string verbs;
    for (std::size_t i = 0; i < program.verbs.size() && option.verbs != all_verbs; ++i) {
      if (!belongs_to(option, static_cast<int>(i))) continue;
      verbs.append(verbs.empty() ? "" : " ").append(program.verbs[i].name);
    }
    text += fish_option(program, option, verbs);
  }
  return text;
}

}  // namespace options
