// Resource limits: how many workers and connections a process can have on this machine, for the
// options that are left to the server.
//
// Covered by tests/server/process/resource_limits_test.cc.
#pragma once

#include <cstdint>

namespace server {

// The number of CPUs that this process may use, at least 1.
unsigned usable_cpus();

// Raises this process's limit of open files (RLIMIT_NOFILE) as far as the kernel allows. Returns
// the limit that holds then.
std::uint64_t raise_file_limit();

// The number of connections, at least 1, for which `files` open files are enough. Pure.
std::uint64_t connections_for(std::uint64_t files);

}  // namespace server
