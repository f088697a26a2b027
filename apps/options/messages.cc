// Wording. Covered by tests/options/messages_test.cc.
#include "apps/options/messages.h"

#include <span>
#include <vector>

#include "apps/options/config_file.h"
#include "apps/options/nearest_name.h"
#include "apps/options/read_value.h"

namespace options {

namespace {

// The option's name at `place`: --max-head, QUOIT_MAX_HEAD, or "quoitd.toml:3: max-head".
std::string label_at(const Option& option, const Place& place) {
  if (place.source == Source::environment) return variable_of(option);
  if (place.source != Source::file) return label_of(option);
  return place.file + ":" + std::to_string(place.line) + ": " + std::string(option.name);
}

// A value as a shell takes it for one word.
std::string shell_word(std::string_view value) {
  const bool is_plain = value.find_first_of(" *'\"") == std::string_view::npos;
  return is_plain ? std::string(value) : "'" + std::string(value) + "'";
}

// A correct use of the option at `place`.
std::string example_at(const Program& program, const Option& option, const Place& place) {
  const bool is_flag = option.kind == Kind::flag;
  const std::string value = shell_word(is_flag ? "true" : option.example);
  if (place.source == Source::environment) return variable_of(option) + "=" + value;
  if (place.source == Source::file) return example_line(option);
  if (option.is_operand) return std::string(program.name) + " " + value;
  return label_of(option) + (is_flag ? "" : " " + value);
}

ExitReason error_at(const Program& program, const Option& option, const Place& place,
                    const std::string& problem) {
  const bool is_usage = place.source == Source::command_line;
  return {.status = is_usage ? program.usage_status : program.config_status,
          .text = label_at(option, place) + problem + "; give " + allowed_values(option) +
                  ", as in " + example_at(program, option, place)};
}

// "see 'quoit get --help'", to follow a semicolon or to begin a sentence.
std::string help_hint(const Program& program, int verb, std::string_view see) {
  std::string hint = std::string(see) + " '" + std::string(program.name);
  if (verb != no_verb) {
    hint.append(" ").append(program.verbs[static_cast<std::size_t>(verb)].name);
  }
  return hint + " --help'";
}

// "; did you mean --listen? See 'quoitd --help'", or without a suggestion.
std::string suggestion(const Program& program, int verb, const std::string& nearest) {
  if (nearest.empty()) return "; " + help_hint(program, verb, "see");
  return "; did you mean " + nearest + "? " + help_hint(program, verb, "See");
}

std::string verb_name(const Program& program, int verb) {
  return std::string(verb == no_verb ? program.name
                                     : program.verbs[static_cast<std::size_t>(verb)].name);
}

}  // namespace

ExitReason value_error(const Program& program, const Option& option, const Place& place,
                       std::string_view value, std::string_view problem) {
  return error_at(program, option, place, ": '" + shown(value) + "' " + std::string(problem));
}

ExitReason count_error(const Program& program, const Option& option, const Place& place,
                       std::size_t count) {
  if (count == 0) return error_at(program, option, place, " has no value");
  return error_at(program, option, place,
                  " has " + std::to_string(count) + " values, and takes one");
}

ExitReason missing_value(const Program& program, const Option& option) {
  return error_at(program, option, {.source = Source::command_line}, " has no value");
}

ExitReason unknown_option(const Program& program, int verb, std::string_view word) {
  const std::string_view name = word.substr(0, word.find('='));
  std::vector<std::string_view> names;
  for (const Option& option : program.options) {
    if (!option.is_operand && belongs_to(option, verb)) names.push_back(option.name);
  }
  const bool is_long = name.starts_with("--");
  const std::string nearest(is_long ? nearest_name(name.substr(2), names) : std::string_view());
  return {program.usage_status,
          "there is no option " + shown(name) +
              suggestion(program, verb, nearest.empty() ? nearest : "--" + nearest)};
}

ExitReason unknown_setting(const Program& program, const Place& place, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Option& option : program.options) {
    if (option.in_file) names.push_back(option.name);
  }
  const std::string nearest(nearest_name(name, names));
  return {program.config_status, place.file + ":" + std::to_string(place.line) +
                                     ": there is no option '" + shown(name) + "'" +
                                     (nearest.empty() ? "" : "; did you mean '" + nearest + "'?")};
}

ExitReason foreign_option(const Program& program, int verb, const Option& option) {
  return usage_error(program, verb,
                     "'" + verb_name(program, verb) + "' takes no " + label_of(option));
}

ExitReason unknown_verb(const Program& program, std::string_view word) {
  std::vector<std::string_view> names;
  for (const Verb& verb : program.verbs) names.push_back(verb.name);
  const std::string nearest(nearest_name(word, names));
  return {program.usage_status,
          "there is no verb '" + shown(word) + "'" +
              suggestion(program, no_verb, nearest.empty() ? nearest : "'" + nearest + "'")};
}

ExitReason missing_operand(const Program& program, int verb, const Option& option) {
  return usage_error(program, verb,
                     "'" + verb_name(program, verb) + "' needs " + label_of(option) + ", " +
                         allowed_values(option) + " as " + std::string(option.example));
}

ExitReason extra_operand(const Program& program, int verb, std::string_view word,
                         std::string_view taken) {
  return usage_error(program, verb,
                     "'" + shown(word) + "' is an argument too many, for '" +
                         verb_name(program, verb) + "' takes " + std::string(taken));
}

ExitReason usage_error(const Program& program, int verb, std::string text) {
  return {program.usage_status, std::move(text) + "; " + help_hint(program, verb, "see")};
}

std::string example_line(const Option& option) {
  const std::vector<std::string> values = {
      std::string(option.kind == Kind::flag ? "true" : option.example)};
  return write_setting(option.name, values, option.repeatable, notation_of(option.kind));
}

Notation notation_of(Kind kind) {
  const bool is_text =
      kind == Kind::text || kind == Kind::file || kind == Kind::directory || kind == Kind::choice;
  return is_text ? Notation::quoted : Notation::word;
}

std::string shown(std::string_view text) {
  constexpr std::size_t longest = 200;
  std::string line(text.substr(0, longest));
  for (char& byte : line) {
    if ((byte >= 0 && byte < ' ') || byte == '\x7f') byte = '?';
  }
  return text.size() > longest ? line + "..." : line;
}

}  // namespace options
