// The filter of system calls of a running server, from the table in system_calls.h.
//
// The kernel evaluates it at each system call; where the arguments do not matter, it does so once
// and keeps the answer (since Linux 5.11). Covered by tests/server/process/escape_test.cc and
// tests/end_to_end/sandbox_test.cc.
#pragma once

namespace server {

// Restricts all threads of this process, and those that start later, to the calls of a running
// server; others fail with EPERM, and clone3(2), whose arguments a filter cannot see, with ENOSYS,
// so that the C library uses clone(2). Returns 0 or an errno, and then nothing has changed. Needs
// no_new_privs.
int enter_call_filter();

}  // namespace server
