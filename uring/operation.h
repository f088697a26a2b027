// Operation: one thing asked of the kernel, described once, executed by any engine.
//
// The description names no engine's types: the ring turns it into a submission-queue entry, the
// others into plain calls. An operation lives in the Io that awaits it and stays there, untouched,
// until its completion has been delivered: the engine holds a pointer to it. Everything it points
// to (paths, buffers, message headers) belongs to the caller and must live as long. Who started
// operations on a descriptor closes it through the engine, which may remember what it learnt of
// it. Covered by tests/uring/loop_test.cc and simulated_test.cc.
#pragma once

#include <cassert>
#include <coroutine>
#include <cstdint>
#include <span>

#include "uring/openat2.h"
#include "uring/result.h"

namespace uring {

enum class OpCode : std::uint8_t {
  accept,          // multishot: fd is the listener; each completion is a new descriptor
  connect,         // fd, address = sockaddr, length = its size
  recv,            // fd, address = room, length
  recv_provided,   // fd; the engine picks a buffer of its group, Result::buffer names it
  recv_stream,     // the same, multishot: it completes for each buffer that received something
  send,            // fd, address = bytes, length; completes when all is sent or it failed
  send_gather,     // fd, address = msghdr; completes when all is sent or it failed
  read,            // fd, address = room, length, offset; -1: at the file position; waits for events
  write,           // fd, address = bytes, length, offset; -1: at the file position
  open,            // fd = directory, address = path, open_flags, open_mode, open_resolve
  sync,            // fd: fsync(2), or fdatasync(2) with flags = data_only
  rename,          // fd, address = old path, second_fd, second_address = new path, flags
  link,            // fd, address = old path, second_fd, second_address = new path, flags
  unlink,          // fd, address = path, flags
  make_directory,  // fd, address = path, open_mode
  nothing,         // completes in the next turn
};

// True for what waits for a peer and not for this machine. Cancelling touches only these: a file
// operation ends by itself, and what it did to the file must be known.
constexpr bool waits_for_peer(OpCode code) { return code <= OpCode::send_gather; }

// True for what changes files, or opens them.
constexpr bool works_on_files(OpCode code) {
  return code >= OpCode::write && code <= OpCode::make_directory;
}

// True for what receives into a buffer that the engine picks.
constexpr bool picks_buffer(OpCode code) {
  return code == OpCode::recv_provided || code == OpCode::recv_stream;
}

// Of sync: what is needed to read the bytes again, not the times.
inline constexpr std::uint32_t data_only = 1;

// The offset of a read or write that goes on where the last one ended.
inline constexpr std::uint64_t at_position = ~std::uint64_t{0};

// What an engine knows of anything that it has under way.
struct Flight {
  OpCode code;
  bool armed = false;      // multishot: it will complete again
  bool cancelled = false;  // the engine was asked to end it; what it starts again must heed
  int fd = -1;
};

// The receive that goes on by itself. An idle connection has nothing else under way, so there is
// nothing else in it.
struct Stream : Flight {
  Stream() : Flight{OpCode::recv_stream} {}
};

// Everything else.
struct Operation : Flight {
  explicit Operation(OpCode what = OpCode::nothing) : Flight{what} {}

  std::uint32_t length = 0;  // bytes
  std::uint32_t flags = 0;   // renameat2's, linkat's or unlinkat's
  Result result;             // written by the loop before `waiter` is resumed
  const void* address = nullptr;
  // What no operation has both of shares its place. The three words are openat2's struct open_how,
  // here because the kernel reads it only at submission.
  union {
    std::uint64_t offset = 0;  // bytes from the file's start
    std::uint64_t open_flags;
  };
  union {
    const void* second_address = nullptr;
    std::uint64_t open_mode;
  };
  union {
    std::uint64_t open_resolve = 0;
    int second_fd;
  };
  std::coroutine_handle<> waiter;  // who is resumed; empty while nobody waits

  // The memory of recv and read.
  std::span<char> room() const { return {static_cast<char*>(const_cast<void*>(address)), length}; }
};

// The operation that `flight` is; it is no Stream.
inline Operation& operation_of(Flight& flight) {
  assert(flight.code != OpCode::recv_stream);
  return static_cast<Operation&>(flight);
}

}  // namespace uring
