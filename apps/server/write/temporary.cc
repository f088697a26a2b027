// Creating, naming and removing temporary files. Covered by tests/server/write/temporary_test.cc.
#include "apps/server/write/temporary.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "apps/server/connection/worker_state.h"
#include "apps/server/files/file_system.h"

namespace server {

using uring::Fault;

namespace {

// Names have 64 random bits. Several that exist in a row are no accident but another fault.
constexpr int most_names = 4;

// Locks a temporary file that was just created. False: the sweep of another process has removed it
// in between. Plain calls: neither waits on a local file system.
bool lock_temporary(int file) {
  if (::flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return false;
  struct stat status {};
  return describe_file(file, status) && status.st_nlink > 0;
}

// Where its digest is compared with an announced one, it is read once it is complete.
std::uint64_t access_flags(const Upload& upload) { return upload.is_read ? O_RDWR : O_WRONLY; }

}  // namespace

uring::Task<Fault> create_named(Connection& c, Upload& upload) {
  const uring::OpenHow how = beneath(access_flags(upload) | O_CREAT | O_EXCL, 0666);
  Fault fault = Fault::exists;
  OpenAttempts attempts(c.worker.files);
  for (int i = 0; (i < most_names && fault == Fault::exists) || attempts.another(fault); ++i) {
    upload.name = c.worker.new_temporary_name();
    const char* name = upload.name.data();
    const uring::Result made = co_await c.io.open(upload.target.directory, name, how);
    fault = made.fault();
    if (!made.ok()) continue;
    if (lock_temporary(made.value)) {
      upload.file = made.value;
      upload.has_name = true;
    } else {
      c.io.engine().close(made.value);
      fault = Fault::exists;
    }
  }
  co_return fault;
}

uring::Task<Fault> create_nameless(Connection& c, Upload& upload) {
  if (!upload.is_short || !c.worker.links_files || !c.io.does_files_at_once()) {
    co_return Fault::unsupported;
  }
  const uring::OpenHow how = beneath(access_flags(upload) | O_TMPFILE, 0666);
  OpenAttempts attempts(c.worker.files);
  uring::Result made;
  do {
    const uring::Result attempt = co_await c.io.open(upload.target.directory, ".", how);
    made = attempt;
  } while (attempts.another(made.fault()));
  if (made.ok()) upload.file = made.value;
  upload.is_nameless = made.ok();
  co_return made.fault();
}

uring::Task<Fault> name_temporary(Connection& c, Upload& upload) {
  // The lock is taken before the file has a name, so that no sweep finds it unlocked.
  ::flock(upload.file, LOCK_EX | LOCK_NB);
  const char* name = upload.name.data();
  Fault fault = Fault::exists;
  for (int i = 0; i < most_names && fault == Fault::exists; ++i) {
    upload.name = c.worker.new_temporary_name();
    const uring::Result linked =
        co_await c.io.link_file(upload.file, upload.target.directory, name);
    fault = linked.fault();
  }
  upload.has_name = fault == Fault::none;
  upload.is_nameless = fault != Fault::none;
  co_return fault;
}

uring::Task<> remove_temporary(uring::Io& io, Upload& upload) {
  upload.has_name = false;
  const char* name = upload.name.data();
  co_await io.unlink(upload.target.directory, name, 0);
}

}  // namespace server
