// Reading rules, their order, and the decision. Covered by tests/server/plan/rules_test.cc.
#include "apps/server/plan/rules.h"

#include <algorithm>
#include <array>
#include <optional>

#include "parser/message.h"

namespace server {

namespace {

constexpr std::string_view spaces = " \t";

// Takes the first word off `text`, with the white space around it.
std::string_view take_word(std::string_view& text) {
  const std::size_t begin = std::min(text.find_first_not_of(spaces), text.size());
  const std::size_t end = std::min(text.find_first_of(spaces, begin), text.size());
  const std::string_view word = text.substr(begin, end - begin);
  const std::size_t next = std::min(text.find_first_not_of(spaces, end), text.size());
  text.remove_prefix(next);
  return word;
}

std::string_view without_end(std::string_view text) {
  const std::size_t last = text.find_last_not_of(spaces);
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

std::optional<Rights> rights_of(std::string_view word) {
  if (word == "r") return Rights{.read = true};
  if (word == "w") return Rights{.write = true};
  if (word == "rw") return Rights{.read = true, .write = true};
  if (word == "c") return Rights{.create = true};
  if (word == "-") return Rights{};
  return std::nullopt;
}

// Sets the path and the depth of `rule`. Returns the problem with `text`, or an empty view.
std::string_view take_path(std::string_view text, Rule& rule) {
  if (!text.starts_with('/')) return "has a path that does not begin with a slash";
  text.remove_prefix(1);
  if (text.ends_with('/')) text.remove_suffix(1);
  rule.path = text;
  if (text.empty()) return {};
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    const std::string_view segment = text.substr(begin, end - begin);
    if (segment.empty()) return "has a path with two slashes in a row";
    if (segment == "." || segment == "..") return "has a path with a segment of dots alone";
    ++rule.depth;
    begin = end + 1;
  }
  const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
  });
  return has_control ? std::string_view("has a path with a control byte") : std::string_view();
}

std::string_view take_who(std::string_view word, Rule& rule) {
  if (word == "anyone" || word == "users") {
    rule.who = word == "users" ? Rule::Who::users : Rule::Who::anyone;
    return {};
  }
  rule.who = Rule::Who::name;
  rule.name = word;
  const bool is_certificate = word.starts_with(certificate_prefix);
  if (is_certificate) word.remove_prefix(certificate_prefix.size());
  if (!is_certificate && word.find(':') != std::string_view::npos) {
    return "has a name with a colon, which only cert:NAME has";
  }
  if (is_certificate && (word.empty() || rule.name.size() > most_name_bytes)) {
    return "has no name behind cert:, or one of more than 255 bytes";
  }
  if (!is_certificate && !is_user_name(word)) return "has a name that no user can have";
  return {};
}

// A path as in Intent::path, with an empty view for the root.
std::string_view plain_path(std::string_view path) {
  return path == "." ? std::string_view() : path;
}

bool is_below(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && is_within(path, directory);
}

// Whether `left` is compared before `right`.
bool comes_before(const Rule& left, const Rule& right) {
  if (left.depth != right.depth) return left.depth > right.depth;
  return left.who > right.who;
}

}  // namespace

bool is_within(std::string_view path, std::string_view directory) {
  if (directory.empty()) return true;
  if (!path.starts_with(directory)) return false;
  return path.size() == directory.size() || path[directory.size()] == '/';
}

std::string_view Rules::add(std::string_view text) {
  Rule rule;
  rule.text = "--allow '" + std::string(text) + "'";
  if (rules_.size() == most_rules) return "is the 257th rule, and 256 are allowed";
  std::string_view rest = text;
  const std::string_view who = take_word(rest);
  const std::string_view rights = take_word(rest);
  if (who.empty() || rights.empty()) return "has no WHO and RIGHTS";
  if (std::string_view problem = take_who(who, rule); !problem.empty()) return problem;
  const std::optional<Rights> known = rights_of(rights);
  if (!known) return "has other rights than r, w, rw, c (create only) and - (none)";
  rule.rights = *known;
  rest = without_end(rest);
  if (std::string_view problem = take_path(rest.empty() ? "/" : rest, rule); !problem.empty()) {
    return problem;
  }
  const bool is_known = std::any_of(rules_.begin(), rules_.end(), [&rule](const Rule& other) {
    return other.who == rule.who && other.name == rule.name && other.path == rule.path;
  });
  if (is_known) return "is the second rule for this WHO and this PATH";
  rules_.push_back(std::move(rule));
  return {};
}

void Rules::finish(bool has_accounts) {
  const bool is_about_users = std::any_of(
      rules_.begin(), rules_.end(), [](const Rule& rule) { return rule.who != Rule::Who::anyone; });
  if (has_accounts && !is_about_users) {
    rules_.push_back({.who = Rule::Who::users,
                      .rights = {.read = true, .write = true},
                      .text = "the default 'users rw', as no --allow is about users or a name",
                      .is_default = true});
  }
  std::stable_sort(rules_.begin(), rules_.end(), comes_before);
}

