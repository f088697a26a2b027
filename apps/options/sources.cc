// Filling in options that the command line does not set. Covered by tests/options/sources_test.cc.
#include "apps/options/sources.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "apps/options/config_file.h"
#include "apps/options/messages.h"
#include "apps/options/read_value.h"

namespace options {

namespace {

// More is no file of options, and a device may have no end.
constexpr std::size_t largest_file = 1024 * 1024;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t end = 0; end != std::string_view::npos; text.remove_prefix(end + 1)) {
    end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
  }
  return parts;
}

ExitReason config_error(const Values& values, std::string text) {
  return {values.program().config_status, std::move(text)};
}

// A value without quotes is judged as a value of its option, if there is one.
ExitReason judge_problem(const FileProblem& problem, const Place& place, const Values& values) {
  const Option* const option = find_option(values.program(), problem.name);
  if (!option || problem.name.empty() || !option->in_file) {
    return config_error(values,
                        place.file + ":" + std::to_string(place.line) + ": " + problem.text);
  }
  const std::string_view wrong = problem_of(*option, problem.value);
  return value_error(values.program(), *option, place, problem.value,
                     wrong.empty() ? "needs quotes" : wrong);
}

ExitReason apply(const std::vector<FileSetting>& settings, const std::string& path,
                 Values& values) {
  std::set<std::string_view> names;
  for (const FileSetting& setting : settings) {
    const Place place = {.source = Source::file, .file = path, .line = setting.line};
    const Option* const option = find_option(values.program(), setting.name);
    if (!option || !option->in_file) {
      return unknown_setting(values.program(), place, setting.name);
    }
    if (!names.insert(setting.name).second) {
      return config_error(values, path + ":" + std::to_string(setting.line) + ": '" + setting.name +
                                      "' is set twice");
    }
    if (values.is_given(setting.name)) continue;
    ExitReason reason = values.set(*option, setting.values, place);
    if (reason) return reason;
  }
  return {};
}

std::string describe(const Place& place) {
  switch (place.source) {
    case Source::table: return "default";
    case Source::command_line: return "command line";
    case Source::environment: return "environment";
    case Source::file: break;
  }
  return place.file + ":" + std::to_string(place.line);
}

}  // namespace

const char* variable_value(const Option& option) {
  if (!option.in_environment) return nullptr;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no thread changes the environment
  const char* const value = std::getenv(variable_of(option).c_str());
  return value && *value != '\0' ? value : nullptr;
}

ExitReason read_environment(Values& values) {
  for (const Option& option : values.program().options) {
    const char* const value = variable_value(option);
    if (!value || values.is_given(option.name)) continue;
    std::vector<std::string> texts = {value};
    if (option.repeatable) texts = split(value, option.separator);
    ExitReason reason = values.set(option, std::move(texts), {.source = Source::environment});
    if (reason) return reason;
  }
  return {};
}

ExitReason read_config_file(const std::string& path, Values& values) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(largest_file + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) {
    const std::string why = errno == 0 ? "" : ": " + std::generic_category().message(errno);
    return config_error(values, path + " cannot be read" + why + "; give the path of a file");
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > largest_file) {
    return config_error(values, path + " is larger than 1 MiB, and no file of options is");
  }
  const ConfigFile read = read_config_text(text);
  if (read.problem.line > 0) {
    return judge_problem(read.problem, {Source::file, path, read.problem.line}, values);
  }
  return apply(read.settings, path, values);
}

std::string print_config(const Values& values) {
  std::string text;
  for (const Setting& setting : values.all()) {
    const Option& option = *setting.option;
    if (!option.in_file) continue;
    if (setting.texts.empty() && !option.repeatable) {
      text.append("# ").append(option.name).append(" is not set\n");
      continue;
    }
    text += write_setting(option.name, setting.texts, option.repeatable, notation_of(option.kind));
    text += "  # " + shown(describe(setting.place)) + "\n";
  }
  return text;
}

}  // namespace options
