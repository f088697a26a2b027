// Result: what an operation came to, as the kernel says it, and Fault: the same as a name.
//
// A completion carries one signed number: a count or a descriptor, or minus an errno. The number
// stays as it is for whoever counts bytes; whoever decides asks fault(), and errno values are named
// in one place, result.cc. Covered by tests/uring/result_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace uring {

// Why an operation failed. Several errno values share a name where nobody would act differently.
enum class Fault : std::uint8_t {
  none,                // it did not fail
  cancelled,           // ECANCELED: we asked for it (deadline, stop), nothing is wrong
  no_buffers,          // ENOBUFS: the buffer group is empty; receive into memory of your own
  peer_gone,           // ECONNRESET, EPIPE and their kin: the other side is no longer there
  refused,             // ECONNREFUSED: nobody listens there
  unreachable,         // no route, network down, timed out on the way
  not_found,           // ENOENT
  exists,              // EEXIST
  is_directory,        // EISDIR
  not_directory,       // ENOTDIR: a file stands where the path wants a directory
  not_empty,           // ENOTEMPTY
  outside,             // EXDEV: the path leaves the directory it must stay beneath
  bad_name,            // ENAMETOOLONG, ELOOP, EILSEQ, EINVAL: no such name can exist here
  not_allowed,         // EACCES, EPERM, EROFS, ENXIO (a socket): it may not be opened
  no_space,            // ENOSPC, EDQUOT
  too_large,           // EFBIG: beyond the file system's or the process's file size
  out_of_descriptors,  // EMFILE, ENFILE
  out_of_memory,       // ENOMEM
  try_again,           // EAGAIN, EINTR, EBUSY: the same call may succeed later
  unsupported,         // ENOSYS, EOPNOTSUPP: the kernel or the file system cannot do this
  other,               // an errno nobody here acts on; Result::error() has it
};

// Names an errno value; 0 is Fault::none.
Fault fault_of(int error);

// A sentence's end for people: "no such file or directory". Static storage.
std::string_view describe(Fault fault);

// The system's text for an errno value: "No space left on device". Safe in every thread.
std::string error_text(int error);

inline constexpr std::uint16_t no_buffer = 0xffff;

struct Result {
  std::int32_t value = 0;            // >= 0: bytes or a descriptor; < 0: minus an errno
  std::uint16_t buffer = no_buffer;  // the provided buffer that holds the bytes; give it back
  bool more = false;                 // multishot: the operation goes on and completes again
  std::uint8_t unused = 0;           // makes it one word, which is copied as one

  bool ok() const { return value >= 0; }
  int error() const { return value < 0 ? -value : 0; }
  std::size_t count() const { return value > 0 ? static_cast<std::size_t>(value) : 0; }
  Fault fault() const { return fault_of(error()); }
};

}  // namespace uring
