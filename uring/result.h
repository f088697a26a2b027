// Result: the result of an operation as the kernel returns it, and Fault: a name for its error.
//
// A completion carries one signed number: a count or a descriptor, or minus an errno. Code that
// counts bytes uses the number; code that decides uses fault(). errno values are named in one
// place, result.cc. Covered by tests/uring/result_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace uring {

// Why an operation failed. Errno values share a name where no caller treats them differently.
enum class Fault : std::uint8_t {
  none,                // it did not fail
  cancelled,           // ECANCELED: by stop() or the deadline, which is no error
  no_buffers,          // ENOBUFS: no provided buffer is free; receive into your own memory
  peer_gone,           // ECONNRESET, EPIPE and similar: the peer has closed the connection
  refused,             // ECONNREFUSED: no process listens at that address
  unreachable,         // no route, the host or the network is down, or a timeout of the network
  not_found,           // ENOENT
  exists,              // EEXIST
  is_directory,        // EISDIR
  not_directory,       // ENOTDIR: a name within the path is not a directory
  not_empty,           // ENOTEMPTY
  outside,             // EXDEV: the path leaves the directory that it must stay beneath
  bad_name,            // ENAMETOOLONG, EILSEQ, EINVAL: no file can have this name
  link_loop,           // ELOOP: too many symbolic links, as in a loop of them
  not_allowed,         // EACCES, EPERM, EROFS, ENXIO (a socket): opening is not allowed
  no_space,            // ENOSPC, EDQUOT
  too_large,           // EFBIG: above the limit of the file system or the process
  out_of_descriptors,  // EMFILE, ENFILE
  out_of_memory,       // ENOMEM
  try_again,           // EAGAIN, EINTR, EBUSY: the call may succeed later
  unsupported,         // ENOSYS, EOPNOTSUPP: the kernel or the file system lacks it
  stale,               // ESTALE: the file server has replaced the file; look its path up again
  device_error,        // EIO, ENODEV and similar: the device or the file system has failed
  other,               // any other errno, which Result::error() returns
};

// Names an errno value; 0 is Fault::none.
Fault fault_of(int error);

// A phrase for messages, such as "no such file or directory". Static storage.
std::string_view describe(Fault fault);

// The system's text for an errno value: "No space left on device". Safe in every thread.
std::string error_text(int error);

inline constexpr std::uint16_t no_buffer = 0xffff;

struct Result {
  std::int32_t value = 0;            // >= 0: bytes or a descriptor; < 0: minus an errno
  std::uint16_t buffer = no_buffer;  // the provided buffer that holds the bytes; recycle it
  bool more = false;                 // multishot: the operation is still in flight
  std::uint8_t unused = 0;           // fills the word, so that it is copied as one

  bool ok() const { return value >= 0; }
  int error() const { return value < 0 ? -value : 0; }
  std::size_t count() const { return value > 0 ? static_cast<std::size_t>(value) : 0; }
  Fault fault() const { return fault_of(error()); }
};

}  // namespace uring
