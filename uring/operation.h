// Operation: one request to the kernel, in a form that every engine can execute.
//
// Ring converts an operation to a submission-queue entry, the other engines to plain system calls.
// An operation is a member of the Io that awaits it, and stays unchanged until its completion has
// been delivered, because the engine holds a pointer to it. Everything that it points to (paths,
// buffers, message headers) belongs to the caller and must live as long. A descriptor that
// operations were started on is closed through the engine, which may keep state for it. Covered by
// tests/uring/operation_test.cc, engine_test.cc and simulated_test.cc.
#pragma once

#include <cassert>
#include <coroutine>
#include <cstdint>
#include <span>

#include "uring/openat2.h"
#include "uring/result.h"

namespace uring {

enum class OpCode : std::uint8_t {
  accept,         // multishot: fd is the listener; each completion is a new descriptor
  connect,        // fd, address = sockaddr, length = its size
  recv,           // fd, address = buffer, length
  recv_provided,  // fd; the engine chooses a provided buffer, Result::buffer is its number
  recv_stream,    // multishot recv_provided: a completion for each buffer that received bytes
  send,           // fd, address = bytes, length; completes when all is sent or it failed
  send_gather,    // fd, address = msghdr; completes when all is sent or it failed
  send_pages,     // fd, second_address = bytes in front, front_length; address = bytes in pages,
                  // length, which are not copied, flags = more_follows; completes like send
  read,    // fd, address = buffer, length, offset; -1: at the file position, waits for events
  write,   // fd, address = bytes, length, offset; -1: at the file position
  open,    // fd = directory, address = path, open_flags, open_mode, open_resolve
  sync,    // fd: fsync(2), or fdatasync(2) with flags = data_only
  rename,  // fd, address = old path, second_fd, second_address = new path, flags
  link,    // fd, address = old path, second_fd, second_address = new path, flags
  unlink,  // fd, address = path, flags
  make_directory,  // fd, address = path, open_mode
  nothing,         // completes in the next loop iteration
};

inline constexpr unsigned op_codes = static_cast<unsigned>(OpCode::nothing) + 1;  // how many

// A set of OpCodes: a bit for each.
using OpCodes = std::uint32_t;
constexpr OpCodes bit_of(OpCode code) { return OpCodes{1} << static_cast<unsigned>(code); }
inline constexpr OpCodes all_op_codes = (OpCodes{1} << op_codes) - 1;

// True for operations that wait for a peer. Only these are cancelled: a file operation ends by
// itself, and its effect on the file must be known.
constexpr bool waits_for_peer(OpCode code) { return code <= OpCode::send_pages; }

// True for operations that send. They complete when all is sent, or early with fewer bytes.
constexpr bool sends(OpCode code) { return code >= OpCode::send && code <= OpCode::send_pages; }

// True for operations that open files or change them.
constexpr bool works_on_files(OpCode code) {
  return code >= OpCode::write && code <= OpCode::make_directory;
}

// True for operations that receive into a buffer which the engine chooses.
constexpr bool picks_buffer(OpCode code) {
  return code == OpCode::recv_provided || code == OpCode::recv_stream;
}

// A flag of sync: fdatasync(2), which writes what is needed to read the bytes again, without times.
inline constexpr std::uint32_t data_only = 1;

// A flag of send_pages: the caller sends more at once, so that a segment which is not full may wait
// for it (MSG_MORE).
inline constexpr std::uint32_t more_follows = 1;

// The offset of a read or write at the file position.
inline constexpr std::uint64_t at_position = ~std::uint64_t{0};

// The part of an operation that every engine needs while the operation is in flight.
struct Flight {
  OpCode code;
  bool armed = false;      // multishot: it will complete again
  bool cancelled = false;  // cancel() was called; the engine must not start it again
  int fd = -1;
};

// The receive that runs beside other operations. It is all that an idle connection has in flight,
// so it is kept small.
struct Stream : Flight {
  Stream() : Flight{OpCode::recv_stream} {}
};

// Any other operation.
struct Operation : Flight {
  explicit Operation(OpCode what = OpCode::nothing) : Flight{what} {}

  std::uint32_t length = 0;  // bytes
  std::uint32_t flags = 0;   // renameat2's, linkat's or unlinkat's, data_only, more_follows
  Result result;  // written by the loop before `waiter` is resumed; until then the engine's
  const void* address = nullptr;
  // Members that no operation needs together share memory. The three words form openat2's struct
  // open_how, and must be here because the kernel reads it only at submission.
  union {
    std::uint64_t offset = 0;  // bytes from the file's start
    std::uint64_t open_flags;
    std::uint64_t front_length;
  };
  union {
    const void* second_address = nullptr;
    std::uint64_t open_mode;
  };
  union {
    std::uint64_t open_resolve = 0;
    int second_fd;
  };
  std::coroutine_handle<> waiter;  // the coroutine to resume; empty while none waits

  // The buffer of recv and read.
  std::span<char> memory() const {
    return {static_cast<char*>(const_cast<void*>(address)), length};
  }
};

// Converts `flight`, which must not be a Stream.
inline Operation& operation_of(Flight& flight) {
  assert(flight.code != OpCode::recv_stream);
  return static_cast<Operation&>(flight);
}

}  // namespace uring
