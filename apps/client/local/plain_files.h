// PlainFiles: while one exists, the operations of an Io on files are plain calls, which complete
// before the coroutine goes on (docs/decisions/0033-plain-calls-of-the-client.md).
//
// For regular files only: a pipe or a device may wait for another process, and these waits belong
// to the engine. Covered by tests/client/local/output_file_test.cc and input_file_test.cc.
#pragma once

#include "uring/io.h"

namespace client {

class PlainFiles {
 public:
  // `io` outlives the object.
  explicit PlainFiles(uring::Io& io) : io_(io) { io_.call_files_plainly(true); }
  ~PlainFiles() { io_.call_files_plainly(false); }
  PlainFiles(const PlainFiles&) = delete;
  PlainFiles& operator=(const PlainFiles&) = delete;

 private:
  uring::Io& io_;
};

}  // namespace client
