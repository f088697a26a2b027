// Trees: a directory with all below it, from a server or to one.
//
// A job for a directory makes a job for each of its entries and puts them at the front of the
// session's queue; the channels then do those at once, and directories among them make further
// jobs. Covered by tests/client/jobs/trees_test.cc.
#pragma once

#include <vector>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

// Lists the directory at job.where, makes the directory job.file, and makes jobs for the entries.
// Fails as read_listing(), with write_error where the directory cannot be made, and with
// weird_reply where a redirect leads out of the tree or the tree is too deep or too large. A name
// that no file here may have becomes a job that fails.
[[nodiscard]] uring::Task<ExitCode> get_tree(Channel& channel, const Job& job);

// Makes jobs for the entries of the directory job.file. Fails with read_error.
[[nodiscard]] ExitCode put_tree(Channel& channel, const Job& job);

}  // namespace client
