// Covered by tests/client/command/sync_plan_test.cc.
#include "apps/client/command/sync_plan.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace client {

namespace {

using EntryKind = TreeEntry::Kind;
using Action = SyncAction::Kind;

// Walks both trees at once, by path.
class Planner {
 public:
  Planner(const Tree& source, const Tree& target, const SyncRules& rules)
      : source_(source), target_(target), rules_(rules) {
    removes_ = rules.removes && source.is_complete && target.is_complete;
    plan_.keeps_surplus = rules.removes && !removes_;
    skipped_.insert(source.unread.begin(), source.unread.end());
    skipped_.insert(target.unread.begin(), target.unread.end());
  }

  SyncPlan plan() {
    auto from = source_.entries.begin();
    auto to = target_.entries.begin();
    while (from != source_.entries.end() || to != target_.entries.end()) {
      const bool lacks_source =
          from == source_.entries.end() || (to != target_.entries.end() && to->path < from->path);
      const bool lacks_target =
          to == target_.entries.end() || (!lacks_source && from->path < to->path);
      if (lacks_source) {
        add_surplus(*to++);
      } else if (lacks_target) {
        add_missing(*from++);
      } else {
        add_both(*from++, *to++);
      }
    }
    // A directory's path is before those of its content.
    std::reverse(removals_.begin(), removals_.end());
    plan_.actions.insert(plan_.actions.end(), removals_.begin(), removals_.end());
    return std::move(plan_);
  }

 private:
  bool is_skipped(const TreeEntry& entry) const {
    const std::string_view path = entry.path;
    for (std::size_t slash = path.find('/'); slash != path.npos;
         slash = path.find('/', slash + 1)) {
      if (skipped_.contains(path.substr(0, slash))) return true;
    }
    return false;
  }

  void add(SyncAction action) { plan_.actions.push_back(std::move(action)); }

  void add_missing(const TreeEntry& from) {
    if (from.kind == EntryKind::other || is_skipped(from)) return;
    const bool is_file = from.kind == EntryKind::file;
    add({.kind = is_file ? Action::copy : Action::make_directory,
         .path = from.path,
         .is_new = is_file});
  }

  void add_surplus(const TreeEntry& to) {
    const bool is_directory = to.kind == EntryKind::directory;
    if (!removes_ || to.kind == EntryKind::other || is_skipped(to)) return;
    if (is_directory && !rules_.removes_directories) return;
    removals_.push_back({.kind = Action::remove,
                         .path = to.path,
                         .is_directory = is_directory,
                         .modified = to.modified});
  }

  void add_both(const TreeEntry& from, const TreeEntry& to) {
    if (from.kind == EntryKind::other || is_skipped(from)) return;
    if (from.kind != to.kind) {
      add({.kind = Action::conflict, .path = from.path});
      skipped_.insert(from.path);
      return;
    }
    if (from.kind == EntryKind::directory) return;
    const bool has_sizes = from.size && to.size;
    const bool has_times = from.modified && to.modified;
    const bool differs_in_size = has_sizes && *from.size != *to.size && to.modified;
    const bool needs_comparison = !has_sizes || !has_times || rules_.compares_digests;
    const bool differs_in_time = !needs_comparison && *from.modified != *to.modified;
    if (differs_in_size || differs_in_time) {
      add({.kind = Action::copy, .path = from.path, .modified = to.modified});
    } else if (needs_comparison) {
      add({.kind = Action::compare, .path = from.path, .modified = to.modified});
    } else {
      ++plan_.equal;
    }
  }

  const Tree& source_;
  const Tree& target_;
  const SyncRules& rules_;
  bool removes_ = false;
  // The directories about whose content nothing is planned.
  std::set<std::string, std::less<>> skipped_ = {};
  SyncPlan plan_ = {};
  std::vector<SyncAction> removals_ = {};
};

}  // namespace

void sort_tree(Tree& tree) {
  std::sort(tree.entries.begin(), tree.entries.end(),
            [](const TreeEntry& left, const TreeEntry& right) { return left.path < right.path; });
}

SyncPlan plan_sync(const Tree& source, const Tree& target, const SyncRules& rules) {
  return Planner(source, target, rules).plan();
}

}  // namespace client
