// Engine: the interface between the coroutines and the kernel. An engine executes operations.
//
// The loop starts operations, and the engine later returns one completion for each (for a multishot
// operation several, the last one without `more`). An engine never calls back: the loop takes
// completions in batches, and resumes coroutines when the engine has finished with its own queues.
// Ring (uring/ring.h) uses io_uring, Epoll (uring/epoll.h) replaces it where the kernel refuses
// io_uring, and Simulated (uring/simulated.h) serves tests, with faults on request. An engine
// belongs to one thread. Covered by tests/uring/engine_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "uring/buffer_pool.h"
#include "uring/monotonic.h"
#include "uring/operation.h"

namespace uring {

struct Completion {
  Flight* flight = nullptr;
  Result result;
};

// The work of an engine so far, for operators and tests.
struct Counters {
  std::uint64_t enters = 0;       // system calls that wait for completions or submit operations
  std::uint64_t operations = 0;   // operations started
  std::uint64_t completions = 0;  // completions returned
  std::uint64_t cancels = 0;      // cancellations requested
  std::uint64_t buffer_shortages = 0;  // receives that found no free provided buffer
  std::uint64_t punts = 0;             // operations that went to a worker thread
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Starts `operation`, which completes through wait(). Never fails: an error of the kernel is the
  // result of the completion.
  virtual void start(Operation& operation) = 0;
  virtual void start(Stream& stream) = 0;

  // Executes `operation`, for which works_on_files() holds and whose file system is in memory,
  // before it returns, and sets its result. False: its path leads to another file system; start it
  // instead.
  virtual bool finish_now(Operation& operation);

  // Executes `operation`, a read or one for which works_on_files() holds, before it returns, and
  // sets its result. It may wait for a disk.
  virtual void finish_plainly(Operation& operation);

  // Requests an early end of an operation in flight. The operation still completes, once, and may
  // have succeeded.
  virtual void cancel(Flight& flight) = 0;

  // Submits the started operations, waits up to `timeout` (`forever`: without limit) for at least
  // one completion, and copies completions to `completions`. Returns their number; 0 after the
  // timeout or a signal, or after a shorter time.
  virtual std::size_t wait(Milliseconds timeout, std::span<Completion> completions) = 0;

  // Closes `fd` without a completion. No operation may be in flight on it.
  virtual void close(int fd) = 0;

  // shutdown(2) for writing: the peer reads the end of the stream. Does not block.
  virtual void finish_sending(int fd) = 0;

  // Lets close() of socket `fd` reset the connection and discard the bytes that the peer has not
  // received, instead of leaving them to the kernel. Does not block.
  virtual void reset_on_close(int fd);

  // Lets the kernel end the connection of socket `fd`, also after close(), once the peer has
  // received none of the bytes that wait for it for `duration`. Does not block.
  virtual void limit_stalls(int fd, Milliseconds duration);

  // The free bytes of the file system of `fd` (any descriptor) for an ordinary user; -1 if they are
  // unknown. Does not block on a local file system.
  virtual std::int64_t free_bytes(int fd);
  // free_bytes() of the real engines, for threads that have none.
  static std::int64_t measure_free_bytes(int fd);

  // Bytes sent on socket `fd` that its peer has not acknowledged; 0 if unknown.
  virtual std::size_t unconfirmed_bytes(int fd);

  // The time of the engine's clock, which counts neither the time in which the process was stopped
  // nor that in which the machine was paused (RunningClock).
  virtual Milliseconds now() = 0;
  // How much now() is behind the monotonic clock, because the thread stood still (running_clock.h).
  virtual Milliseconds stood_still() const { return 0; }

  // The bytes of provided buffer `id`; valid until recycle(id).
  virtual std::span<char> buffer(std::uint16_t id) = 0;
  virtual BufferPool::ListEntry& list_entry(std::uint16_t id) = 0;
  virtual void recycle(std::uint16_t id) = 0;
  // Buffers that completions returned and that have not been recycled.
  virtual std::size_t buffers_in_use() const = 0;
  // Returns the memory of provided buffers to the system, except that of a few, if none is in use.
  // The buffers stay provided. Returns the number of bytes that may have been freed.
  virtual std::size_t release_unused_buffers() { return 0; }

  // Watches `fd`, instead of the descriptor that was watched before: new input ends wait(), even
  // without a completion. -1 ends watching, which the caller does before it closes the descriptor.
  virtual void watch_readable(int /*fd*/) {}
  // False: the watched descriptor had nothing to read when the peers sent the data that the last
  // wait() returned, and this function has reported all earlier input. True: it may have; an engine
  // that does not support watching always returns true.
  virtual bool may_be_readable() { return true; }

  // The engine and its features: "io_uring (single issuer, deferred task work, buffer ring)".
  virtual std::string describe() const = 0;

  const Counters& counters() const { return counters_; }

 protected:
  Counters counters_;
};

}  // namespace uring
