// The system calls that quoitd, quoit and a container's runtime make: one table for the filter of
// the running server and for packaging/seccomp.json.
//
// The profile allows everything in the table, because a runtime enters it before the program
// starts. The filter (seccomp_filter.h), which the server enters once all its threads and rings
// exist, allows only what is marked `serving`: it opens no sockets, starts no programs, sets up no
// rings, changes neither permissions nor owners by a path, and makes no memory executable. Covered
// by tests/server/process/system_calls_test.cc, escape_test.cc and tests/end_to_end/engine_test.cc.
#pragma once

#include <cstdint>
#include <sched.h>
#include <span>
#include <string>
#include <string_view>

namespace server {

struct SystemCall {
  enum class Use : std::uint8_t {
    starting,  // at the start of quoitd, by quoit or by a runtime
    serving,   // by a running quoitd, too
    limited,   // `serving` with arguments that the filter checks
  };

  std::string_view name;
  long number;  // -1: this architecture has none
  Use use = Use::serving;
};

// Calls that belong together. With `has_argument`, the profile allows them only if the bits of
// `mask` in their first argument are `value`.
struct SystemCallGroup {
  std::string_view comment;
  std::span<const SystemCall> calls;
  bool has_argument = false;
  std::uint64_t mask = 0;  // 0: all bits
  std::uint64_t value = 0;
};

std::span<const SystemCallGroup> system_calls();

// The text of packaging/seccomp.json.
std::string container_profile();

// The flags of clone(2) that make namespaces.
inline constexpr std::uint64_t namespace_flags = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                                 CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                                 CLONE_NEWNET;

}  // namespace server
