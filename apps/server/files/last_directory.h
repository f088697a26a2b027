// LastDirectory: where a file was written last, open for those who write there in the same turn.
//
// Many uploads go to few directories, and opening one costs as much as writing 4 KiB. All requests
// of a turn of the loop had arrived before it began, so that none of them can have come after a
// change of the path by somebody else; what this thread itself has deleted meanwhile answers "not
// found", and is then opened anew. One for one thread; it holds one descriptor, and others as long
// as somebody uses them. Covered by tests/server/files/last_directory_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "uring/engine.h"

namespace server {

// Which directory it is, whatever it is called.
struct DirectoryId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

class LastDirectory {
 public:
  struct Entry {
    std::string path;  // as in Intent::path, without a slash at its end; empty for the root
    int fd = -1;
    DirectoryId id;
    std::uint64_t turn = 0;   // of the loop, in which it was opened
    std::uint32_t users = 0;  // who will give it back
  };

  explicit LastDirectory(uring::Engine& engine) : engine_(engine) {}
  ~LastDirectory() { forget(); }
  LastDirectory(const LastDirectory&) = delete;
  LastDirectory& operator=(const LastDirectory&) = delete;

  // The directory of that path, to be given back; null if it is not known in this turn.
  Entry* borrow(std::string_view path, std::uint64_t turn);

  // Takes a directory that was opened just now in place of the last one, and lends it.
  Entry* keep(std::string_view path, std::uint64_t turn, int fd, DirectoryId id);

  void give_back(Entry& entry);

  // Closes the last one, or leaves that to its users.
  void forget();

 private:
  uring::Engine& engine_;
  Entry* last_ = nullptr;  // what is used and not this one is of its users
};

}  // namespace server
