// Which rules are read, which one decides, and what follows from its rights.
#include "apps/server/plan/rules.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace server {
namespace {

Rules rules_of(const std::vector<std::string>& texts, bool has_accounts = true) {
  Rules rules;
  for (const std::string& text : texts) EXPECT_EQ(rules.add(text), "") << text;
  rules.finish(has_accounts);
  return rules;
}

// The text of the rule that decides, without its option; "" for none.
std::string decider(const Rules& rules, std::string_view user, std::string_view path) {
  const Rule* const rule = rules.rule_for(user, path);
  if (!rule) return "";
  constexpr std::string_view begin = "--allow '";
  const std::string_view text = rule->text;
  return std::string(text.substr(begin.size(), text.size() - begin.size() - 1));
}

TEST(Rules, AreReadFromTheirTexts) {
  Rules rules;
  ASSERT_EQ(rules.add("  alice \t rw   /a b/c/  "), "");
  const Rule& rule = rules.all().front();
  EXPECT_EQ(rule.who, Rule::Who::name);
  EXPECT_EQ(rule.name, "alice");
  EXPECT_EQ(rule.rights, (Rights{.read = true, .write = true}));
  EXPECT_EQ(rule.path, "a b/c");
  EXPECT_EQ(rule.depth, 2U);
  EXPECT_EQ(rules.add("cert:a:b@example.org c /"), "");
  EXPECT_EQ(rules.all().back().name, "cert:a:b@example.org");
  EXPECT_EQ(rules.all().back().rights, Rights{.create = true});
  EXPECT_EQ(rules.add("anyone -"), "");
  EXPECT_EQ(rules.all().back().rights, Rights{});
  EXPECT_EQ(rules.add("users w /x"), "");
  EXPECT_EQ(rules.all().back().rights, Rights{.write = true});
}

TEST(Rules, AreRefusedWithTheReason) {
  const struct {
    const char* text;
    const char* problem;
  } rows[] = {
      {"", "has no WHO and RIGHTS"},
      {"alice", "has no WHO and RIGHTS"},
      {"alice x", "has other rights than r, w, rw, c (create only) and - (none)"},
      {"alice wr", "has other rights than r, w, rw, c (create only) and - (none)"},
      {"alice r x", "has a path that does not begin with a slash"},
      {"alice r //x", "has a path with two slashes in a row"},
      {"alice r /x//y", "has a path with two slashes in a row"},
      {"alice r /x//", "has a path with two slashes in a row"},
      {"alice r /x/../y", "has a path with a segment of dots alone"},
      {"alice r /.", "has a path with a segment of dots alone"},
      {"alice r /a\x01", "has a path with a control byte"},
      {"a:b r", "has a name with a colon, which only cert:NAME has"},
      {"cert: r", "has no name behind cert:, or one of more than 255 bytes"},
  };
  for (const auto& row : rows) {
    Rules rules;
    EXPECT_EQ(rules.add(row.text), row.problem) << row.text;
    EXPECT_TRUE(rules.empty()) << row.text;
  }
  Rules rules;
  EXPECT_EQ(rules.add(std::string(256, 'a') + " r"), "has a name that no user can have");
  ASSERT_EQ(rules.add("alice r /x"), "");
  EXPECT_EQ(rules.add("alice rw /x/"), "is the second rule for this WHO and this PATH");
  EXPECT_EQ(rules.add("bob rw /x"), "");
  EXPECT_EQ(rules.add("users rw /x"), "");
  EXPECT_EQ(rules.add("anyone - /x"), "");
  EXPECT_EQ(rules.add("anyone r /x"), "is the second rule for this WHO and this PATH");
}

TEST(Rules, AreAtMost256) {
  Rules rules;
  for (int i = 0; i < 256; ++i) ASSERT_EQ(rules.add("a r /" + std::to_string(i)), "");
  EXPECT_EQ(rules.add("a r /x"), "is the 257th rule, and 256 are allowed");
}

TEST(Rules, HaveADefaultUntilOneIsAboutUsers) {
  EXPECT_TRUE(rules_of({}, false).empty());
  EXPECT_EQ(rules_of({"anyone r"}, false).all().size(), 1U);
  for (const auto& texts : {std::vector<std::string>{}, {"anyone r"}, {"anyone r /pub"}}) {
    const Rules rules = rules_of(texts);
    const Rule* const rule = rules.rule_for("alice", "x");
    ASSERT_NE(rule, nullptr);
    EXPECT_TRUE(rule->is_default);
    EXPECT_EQ(rule->rights, (Rights{.read = true, .write = true}));
  }
  EXPECT_EQ(rules_of({"alice rw /in"}).rule_for("bob", "x"), nullptr);
  EXPECT_EQ(rules_of({"users r /pub"}).rule_for("bob", "x"), nullptr);
}

// Every pair of WHO and PATH that may be about alice's request for /a/b/c, in both orders: the
// deeper path wins, and at equal depth the more special WHO.
TEST(Rules, DecideForEachPairOfWhoAndPath) {
  const std::vector<std::string> whos = {"anyone", "users", "alice"};  // the weakest first
  const std::vector<std::string> paths = {"/", "/a", "/a/b", "/a/b/c"};
  int pairs = 0;
  for (std::size_t who1 = 0; who1 < whos.size(); ++who1) {
    for (std::size_t path1 = 0; path1 < paths.size(); ++path1) {
      for (std::size_t who2 = 0; who2 < whos.size(); ++who2) {
        for (std::size_t path2 = 0; path2 < paths.size(); ++path2) {
          if (who1 == who2 && path1 == path2) continue;
          const std::string one = whos[who1] + " r " + paths[path1];
          const std::string two = whos[who2] + " rw " + paths[path2];
          const bool first_wins = path1 != path2 ? path1 > path2 : who1 > who2;
          EXPECT_EQ(decider(rules_of({one, two}), "alice", "a/b/c"), first_wins ? one : two);
          ++pairs;
        }
      }
    }
  }
  EXPECT_EQ(pairs, 12 * 11);
}

// Each WHO, each PATH and each asker alone: whether the rule is about the request.
TEST(Rules, AreAboutTheirAskersAndPaths) {
  const struct {
    const char* who;
    std::vector<std::string> askers;
  } whos[] = {{"anyone", {"", "alice", "bob", "cert:alice"}},
              {"users", {"alice", "bob", "cert:alice"}},
              {"alice", {"alice"}},
              {"cert:alice", {"cert:alice"}}};
  const struct {
    const char* path;
    std::vector<std::string> paths;
  } places[] = {{"/", {".", "a", "a/b", "ab", "a/b/c", "A"}},
                {"/a", {"a", "a/b", "a/b/c"}},
                {"/a/b", {"a/b", "a/b/c"}},
                {"/a/b/c/d", {}}};
  for (const auto& who : whos) {
    for (const auto& place : places) {
      const Rules rules = rules_of({std::string(who.who) + " r " + place.path}, false);
      for (const std::string asker : {"", "alice", "bob", "cert:alice", "users", "anyone"}) {
        for (const std::string path : {".", "a", "a/b", "ab", "a/b/c", "A"}) {
          const bool is_named =
              std::find(who.askers.begin(), who.askers.end(), asker) != who.askers.end();
          const bool is_other = asker == "users" || asker == "anyone";  // names like all others
          const bool is_who =
              is_other ? std::string(who.who) == "anyone" || std::string(who.who) == "users"
                       : is_named;
          const bool is_path =
              std::find(place.paths.begin(), place.paths.end(), path) != place.paths.end();
          EXPECT_EQ(rules.may_read(asker, path), is_who && is_path)
              << who.who << " " << place.path << " for '" << asker << "' at " << path;
        }
      }
    }
  }
}

// All rights and all actions.
TEST(Rules, GiveTheirRights) {
  using Outcome = Access::Outcome;
  const struct {
    const char* rights;
    Outcome read;
    Outcome write;
    Outcome remove;
    bool must_create;
  } rows[] = {
      {"r", Outcome::allowed, Outcome::refused, Outcome::refused, false},
      {"w", Outcome::refused, Outcome::allowed, Outcome::allowed, false},
      {"rw", Outcome::allowed, Outcome::allowed, Outcome::allowed, false},
      {"c", Outcome::refused, Outcome::allowed, Outcome::refused, true},
      {"-", Outcome::refused, Outcome::refused, Outcome::refused, false},
  };
  for (const auto& row : rows) {
    for (const char* who : {"anyone", "users", "alice"}) {
      const Rules rules = rules_of({std::string(who) + " " + row.rights + " /in"});
      const auto outcome = [&](Action action, std::string_view path) {
        return judge_access(rules, "alice", action, path, false).outcome;
      };
      EXPECT_EQ(outcome(Action::read, "in/x"), row.read) << row.rights;
      EXPECT_EQ(outcome(Action::write, "in/x"), row.write) << row.rights;
      EXPECT_EQ(outcome(Action::remove, "in/x"), row.remove) << row.rights;
      EXPECT_EQ(outcome(Action::options, "in/x"), Outcome::allowed) << row.rights;
      EXPECT_EQ(judge_access(rules, "alice", Action::write, "in/x", false).must_create,
                row.must_create);
    }
  }
}

// A deny below a right, and a right below a deny.
TEST(Rules, AreNotMerged) {
  const Rules rules = rules_of({"anyone r /pub", "users rw", "alice - /pub/own", "bob rw /pub"});
  EXPECT_EQ(decider(rules, "alice", "pub/x"), "anyone r /pub");
  EXPECT_EQ(decider(rules, "alice", "pub/own/x"), "alice - /pub/own");
  EXPECT_EQ(decider(rules, "carol", "pub/own/x"), "anyone r /pub");
  EXPECT_EQ(decider(rules, "bob", "pub/x"), "bob rw /pub");
  EXPECT_EQ(decider(rules, "alice", "x"), "users rw");
  EXPECT_EQ(decider(rules, "", "x"), "");
}

TEST(Rules, ShowTheWayToWhatMayBeRead) {
  const Rules rules = rules_of({"anyone r /a/b/pub", "alice r /a/own", "alice - /a/b/pub"});
  const auto outcome = [&](std::string_view user, std::string_view path) {
    return judge_access(rules, user, Action::read, path, true).outcome;
  };
  using Outcome = Access::Outcome;
  for (const char* path : {".", "a", "a/b"}) EXPECT_EQ(outcome("", path), Outcome::way_only);
  EXPECT_EQ(outcome("", "a/b/pub"), Outcome::allowed);
  EXPECT_EQ(outcome("", "a/own"), Outcome::refused);
  EXPECT_EQ(outcome("", "a/b/pubs"), Outcome::refused);
  EXPECT_EQ(outcome("", "b"), Outcome::refused);
  EXPECT_EQ(outcome("alice", "a"), Outcome::way_only);
  EXPECT_EQ(outcome("alice", "a/b"), Outcome::refused) << "what is below it is not for alice";
  EXPECT_EQ(judge_access(rules, "", Action::write, "a", true).outcome, Outcome::refused);
  EXPECT_EQ(judge_access(rules, "", Action::read, "a", false).outcome, Outcome::refused);
  EXPECT_TRUE(rules.differ_below("a"));
  EXPECT_TRUE(rules.differ_below("."));
  EXPECT_FALSE(rules.differ_below("a/b/pub"));
  EXPECT_FALSE(rules.differ_below("b"));
}

TEST(Rules, AreExplained) {
  const Rules rules = rules_of({"anyone r", "alice rw /incoming", "users c /box"});
  const auto explain = [&](std::string_view text) {
    std::string_view problem;
    const std::string answer = explain_access(rules, text, true, true, problem);
    return problem.empty() ? answer : std::string(problem);
  };
  EXPECT_EQ(explain("alice PUT /incoming/x"),
            "alice PUT /incoming/x: allowed: --allow 'alice rw /incoming'\n");
  EXPECT_EQ(explain(" anyone  PUT  /incoming/x y "),
            "anyone PUT /incoming/x y: refused (401): --allow 'anyone r'\n");
  EXPECT_EQ(explain("bob DELETE /box/x"),
            "bob DELETE /box/x: refused (403): --allow 'users c /box'\n");
  EXPECT_EQ(explain("bob PUT /box/x"),
            "bob PUT /box/x: allowed, unless it replaces a file: --allow 'users c /box'\n");
  EXPECT_EQ(explain("anyone OPTIONS /"), "anyone OPTIONS /: allowed: OPTIONS needs no right\n");
  EXPECT_EQ(explain("alice PUT"), "has no WHO, METHOD and PATH");
  EXPECT_EQ(explain("users GET /"), "needs the name of one user, or anyone");
  EXPECT_EQ(explain("alice MOVE /incoming/x"),
            "alice MOVE /incoming/x: allowed: --allow 'alice rw /incoming'\n");
  EXPECT_EQ(explain("bob MKCOL /box/x"),
            "bob MKCOL /box/x: allowed, unless it replaces a file: --allow 'users c /box'\n");
  EXPECT_EQ(explain("bob MOVE /box/x"), "bob MOVE /box/x: refused (403): --allow 'users c /box'\n");
  EXPECT_EQ(explain("alice COPY /"),
            "has a method other than GET, HEAD, PUT, PATCH, DELETE, MKCOL and MOVE");
  EXPECT_EQ(explain("alice GET x"), "has a path that does not begin with a slash");
  std::string_view problem;
  EXPECT_EQ(explain_access(Rules(), "alice PUT /x", false, false, problem),
            "alice PUT /x: refused (405): there is no --writable\n");
  EXPECT_EQ(explain_access(Rules(), "alice PUT /x", true, false, problem),
            "alice PUT /x: allowed: there is no --allow, --users or --tokens\n");
}

}  // namespace
}  // namespace server
