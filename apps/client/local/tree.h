// Directories of this machine: those that a tree is saved in, and those that are sent.
//
// Inside a tree no symbolic link is followed, so that no name leads out of it: a link in the place
// of a directory or a file is an error where something is to be written, and is left out where
// something is sent. Only the tree's own directory, which the user names, may be a link. Plain
// system calls. Covered by tests/client/local/tree_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/listing.h"
#include "apps/client/command/plan.h"

namespace client {

// Makes the directory of a tree, with those that lead to it; "" is the current one. Fails with
// write_error.
[[nodiscard]] ExitReason make_tree(const std::string& directory);

// Makes a directory inside a tree, whose parent exists. Fails with write_error, also where a link
// or a file is in its place.
[[nodiscard]] ExitReason make_directory_inside(const std::string& directory);

// Fails with write_error where `file`, which is inside a tree, exists and is no regular file.
[[nodiscard]] ExitReason check_file_inside(const std::string& file);

// The content of a directory.
struct LocalListing {
  std::vector<RemoteEntry> entries = {};      // files and directories, sorted by name
  std::vector<std::string> left_out = {};     // links, devices and others, by name
  std::vector<std::string> not_allowed = {};  // names that no server is asked to store
};

// Reads a directory; "" is the current one. Unfinished downloads are not among its entries. Fails
// with read_error.
[[nodiscard]] ExitReason read_directory(const std::string& directory, LocalListing& listing);

// Finds the directories among the files that the plan uploads. Fails with read_error where there is
// one without --recursive.
[[nodiscard]] ExitReason find_directories(Plan& plan);

}  // namespace client
