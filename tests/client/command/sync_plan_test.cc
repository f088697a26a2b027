// How a tree becomes like another one, by a table of small trees.
#include "apps/client/command/sync_plan.h"

#include <map>
#include <random>
#include <sstream>

#include <gtest/gtest.h>

namespace client {
namespace {

// A tree as words: "name:SIZE@TIME" is a file, "?" an unknown size or time, "name/" a directory,
// "name*" something else; "!name" is a directory that could not be read, "~" an incomplete listing.
Tree tree(const std::string& text) {
  Tree made;
  std::istringstream words(text);
  std::string word;
  while (words >> word) {
    if (word == "~" || word.front() == '!') {
      made.is_complete = false;
      if (word != "~") made.unread.push_back(word.substr(1));
      continue;
    }
    TreeEntry& entry = made.entries.emplace_back();
    const std::size_t colon = word.find(':');
    entry.path = word.substr(0, colon);
    if (colon == std::string::npos) {
      entry.kind = word.back() == '/' ? TreeEntry::Kind::directory : TreeEntry::Kind::other;
      entry.path.pop_back();
      continue;
    }
    const std::size_t at = word.find('@');
    const std::string size = word.substr(colon + 1, at - colon - 1);
    const std::string time = word.substr(at + 1);
    if (size != "?") entry.size = std::stoull(size);
    if (time != "?") entry.modified = std::stoll(time);
  }
  sort_tree(made);
  return made;
}

std::string text_of(const SyncPlan& plan) {
  std::string text;
  for (const SyncAction& action : plan.actions) {
    switch (action.kind) {
      case SyncAction::Kind::make_directory: text += "mkdir "; break;
      case SyncAction::Kind::copy: text += action.is_new ? "new " : "copy "; break;
      case SyncAction::Kind::compare: text += "compare "; break;
      case SyncAction::Kind::remove: text += action.is_directory ? "rmdir " : "rm "; break;
      case SyncAction::Kind::conflict: text += "conflict "; break;
    }
    text += action.path + " ";
  }
  if (plan.keeps_surplus) text += "keeps ";
  return text + "=" + std::to_string(plan.equal);
}

constexpr SyncRules plain{};
constexpr SyncRules removing{.removes = true, .removes_directories = true};
constexpr SyncRules comparing{.compares_digests = true};
constexpr SyncRules removing_files{.removes = true};

TEST(SyncPlan, IsAFunctionOfTwoTrees) {
  struct Row {
    const char* source;
    const char* target;
    SyncRules rules;
    const char* plan;
  };
  const std::vector<Row> rows = {
      {"", "", removing, "=0"},
      {"a:1@5", "", plain, "new a =0"},
      {"a:1@5", "a:1@5", plain, "=1"},
      {"a:1@5", "a:2@5", plain, "copy a =0"},
      {"a:1@5", "a:1@4", plain, "copy a =0"},
      {"a:1@5", "a:1@6", plain, "copy a =0"},
      {"a:1@?", "a:1@6", plain, "compare a =0"},
      {"a:?@?", "a:1@6", plain, "compare a =0"},
      {"a:1@5", "a:2@?", plain, "compare a =0"},
      // With --checksum times say nothing
      {"a:1@5", "a:1@5", comparing, "compare a =0"},
      {"a:1@5", "a:1@9", comparing, "compare a =0"},
      {"a:1@5", "a:2@5", comparing, "copy a =0"},
      {"a:1@5 d/ d/b:1@5", "d/", comparing, "new a new d/b =0"},
      // Surplus
      {"", "a:1@5", plain, "=0"},
      {"", "a:1@5", removing, "rm a =0"},
      {"", "d/ d/a:1@5 d/e/ d/e/f:1@5", removing, "rm d/e/f rmdir d/e rm d/a rmdir d =0"},
      {"", "d/ d/a:1@5", removing_files, "rm d/a =0"},
      {"b:1@5", "a:1@5 c:1@5", removing, "new b rm c rm a =0"},
      {"", "l*", removing, "=0"},
      // Directories
      {"d/ d/a:1@5", "", plain, "mkdir d new d/a =0"},
      {"d/ d/a:1@5 d.txt:1@5", "d/", plain, "new d.txt new d/a =0"},
      {"l*", "", removing, "=0"},
      // Something is in the way
      {"a:1@5", "a/ a/b:1@5", removing, "conflict a =0"},
      {"a/ a/b:1@5 c:1@5", "a:1@5", removing, "conflict a new c =0"},
      {"a:1@5", "a*", removing, "conflict a =0"},
      {"a*", "a:1@5", removing, "=0"},
      {"a* ", "a/ a/b:1@5", plain, "=0"},
      // Listings that are not complete
      {"~ a:1@5", "b:1@5", removing, "new a keeps =0"},
      {"a:1@5", "~ b:1@5", removing, "new a keeps =0"},
      {"d/ !d", "d/ d/a:1@5", removing, "keeps =0"},
      {"d/ d/a:1@5 e:1@5", "d/ !d", removing, "new e keeps =0"},
      {"d/ !d e:1@5", "", plain, "mkdir d new e =0"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(text_of(plan_sync(tree(row.source), tree(row.target), row.rules)), row.plan)
        << row.source << " -> " << row.target;
  }
}

// Does the plan to the target, as a server would.
void apply(const SyncPlan& plan, const std::map<std::string, TreeEntry>& source,
           std::map<std::string, TreeEntry>& target) {
  for (const SyncAction& action : plan.actions) {
    if (action.kind == SyncAction::Kind::remove) {
      const auto above = target.lower_bound(action.path + "/");
      const bool is_empty = above == target.end() || !above->first.starts_with(action.path + "/");
      EXPECT_TRUE(!action.is_directory || is_empty) << action.path;
      EXPECT_EQ(target.erase(action.path), 1U) << action.path;
    } else if (action.kind != SyncAction::Kind::conflict) {
      target[action.path] = source.at(action.path);
    }
  }
}

Tree random_tree(std::mt19937& random) {
  Tree made;
  const char* const names[] = {"a", "b", "b.c", "d", "d/a", "d/b", "d/e", "d/e/a", "f"};
  for (const char* const name : names) {
    const bool is_directory = std::string_view(name) == "d" || std::string_view(name) == "d/e";
    if (!is_directory && random() % 2 == 0) continue;
    made.entries.push_back(
        {.path = name,
         .kind = is_directory ? TreeEntry::Kind::directory : TreeEntry::Kind::file,
         .size = random() % 2,
         .modified = random() % 2});
  }
  sort_tree(made);
  return made;
}

TEST(SyncPlan, MakesTheTargetLikeTheSourceAndThenPlansNothing) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    const Tree source = random_tree(random);
    const Tree target = random_tree(random);
    std::map<std::string, TreeEntry> from;
    std::map<std::string, TreeEntry> to;
    for (const TreeEntry& entry : source.entries) from[entry.path] = entry;
    for (const TreeEntry& entry : target.entries) to[entry.path] = entry;
    apply(plan_sync(source, target, removing), from, to);
    Tree result;
    for (const auto& [path, entry] : to) result.entries.push_back(entry);
    EXPECT_EQ(from.size(), to.size());
    EXPECT_TRUE(plan_sync(source, result, removing).actions.empty()) << round;
  }
}

}  // namespace
}  // namespace client
