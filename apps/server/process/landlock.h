// Landlock: a list of directories beyond which the kernel lets this process open, create or remove
// nothing, whatever the permissions of the files are.
//
// The list holds for the calling thread and for threads and rings that it starts later, for plain
// system calls and for operations of io_uring. It cannot be taken back. A thread that exists before
// is not restricted, so that enter() comes before the first one. Descriptors that are open stay
// usable. The kernel does not restrict stat(2), chmod(2), utimensat(2) and paths that are opened
// with O_PATH; the filter of system calls (seccomp_filter.h) refuses the first two of these that
// change anything. landlock(7) describes the interface.
// Covered by tests/server/process/landlock_test.cc and escape_test.cc.
#pragma once

#include <cstdint>
#include <string>

#include "uring/fd.h"

namespace server {

class Landlock {
 public:
  // The accesses that a rule allows below its directory; a sum of the kernel's
  // LANDLOCK_ACCESS_FS_*.
  using Rights = std::uint64_t;
  static const Rights read;         // open files and list directories
  static const Rights change;       // `read`, and create, write, rename and remove both
  static const Rights read_file;    // open files for reading
  static const Rights append;       // create files, and open them for writing
  static const Rights write_file;   // open files for writing
  static const Rights remove_file;  // remove files

  // Makes an empty list. Where the kernel has no Landlock, or a container refuses it, the other
  // functions do nothing.
  Landlock();

  // Allows `rights` for the directory or file that `path` leads to, and for all that is below it,
  // also on other file systems that are mounted there. A path that leads to nothing is ignored.
  void allow(const std::string& path, Rights rights);
  void allow(int fd, Rights rights);

  // Restricts the thread. False, with errno: it is not restricted. Needs no_new_privs.
  bool enter();

  // The version of the kernel's interface; 0 where there is none.
  int version() const { return version_; }
  // The accesses that this version cannot restrict, as "TCP connections, signals"; empty if nothing
  // is missing.
  std::string unrestricted() const;

 private:
  int version_ = 0;
  int error_ = 0;
  Rights handled_ = 0;
  uring::Fd rules_;
};

}  // namespace server
