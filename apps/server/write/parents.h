// The parent directories of an upload: the missing ones are made when the body is complete.
//
// Names are made and opened one by one without following links. Where the upload fails afterwards,
// the directories that it made are removed again, as far as they are empty.
// Covered by tests/server/write/parents_test.cc.
#pragma once

#include "apps/server/write/upload.h"
#include "uring/task.h"

namespace server {

// Makes the directories between Upload::target and the last name, and opens the last of them as
// Upload::parent. `again`: an earlier attempt found that a directory had been removed meanwhile; a
// nameless upload then looks for the nearest existing directory anew. For Durability::full each
// directory that has a new entry is synced.
uring::Task<uring::Fault> open_parent(Connection& c, Upload& upload, bool again);

// Removes the directories that open_parent() has made, the deepest first, until one is not empty.
uring::Task<> remove_parents(Connection& c, Upload& upload);

// Closes Upload::parent, unless it is the descriptor of Upload::target.
void close_parent(uring::Io& io, Upload& upload);

}  // namespace server
