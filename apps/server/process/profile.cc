// Writes packaging/seccomp.json to standard output: ./dev pages runs it. Covered by
// tests/server/process/system_calls_test.cc, which compares.
#include <cstdio>

#include "apps/server/process/system_calls.h"

int main() { return std::fputs(server::container_profile().c_str(), stdout) < 0 ? 1 : 0; }
