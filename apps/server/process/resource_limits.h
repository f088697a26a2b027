// Resource limits: how many workers and connections a process can have on this machine, for the
// options that are left to the server.
//
// Covered by tests/server/process/resource_limits_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>

namespace server {

// The number of CPUs that this process may use, at least 1.
unsigned usable_cpus();

// Raises this process's limit of open files (RLIMIT_NOFILE) as far as the kernel allows. Returns
// the limit that holds then.
std::uint64_t raise_file_limit();

// The number of large files that the file cache of each of `workers` may keep open, at least 1: an
// eighth of `files` open files for all of them, but no more than 256 each. Pure.
std::size_t cached_files_for(std::uint64_t files, unsigned workers);

// The number of open files without which a server with so many workers, addresses to listen on and
// logs cannot serve even one client. `admin`: the descriptors of the admin listener. Pure.
std::uint64_t needed_files(unsigned workers, std::size_t addresses, unsigned logs,
                           unsigned admin = 0);

// The number of connections for which `files` open files are enough: a third of them, at least 1.
// Pure.
std::uint64_t connections_for(std::uint64_t files);

}  // namespace server
