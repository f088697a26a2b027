// The one file that knows CLI11. Covered by tests/options/command_line_test.cc.
#include "apps/options/command_line.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "apps/options/messages.h"

namespace options {

namespace {

// CLI11 takes "[a,b]" for a list of values, and some versions take "[[a]]" for an escape. A mark in
// front of each bracket keeps them from that.
constexpr std::string_view bracket = "[";
constexpr std::string_view marked_bracket = "\x01[";

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out(text);
  for (std::size_t at = 0; (at = out.find(from, at)) != std::string::npos; at += to.size()) {
    out.replace(at, from.size(), to);
  }
  return out;
}

std::vector<std::string> unmarked(std::vector<std::string> words) {
  for (std::string& word : words) word = replaced(word, marked_bracket, bracket);
  return words;
}

// The words up to "--", where an empty value behind "--name=" is a word of its own: CLI11 would
// take the next word for the value.
std::vector<std::string> words_with_options(const Program& program,
                                            std::span<const char* const> arguments) {
  std::vector<std::string> words;
  for (const std::string_view word : arguments) {
    words.push_back(replaced(word, bracket, marked_bracket));
    if (!word.starts_with("--") || word.back() != '=') continue;
    const Option* const option = find_option(program, word.substr(2, word.size() - 3));
    if (!option || option->is_operand || option->kind == Kind::flag) continue;
    words.back().pop_back();
    words.emplace_back();
  }
  return words;
}

// Splits words, and keeps their texts as they were typed.
class Splitter {
 public:
  explicit Splitter(const Program& program) : program_(program) {
    app_.set_help_flag();
    app_.allow_extras();
    for (const Option& option : program.options) declared_.push_back(declare(option));
  }

  // False: the last word is an option that lacks its value.
  bool split(std::vector<std::string> words) {
    last_ = words.empty() ? std::string() : words.back();
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the end
    try {
      app_.parse(std::move(words));
    } catch (const CLI::Error&) {
      return false;
    }
    return true;
  }

  std::vector<std::string> texts_of(const Option& option) const {
    const CLI::Option* const declared = declared_[index_of(option)];
    return declared ? unmarked(declared->results()) : std::vector<std::string>();
  }

  // Operands, and options that the table does not have.
  std::vector<std::string> others() const { return unmarked(app_.remaining()); }

  // The option that the last word names: --name, or the last letter of -vqn. Null: none.
  const Option* last_option() const {
    if (last_.starts_with("--")) return find_option(program_, std::string_view(last_).substr(2));
    return last_.empty() ? nullptr : find_short_option(program_, last_.back());
  }

 private:
  std::size_t index_of(const Option& option) const {
    return static_cast<std::size_t>(&option - program_.options.data());
  }

  // Null for an operand.
  CLI::Option* declare(const Option& option) {
    if (option.is_operand) return nullptr;
    std::string names = "--" + std::string(option.name);
    if (option.short_name != '\0') names += std::string(",-") + option.short_name;
    if (option.kind == Kind::flag) return app_.add_flag(names);
    const CLI::callback_t accept = [](const CLI::results_t&) { return true; };
    // One value each time, any number of times.
    return app_.add_option(names, accept)->expected(1, -1)->allow_extra_args(false)->take_all();
  }

