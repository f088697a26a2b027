// The cases that are not a stream of requests: memory of idle connections, the start of a server,
// and requests beside a file that is not in memory. Each prints one line of name=value pairs.
// Tried by ./dev bench.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <sys/types.h>

namespace load {

// Opens `count` connections, requests a small file on each and leaves them idle: prints the growth
// of the server's memory. Returns the exit status.
int measure_idle(std::uint16_t port, pid_t server, unsigned count);

// Starts `command` (null-terminated), requests a small file until the server responds, and kills
// the server, `rounds` times: prints the median time and the memory then. Copies /proc/PID/maps to
// `maps`, unless that is empty.
int measure_start(std::uint16_t port, unsigned rounds, std::span<char*> command,
                  const std::string& maps);

// Streams requests for a small file, first alone, then while other clients read the file /cold,
// which is dropped from the page cache before each read; `file` is its path. Prints both times.
int measure_cold(std::uint16_t port, pid_t server, const std::string& file,
                 std::uint64_t nanoseconds);

}  // namespace load
