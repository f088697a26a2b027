// The cases that are no stream of requests: memory of idle connections, the start of a server, and
// requests beside a file that is not in memory. Each prints one line of name=value pairs. Tried by
// ./dev bench.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <sys/types.h>

namespace load {

// Opens `count` connections, asks each for one small file and lets them idle: prints by how much
// the server's memory has grown. Returns the exit status.
int measure_idle(std::uint16_t port, pid_t server, unsigned count);

// Starts `command` (null-terminated), asks for one small file until it is answered, kills it again;
// `rounds` times: prints the median time and the memory then. Copies /proc/PID/maps to `maps`,
// unless that is empty.
int measure_start(std::uint16_t port, unsigned rounds, std::span<char*> command,
                  const std::string& maps);

// Streams requests for a small file, first alone, then while others read the file /cold, each time
// dropped from the page cache before; `file` is its path. Prints both times.
int measure_cold(std::uint16_t port, pid_t server, const std::string& file,
                 std::uint64_t nanoseconds);

}  // namespace load
