// Inherited sockets: the listening sockets that a service manager passes to the process, by the
// protocol of sd_listen_fds(3).
//
// LISTEN_PID is the process for which they are, LISTEN_FDS their number; they are the descriptors
// from 3 on, and LISTEN_FDNAMES names them. One with the name "admin" takes the place of --admin,
// all others that of --listen. Used by the main thread before it opens anything. Covered by
// tests/server/listen/inherited_test.cc and tests/end_to_end/inherited_test.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/server/listen/passed_socket.h"

namespace server {

// The number and the names of inherited descriptors. Pure.
struct InheritedNames {
  std::size_t count = 0;
  std::vector<std::string> names;  // of each; empty where there is none
};

// The most descriptors: each --listen has an index of 8 bits.
inline constexpr std::size_t most_inherited = 255;

// Reads the values of LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES; null: the variable is not set.
// No descriptors, if they are for another process than `own_pid`. Empty: a value is malformed.
std::optional<InheritedNames> read_listen_variables(const char* pid, const char* count,
                                                    const char* names, pid_t own_pid);

struct InheritedSockets {
  std::vector<PassedSocket> files;  // for the served files, in their order
  std::vector<PassedSocket> admin;  // for the admin listener
};

// Takes the sockets that the environment describes, and removes the three variables, which are not
// for the children of this process. The descriptors get FD_CLOEXEC. Returns why they cannot be
// used, or nothing.
options::ExitReason take_inherited_sockets(InheritedSockets& sockets);

}  // namespace server
