// Synchronisation of a directory here and one on a server, in either direction.
//
// One job lists both trees, with a request for each directory of the server, and plans
// (command/sync_plan.h). The transfers become jobs of the session's queue; removals begin after all
// of them, and only if none has failed. A write on the server names the version of the listing, or,
// where a listing has no times, that of a HEAD just before, so that a change in between is not
// overwritten. Covered by tests/client/jobs/sync_test.cc.
#pragma once

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

// Plans the synchronisation of job.file and job.where, and makes the jobs for it; with --dry-run it
// prints the plan instead. A directory of the server that cannot be listed, and a name that cannot
// be, become jobs that fail. Fails as read_listing() for the server's directory itself, with
// read_error or write_error for the local one, and with weird_reply where a tree is too large.
[[nodiscard]] uring::Task<ExitCode> sync(Channel& channel, const Job& job);

// Removes a file or an empty directory here. One that is gone already is removed; a directory that
// is not empty stays, with a warning. Fails with write_error.
[[nodiscard]] uring::Task<ExitCode> remove_local(Channel& channel, const Job& job);

}  // namespace client