  const Program& program_;
  CLI::App app_;
  std::vector<CLI::Option*> declared_;  // one for each row of the table
  std::string last_;
};

bool is_option(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

bool is_wanted(const Splitter& splitter, const Program& program, std::string_view flag) {
  const Option* const option = find_option(program, flag);
  return option && !splitter.texts_of(*option).empty();
}

// Finds out whether help is wanted, and for which verb.
ExitReason judge_help(Command& command) {
  std::vector<std::string>& words = command.words;
  const Program& program = command.values.program();
  const bool by_verb =
      !words.empty() && words.front() == help_verb && find_verb(program, help_verb) != no_verb;
  if (by_verb) words.erase(words.begin());
  command.wants_help = command.wants_help || by_verb;
  command.verb = words.empty() ? no_verb : find_verb(program, words.front());
  if (by_verb && !words.empty() && command.verb == no_verb) {
    return unknown_verb(program, words.front());
  }
  return {};
}

ExitReason set_values(const Splitter& splitter, Values& values) {
  for (const Option& option : values.program().options) {
    std::vector<std::string> texts = splitter.texts_of(option);
    if (texts.empty()) continue;
    if (option.kind == Kind::flag) texts.erase(texts.begin(), texts.end() - 1);
    ExitReason reason = values.set(option, std::move(texts), {.source = Source::command_line});
    if (reason) return reason;
  }
  return {};
}

// "FILE and URL", or "no argument".
std::string operand_names(const Program& program, int verb) {
  std::string names;
  for (const Option& option : program.options) {
    if (!option.is_operand || !belongs_to(option, verb)) continue;
    names.append(names.empty() ? "" : " and ").append(option.metavar);
  }
  return names.empty() ? "no argument" : names;
}

}  // namespace

ExitReason read_command_line(int argc, const char* const* argv, Command& command) {
  const Program& program = command.values.program();
  const std::span<const char* const> all(argv, static_cast<std::size_t>(std::max(argc, 0)));
  const std::span<const char* const> arguments = all.subspan(std::min<std::size_t>(1, all.size()));
  const auto end = std::find(arguments.begin(), arguments.end(), std::string_view("--"));
  Splitter splitter(program);
  const bool is_complete =
      splitter.split(words_with_options(program, std::span(arguments.begin(), end)));
  const std::vector<std::string> others = splitter.others();
  std::remove_copy_if(others.begin(), others.end(), std::back_inserter(command.words), is_option);
  if (end != arguments.end()) command.words.insert(command.words.end(), end + 1, arguments.end());
  command.wants_help = is_wanted(splitter, program, "help");
  command.wants_version = is_wanted(splitter, program, "version");
  ExitReason reason = judge_help(command);
  if (reason || command.wants_help) return reason;
  const auto unknown = std::find_if(others.begin(), others.end(), is_option);
  if (unknown != others.end()) {
    reason = unknown_option(program, command.verb, *unknown);
  } else if (!is_complete) {
    const Option* const last = splitter.last_option();
    reason = last ? missing_value(program, *last)
                  : usage_error(program, command.verb, "this command line makes no sense");
  } else {
    reason = set_values(splitter, command.values);
  }
  return command.wants_version ? ExitReason() : reason;
}

ExitReason take_verb(Command& command) {
  const Program& program = command.values.program();
  if (command.words.empty()) return usage_error(program, no_verb, "say what to do");
  const int verb = find_verb(program, command.words.front());
  if (verb == no_verb) return unknown_verb(program, command.words.front());
  command.words.erase(command.words.begin());
  return use_verb(command, verb);
}

ExitReason use_verb(Command& command, int verb) {
  const Program& program = command.values.program();
  command.verb = verb;
  for (const Setting& setting : command.values.all()) {
    if (setting.is_given() && !belongs_to(*setting.option, command.verb)) {
      return foreign_option(program, command.verb, *setting.option);
    }
  }
  return {};
}

namespace {

// The operands of one word each that follow `option` in the table; they take the last words.
std::ptrdiff_t operands_behind(const Program& program, int verb, const Option& option) {
  return std::count_if(
      &option + 1, program.options.data() + program.options.size(),
      [verb](const Option& other) { return other.is_operand && belongs_to(other, verb); });
}

}  // namespace

ExitReason take_operands(Command& command) {
  const Program& program = command.values.program();
  auto next = command.words.begin();
  for (const Option& option : program.options) {
    if (!option.is_operand || !belongs_to(option, command.verb)) continue;
    if (next == command.words.end() && option.is_required) {
      return missing_operand(program, command.verb, option);
    }
    if (next == command.words.end()) continue;
    const std::ptrdiff_t behind = operands_behind(program, command.verb, option);
    const std::ptrdiff_t left = command.words.end() - next;
    const auto end = next + (option.repeatable ? std::max<std::ptrdiff_t>(left - behind, 1) : 1);
    ExitReason reason = command.values.set(option, std::vector<std::string>(next, end),
                                           {.source = Source::command_line});
    if (reason) return reason;
    next = end;
  }
  if (next == command.words.end()) return {};
  return extra_operand(program, command.verb, *next, operand_names(program, command.verb));
}

}  // namespace options
