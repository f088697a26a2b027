// The temporary file of an upload: created in the nearest existing directory of the target.
//
// A temporary file has a temporary name (plan/temporary_name.h) and is locked with flock(2) while
// its upload lives, so that the sweep of another process does not remove it (files/sweep.h). Where
// all file operations are synchronous it is created without a name (O_TMPFILE): no other process
// can find it, and the kernel removes it if this process is killed. Covered by
// tests/server/write/temporary_test.cc.
#pragma once

#include "apps/server/write/upload.h"
#include "uring/task.h"

namespace server {

// Creates the temporary file under a random name and locks it. A name that exists is retried.
uring::Task<uring::Fault> create_named(Connection& c, Upload& upload);

// Creates the temporary file without a name. Fault::unsupported: this upload, this process or the
// file system needs create_named() instead; a file system may report that as Fault::is_directory.
uring::Task<uring::Fault> create_nameless(Connection& c, Upload& upload);

// Gives a nameless temporary file a temporary name, under which a rename can move it, and locks it.
uring::Task<uring::Fault> name_temporary(Connection& c, Upload& upload);

// Removes the temporary file, which has a name. It stays open.
uring::Task<> remove_temporary(uring::Io& io, Upload& upload);

}  // namespace server