const Rule* Rules::rule_for(std::string_view user, std::string_view path) const {
  const std::string_view plain = plain_path(path);
  const auto found = std::find_if(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    return rule.includes(user) && is_within(plain, rule.path);
  });
  return found == rules_.end() ? nullptr : &*found;
}

bool Rules::may_read(std::string_view user, std::string_view path) const {
  const Rule* const rule = rule_for(user, path);
  return rule && rule->rights.read;
}

bool Rules::differ_below(std::string_view path) const {
  const std::string_view plain = plain_path(path);
  return std::any_of(rules_.begin(), rules_.end(),
                     [plain](const Rule& rule) { return is_below(rule.path, plain); });
}

bool Rules::lead_on(std::string_view user, std::string_view path) const {
  const std::string_view plain = plain_path(path);
  return std::any_of(rules_.begin(), rules_.end(), [&](const Rule& rule) {
    return rule.rights.read && is_below(rule.path, plain) && may_read(user, rule.path);
  });
}

namespace {

bool is_reading(Action action) { return action == Action::read || action == Action::archive; }

}  // namespace

Access judge_access(const Rules& rules, std::string_view user, Action action, std::string_view path,
                    bool shows_ways) {
  // A preflight request of a browser never has credentials, and the answer to OPTIONS is about the
  // server and no file.
  if (action == Action::options) return {.outcome = Access::Outcome::allowed};
  Access access{.rule = rules.rule_for(user, path)};
  const Rights rights = access.rule ? access.rule->rights : Rights{};
  bool is_allowed = false;
  switch (action) {
    case Action::read:
    case Action::archive: is_allowed = rights.read; break;
    case Action::write:
    case Action::create:
    case Action::make_directory:
    case Action::resume:
      is_allowed = rights.write || rights.create;
      access.must_create = rights.create;
      break;
    case Action::remove: is_allowed = rights.write; break;
    // Where the destination may be read, a MOVE tells the content of its source.
    case Action::move: is_allowed = rights.read && rights.write; break;
    default: break;
  }
  if (is_allowed) {
    access.outcome = Access::Outcome::allowed;
  } else if (is_reading(action) && shows_ways && rules.lead_on(user, path)) {
    access.outcome = Access::Outcome::way_only;
  }
  return access;
}

namespace {

// The method of that name, in capital letters; null where this server does not implement it.
const MethodRule* find_method(std::string_view name) {
  const auto* const found =
      std::find_if(methods.begin(), methods.end(),
                   [name](const MethodRule& rule) { return http1::text_of(rule.method) == name; });
  return found == methods.end() ? nullptr : found;
}

std::string_view outcome_of(const Access& access, bool may_get_name) {
  switch (access.outcome) {
    case Access::Outcome::allowed:
      return access.must_create ? "allowed, unless it replaces a file" : "allowed";
    case Access::Outcome::way_only:
      return "allowed for a directory, which lists only the way to what may be read";
    case Access::Outcome::refused: break;
  }
  return may_get_name ? "refused (401)" : "refused (403)";
}

}  // namespace

std::string explain_access(const Rules& rules, std::string_view text, bool writable,
                           bool has_accounts, std::string_view& problem) {
  std::string_view rest = text;
  const std::string_view who = take_word(rest);
  const std::string_view name = take_word(rest);
  const std::string_view target = without_end(rest);
  const MethodRule* const method = find_method(name);
  Rule place;
  problem = {};
  if (target.empty()) problem = "has no WHO, METHOD and PATH";
  if (problem.empty() && who == "users") problem = "needs the name of one user, or anyone";
  if (problem.empty() && !method) {
    problem = "has a method other than GET, HEAD, PUT, PATCH, DELETE, MKCOL and MOVE";
  }
  if (problem.empty()) problem = take_path(target, place);
  if (!problem.empty()) return {};
  const std::string_view user = who == "anyone" ? std::string_view() : who;
  std::string line = std::string(who) + " " + std::string(name) + " " + std::string(target) + ": ";
  if (method->writes && !writable) return line + "refused (405): there is no --writable\n";
  const std::string_view path = place.path.empty() ? std::string_view(".") : place.path;
  const Access access = judge_access(rules, user, method->action, path, true);
  std::string_view reason =
      access.rule ? std::string_view(access.rule->text) : std::string_view("no rule is about this");
  if (method->action == Action::options) reason = "OPTIONS needs no right";
  if (rules.empty()) reason = "there is no --allow, --users or --tokens";
  const Access open{.outcome = Access::Outcome::allowed};
  const std::string_view outcome =
      outcome_of(rules.empty() ? open : access, user.empty() && has_accounts);
  return line.append(outcome).append(": ").append(reason) + "\n";
}

}  // namespace server
