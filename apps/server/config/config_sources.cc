// Filling in what the command line left open. Covered by
// tests/server/config/config_sources_test.cc.
#include "apps/server/config/config_sources.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/server/config/config_file.h"

namespace server {

namespace {

// "some-name" of --some-name, "root" of ROOT.
std::string name_of(const CLI::Option& option) {
  if (!option.get_lnames().empty()) return option.get_lnames().front();
  return CLI::detail::to_lower(option.get_single_name());
}

// These are for the command line alone; --config may be in the environment, too.
bool is_setting(const CLI::Option& option) {
  static const std::vector<std::string> others = {"help", "version", "config", "check-config",
                                                  "print-config"};
  return std::find(others.begin(), others.end(), name_of(option)) == others.end();
}

std::string variable_of(const std::string& name) {
  std::string variable = "QUOIT_" + name;
  for (char& c : variable) c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
  return variable;
}

bool is_repeatable(const CLI::Option& option) { return option.get_items_expected_max() > 1; }
bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }

// Gives `option` its values unless it has some. Returns what is wrong with them, or nothing.
std::string fill(CLI::Option& option, const std::vector<std::string>& values) {
  if (!option.empty()) return {};
  if (values.empty() || (values.size() > 1 && !is_repeatable(option))) return "give one value";
  try {
    for (const std::string& value : values) {
      option.add_result(is_flag(option) ? option.get_flag_value(name_of(option), value) : value);
    }
    option.run_callback();
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return {};
}

// As the default of a repeatable option is written by CLI11: "[a,b]".
std::vector<std::string> values_of(const CLI::Option& option) {
  if (!option.empty()) return option.results();
  std::string text = option.get_default_str();
  if (is_flag(option)) return {"false"};
  if (!is_repeatable(option)) return text.empty() ? std::vector<std::string>{} : std::vector{text};
  if (text.size() > 1 && text.front() == '[') text = text.substr(1, text.size() - 2);
  return text.empty() ? std::vector<std::string>{} : CLI::detail::split(text, ',');
}

}  // namespace

std::string ConfigSources::read_environment() {
  for (CLI::Option* option : app_.get_options()) {
    const std::string name = name_of(*option);
    if (!is_setting(*option) && name != "config") continue;
    const std::string variable = variable_of(name);
    const char* value = std::getenv(variable.c_str());
    if (!value || !option->empty()) continue;
    const bool many = is_repeatable(*option);
    const char comma = name == "header" ? '\n' : ',';  // values of fields have commas
    const std::string wrong =
        fill(*option, many ? CLI::detail::split(value, comma) : std::vector<std::string>{value});
    if (!wrong.empty()) return variable + ": " + wrong;
    sources_[name] = "environment";
  }
  return {};
}

std::string ConfigSources::read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return path + " cannot be read";
  const Settings settings = read_settings(text);
  const auto at = [&path](int line) { return path + ":" + std::to_string(line) + ": "; };
  if (!settings.wrong.empty()) return at(settings.wrong_line) + settings.wrong;
  std::map<std::string, CLI::Option*> known;
  std::vector<std::string> names;
  for (CLI::Option* option : app_.get_options()) {
    if (!is_setting(*option)) continue;
    names.push_back(name_of(*option));
    known[names.back()] = option;
  }
  std::map<std::string, int> lines;
  for (const Setting& setting : settings.all) {
    const auto found = known.find(setting.name);
    if (found == known.end()) {
      const std::string nearest = nearest_name(setting.name, names);
      return at(setting.line) + "there is no option '" + setting.name + "'" +
             (nearest.empty() ? "" : "; did you mean '" + nearest + "'?");
    }
    if (!lines.emplace(setting.name, setting.line).second) {
      return at(setting.line) + "'" + setting.name + "' stands there twice";
    }
    if (!found->second->empty()) continue;  // somebody else has said it
    const std::string wrong = fill(*found->second, setting.values);
    if (!wrong.empty()) return at(setting.line) + setting.name + ": " + wrong;
    sources_[setting.name] = at(setting.line).substr(0, at(setting.line).size() - 2);
  }
  return {};
}

std::string ConfigSources::source_of(const std::string& name) const {
  const auto found = sources_.find(name);
  return found == sources_.end() ? "" : found->second;
}

std::string ConfigSources::print() const {
  std::string text;
  for (const CLI::Option* option : app_.get_options()) {
    if (!is_setting(*option)) continue;
    const std::string name = name_of(*option);
    const std::vector<std::string> values = values_of(*option);
    if (values.empty()) {
      text += "# " + name + " is not set\n";
      continue;
    }
    std::string list;
    for (const std::string& value : values) {
      const bool is_plain = value == "true" || value == "false" ||
                            value.find_first_not_of("0123456789") == std::string::npos;
      list +=
          (list.empty() ? "" : ", ") + (is_plain && !value.empty() ? value : quote_setting(value));
    }
    const std::string source = source_of(name);
    text += name + " = " + (is_repeatable(*option) ? "[" + list + "]" : list) + "  # " +
            (option->empty()  ? "default"
             : source.empty() ? "command line"
                              : source) +
            "\n";
  }
  return text;
}

}  // namespace server
