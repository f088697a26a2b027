// Engine: what executes operations. The seam between the coroutines and the kernel.
//
// An engine takes operations, and some time later hands back exactly one completion for each (a
// multishot one: several, the last without `more`). It never calls back: the loop asks for
// completions in batches, and resumes coroutines when the engine has finished with its own queues.
// Ring (ring.h) is io_uring, Epoll (epoll.h) serves where that is refused, and Simulated
// (simulated.h) runs the same code in tests, with faults.
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

// What the engine has done so far, for operators and tests.
struct Counters {
  std::uint64_t enters = 0;            // times the kernel was entered
  std::uint64_t operations = 0;        // operations started
  std::uint64_t completions = 0;       // completions delivered
  std::uint64_t cancels = 0;           // cancellations asked for
  std::uint64_t buffer_shortages = 0;  // receives that found the buffer group empty
  std::uint64_t punts = 0;             // operations that are given to a worker thread
};

class Engine {
 public:
  virtual ~Engine() = default;

  // Takes `operation`; it completes through wait(). Never fails: what the kernel refuses is a
  // completion too.
  virtual void start(Operation& operation) = 0;
  virtual void start(Stream& stream) = 0;

  // Does `operation`, of which works_on_files() holds and whose file system lies in memory, before
  // it returns, and leaves the answer in it. False: it leads elsewhere and is to be started.
  virtual bool finish_now(Operation& operation);

  // Asks for an early end of what is in flight. It still completes, once, and success is a legal
  // answer.
  virtual void cancel(Flight& flight) = 0;

  // Submits what was started, waits up to `timeout` for at least one completion, and copies
  // completions to `room`. Returns how many; 0 after the timeout or a signal.
  virtual std::size_t wait(Milliseconds timeout, std::span<Completion> room) = 0;

  // Closes `fd`, with nobody waiting for it. No operation may be in flight on it.
  virtual void close(int fd) = 0;

  // shutdown(2) for writing: the peer reads the end of the stream. Does not block.
  virtual void finish_sending(int fd) = 0;

  // What may still be written to the file system of `fd` (any descriptor) by who is not root; -1
  // where nobody can say. Does not block on a local file system.
  virtual std::int64_t free_bytes(int fd);

  // Bytes sent on socket `fd` that its peer has not confirmed yet; 0 where nobody can say.
  virtual std::size_t unconfirmed_bytes(int fd);

  virtual Milliseconds now() = 0;

  // The bytes of provided buffer `id`; valid until recycle(id).
  virtual std::span<char> buffer(std::uint16_t id) = 0;
  // For whoever was given buffer `id`, to keep it in a list.
  virtual BufferPool::ListEntry& list_entry(std::uint16_t id) = 0;
  virtual void recycle(std::uint16_t id) = 0;
  // Buffers that completions carried out and that have not been recycled.
  virtual std::size_t buffers_in_use() const = 0;

  // Tells from now on whether something happens on `fd`, of one descriptor at a time; -1: of none,
  // before it is closed.
  virtual void watch_readable(int /*fd*/) {}
  // False: that descriptor had nothing to read when the peers sent what the last wait() delivered,
  // and what had come before was asked for here. True: it may have; an engine that cannot tell says
  // so always.
  virtual bool may_be_readable() { return true; }

  // The engine and its settings in a few words: "io_uring (single issuer, deferred task work)".
  virtual std::string describe() const = 0;

  const Counters& counters() const { return counters_; }

 protected:
  Counters counters_;
};

}  // namespace uring
