// LastDirectory: caches the directory of the last upload, open, for uploads of one loop iteration.
//
// Many uploads go to few directories, and opening a directory costs as much as writing 4 KiB. The
// cached directory is used only in the loop iteration in which it was opened: all requests of a
// loop iteration arrived before it began, so none of them was sent after another process changed
// what the path leads to. If this thread has deleted the directory meanwhile, a write into it fails
// with "not found", and the caller opens the path again. Each worker has one; it holds one
// descriptor, and one for each replaced directory that is still borrowed.
// Covered by tests/server/files/last_directory_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "uring/engine.h"

namespace server {

// Identifies a directory independently of its path.
struct DirectoryId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const DirectoryId&) const = default;
};

class LastDirectory {
 public:
  struct Entry {
    std::string path;  // as in Intent::path, without a slash at its end; empty for the root
    int fd = -1;
    DirectoryId id;
    std::uint64_t iteration = 0;  // of the loop, in which it was opened
    std::uint32_t users = 0;      // borrowers that have not given it back
  };

  explicit LastDirectory(uring::Engine& engine) : engine_(engine) {}
  ~LastDirectory() { close(); }
  LastDirectory(const LastDirectory&) = delete;
  LastDirectory& operator=(const LastDirectory&) = delete;

  // Borrows the directory if it was opened for `path` in this loop iteration; else null. The caller
  // passes it to give_back().
  Entry* borrow(std::string_view path, std::uint64_t iteration);

  // Replaces the cached directory by `fd`, which was opened in this loop iteration, takes ownership
  // of `fd`, and borrows it. Null: memory is exhausted, and the caller still owns `fd`.
  Entry* replace(std::string_view path, std::uint64_t iteration, int fd, DirectoryId id);

  // Ends a borrowing. Closes the directory if it was replaced and this was its last borrower.
  void give_back(Entry& entry);

  // Closes the cached directory, or leaves that to its last borrower. The next borrow() finds none.
  void close();

 private:
  uring::Engine& engine_;
  Entry* last_ = nullptr;  // a replaced entry is owned by its borrowers
};

}  // namespace server
