// One run of a whole program, such as a client: its CPU time, duration, memory and context
// switches. Tried by ./dev bench --client.
#pragma once

#include <span>

namespace load {

// Runs `command` (null-terminated; its name is searched in PATH) to its end, without output, and
// prints one line of name=value pairs: CPU time of all its threads (user and kernel, with the
// workers of io_uring) and duration in microseconds, the peak of its resident memory in KiB, its
// voluntary context switches and those by the scheduler. Returns 0, or 2 if the command fails.
int measure_whole(std::span<char*> command);

}  // namespace load
