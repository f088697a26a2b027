// User: giving up the privileges of root for those of an ordinary user.
//
// A server that listens on a port below 1024 or writes its logs below /var/log starts as root,
// opens these, and then becomes the user of --user for the rest of its life. The change is
// permanent: become_user() checks that the process cannot become root again. It is called before
// the first thread is started, because the kernel keeps these identities for each thread. Covered
// by tests/server/process/user_test.cc and tests/end_to_end/user_test.cc.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "apps/options/exit_reason.h"

namespace server {

struct User {
  std::string name;  // as --user gives it; empty: the process keeps its user
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  // all of them, with `gid`

  bool is_set() const { return !name.empty(); }
};

// Looks up the value of --user, NAME or NAME:GROUP, each a name or a number. Without GROUP it is
// the group of the user's entry in the user database. Fails where there is no such user or group,
// where the user is root, and where this process may not become that user. Reads files such as
// /etc/passwd.
options::ExitReason find_user(const std::string& text, User& user);

// Becomes the user: its groups, its group and its user, without capabilities and without core dumps
// or debuggers of other processes of this user. Does nothing if the process is this user already.
options::ExitReason become_user(const User& user);

}  // namespace server
