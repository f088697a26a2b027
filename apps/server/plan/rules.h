// Rules: the rights of each asker below each path, as --allow 'WHO RIGHTS [PATH]' says. Pure.
//
// Of the rules whose WHO includes the asker, the one with the deepest PATH decides; at equal depth
// a name comes before `users`, and `users` before `anyone`. Nothing is merged, so that each answer
// has one rule that gave it. Rights are rights of URLs: a symbolic link has those of its own path.
// docs/decisions/0026-rules.md has the reasons. Covered by tests/server/plan/rules_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/options/user_name.h"
#include "apps/server/plan/methods.h"

namespace server {

using options::is_user_name;
using options::most_name_bytes;

// The prefix of the names that certificates of clients give. No name in those files has it.
inline constexpr std::string_view certificate_prefix = "cert:";

struct Rights {
  bool read = false;
  bool write = false;   // create, replace and delete
  bool create = false;  // create only: a PUT that replaces nothing. Never set together with `write`

  bool operator==(const Rights&) const = default;
};

struct Rule {
  // In the order of precedence, the weakest first.
  enum class Who : std::uint8_t { anyone, users, name };

  Who who = Who::anyone;
  std::string name;  // of Who::name, with "cert:" where it is that of a certificate
  Rights rights;
  std::string path;       // without a slash at either end; empty: all paths
  std::size_t depth = 0;  // the number of segments of `path`
  std::string text;       // for people: the value of --allow, or the default in words
  bool is_default = false;

  // Whether the rule is about `user`; empty: an asker without credentials.
  [[nodiscard]] bool includes(std::string_view user) const {
    return who == Who::anyone || (!user.empty() && (who == Who::users || name == user));
  }
};

class Rules {
 public:
  // A rule is looked for by comparing all of them, so that a longer list would be slow.
  static constexpr std::size_t most_rules = 256;

  // Adds the rule of one --allow. Returns the problem with `text`, as the predicate of a sentence,
  // or an empty view.
  [[nodiscard]] std::string_view add(std::string_view text);

  // To be called after the last add(). With `has_accounts` (askers may have names) and without a
  // rule for users or a name, adds the default: users do all that --writable allows.
  void finish(bool has_accounts);

  [[nodiscard]] bool empty() const { return rules_.empty(); }
  // In the order in which they are compared, once finish() was called.
  [[nodiscard]] const std::vector<Rule>& all() const { return rules_; }

  // The rule that decides about `path` (as Intent::path) for `user`; null: none is about them.
  [[nodiscard]] const Rule* rule_for(std::string_view user, std::string_view path) const;
  [[nodiscard]] bool may_read(std::string_view user, std::string_view path) const;
  // Whether there is a rule for a path below `path`, so that rights below may differ from it.
  [[nodiscard]] bool differ_below(std::string_view path) const;
  // Whether `user` may read a path below `path` because of a rule for that path.
  [[nodiscard]] bool lead_on(std::string_view user, std::string_view path) const;

 private:
  std::vector<Rule> rules_;
};

// Whether `path` is `directory` or below it. Both are as in Intent::path, the root is empty.
[[nodiscard]] bool is_within(std::string_view path, std::string_view directory);

struct Access {
  enum class Outcome : std::uint8_t {
    allowed,
    way_only,  // a directory on the way to one that may be read: its listing shows that way alone
    refused,
  };
  Outcome outcome = Outcome::refused;
  bool must_create = false;    // the right is to create only: nothing may be replaced
  const Rule* rule = nullptr;  // the one that decided; null: none is about the asker
};

// Decides about `action` on `path`, of a MOVE the source. Its destination needs Action::write.
// `shows_ways`: directories have listings.
[[nodiscard]] Access judge_access(const Rules& rules, std::string_view user, Action action,
                                  std::string_view path, bool shows_ways);

// The answer to --explain 'WHO METHOD PATH': whether it is allowed, and by which rule, as a line.
// `has_accounts`: a password or a token could help an asker without a name. `problem` is set, as
// the predicate of a sentence, where `text` is no such question.
[[nodiscard]] std::string explain_access(const Rules& rules, std::string_view text, bool writable,
                                         bool has_accounts, std::string_view& problem);

}  // namespace server
