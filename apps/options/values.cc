// Setting and getting. Covered by tests/options/values_test.cc.
#include "apps/options/values.h"

#include <cassert>
#include <utility>

#include "apps/options/messages.h"
#include "apps/options/read_value.h"

namespace options {

namespace {

const std::string no_text;

// `--index ''` replaces the default by an empty list.
bool is_empty_list(const Option& option, const std::vector<std::string>& texts) {
  const bool has_default = !option.default_text.empty();
  return option.repeatable && !option.is_required && has_default && texts.size() == 1 &&
         texts.front().empty();
}

}  // namespace

Values::Values(const Program& program) : program_(&program) {
  for (const Option& option : program.options) {
    Setting setting{.option = &option};
    if (option.kind == Kind::flag) setting.texts.emplace_back("false");
    if (!option.default_text.empty()) setting.texts.emplace_back(option.default_text);
    settings_.push_back(std::move(setting));
  }
}

const Setting& Values::setting(std::string_view name) const {
  const Option* const option = find_option(*program_, name);
  assert(option);
  return settings_[static_cast<std::size_t>(option - program_->options.data())];
}

ExitReason Values::set(const Option& option, std::vector<std::string> texts, Place place) {
  const std::size_t index = static_cast<std::size_t>(&option - program_->options.data());
  assert(index < settings_.size() && !settings_[index].is_given());
  if (is_empty_list(option, texts)) texts.clear();
  const bool too_few = texts.empty() && (option.is_required || !option.repeatable);
  if (too_few || (texts.size() > 1 && !option.repeatable)) {
    return count_error(*program_, option, place, texts.size());
  }
  for (std::string& text : texts) {
    const std::string_view problem = problem_of(option, text);
    if (!problem.empty()) return value_error(*program_, option, place, text, problem);
    if (option.kind == Kind::flag) text = *parse_flag(text) ? "true" : "false";
  }
  settings_[index].texts = std::move(texts);
  settings_[index].place = std::move(place);
  return {};
}

bool Values::flag(std::string_view name) const { return text(name) == "true"; }

std::uint64_t Values::count(std::string_view name) const {
  return parse_count(text(name)).value_or(0);
}

std::uint64_t Values::bytes(std::string_view name) const {
  return parse_bytes(text(name)).value_or(0);
}

std::int64_t Values::milliseconds(std::string_view name) const {
  return parse_seconds(text(name)).value_or(0);
}

const std::string& Values::text(std::string_view name) const {
  const std::vector<std::string>& values = texts(name);
  return values.empty() ? no_text : values.front();
}

const std::vector<std::string>& Values::texts(std::string_view name) const {
  return setting(name).texts;
}

std::vector<const Option*> changed_options(const Values& before, const Values& after) {
  assert(&before.program() == &after.program());
  std::vector<const Option*> changed;
  for (std::size_t i = 0; i < before.all().size(); ++i) {
    if (before.all()[i].texts != after.all()[i].texts) changed.push_back(before.all()[i].option);
  }
  return changed;
}

}  // namespace options
