// The plan of a synchronisation: how a tree becomes like another one.
//
// Two files are equal if their sizes and their times, to the second, are; with --checksum those of
// equal size are to be compared by their digests. Nothing is removed unless
// everything is known: a tree whose listing is not complete may have a file that it seems to lack.
// An obstacle (a directory where a file belongs, a link) is reported and stays.
//
// Pure. Covered by tests/client/command/sync_plan_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace client {

struct TreeEntry {
  enum class Kind : std::uint8_t {
    file,
    directory,
    other  // a link, a device, or a name that only one side can have
  };

  std::string path = {};  // from the tree's directory on: "sub/name"
  Kind kind = Kind::file;
  std::optional<std::uint64_t> size = {};     // bytes, of a file
  std::optional<std::int64_t> modified = {};  // Unix seconds
};

struct Tree {
  std::vector<TreeEntry> entries = {};   // sorted by path
  std::vector<std::string> unread = {};  // directories whose content is not known
  bool is_complete = true;               // every name below the tree's directory is known
};

// Sorts the entries by path.
void sort_tree(Tree& tree);

struct SyncRules {
  bool removes = false;              // --delete
  bool removes_directories = false;  // with it
  bool compares_digests = false;     // --checksum: equal sizes and times prove nothing
};

struct SyncAction {
  enum class Kind : std::uint8_t {
    make_directory,
    copy,     // the file of the source
    compare,  // the trees do not say enough: ask, and copy what differs
    remove,   // from the target
    conflict  // the target has something else there
  };

  Kind kind = Kind::copy;
  std::string path = {};
  bool is_directory = false;                  // of a removal
  bool is_new = false;                        // of a copy: the target has no such file
  std::optional<std::int64_t> modified = {};  // of the target's file, in Unix seconds
};

struct SyncPlan {
  // Directories before their content, removals last and the content of directories before them.
  std::vector<SyncAction> actions = {};
  std::size_t equal = 0;       // files that need nothing
  bool keeps_surplus = false;  // removals were asked for, and a tree is not complete
};

// Plans how `target` becomes like `source`.
[[nodiscard]] SyncPlan plan_sync(const Tree& source, const Tree& target, const SyncRules& rules);

}  // namespace client
