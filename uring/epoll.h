// Epoll: an engine on epoll(7) and plain system calls, for machines that refuse io_uring.
//
// An operation on a socket is tried at once. If it would wait, the descriptor is registered once,
// for edge-triggered events, and the operation waits in the descriptor's slot. A receive that
// returned less than its buffer holds has emptied the socket, so that the next one waits without
// trying: a request on a persistent connection costs one recv, one send, and a share of an
// epoll_wait. Completions are queued for wait(). File operations whose names and bytes are cached
// by the kernel are executed at once, the others by FileThreads.
//
// Descriptors of operations must be closed through close(), or be new: accept() and connect() reset
// the slot of their number. A slot holds one operation that waits for input and one that waits for
// output. Covered by tests/uring/epoll_test.cc, and like Ring by engine_test.cc, file_test.cc,
// io_test.cc, receive_test.cc and stress_test.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "uring/engine.h"
#include "uring/fd.h"
#include "uring/fifo.h"
#include "uring/file_threads.h"
#include "uring/free_buffers.h"
#include "uring/page_pipe.h"
#include "uring/running_clock.h"

struct epoll_event;

namespace uring {

struct EpollOptions {
  unsigned file_threads = 4;  // at most; started when there is work for them
};

class Epoll final : public Engine {
 public:
  // Returns null and sets `error` to an errno if the process has no descriptor or memory left. The
  // engine belongs to the calling thread.
  static std::unique_ptr<Epoll> create(const EpollOptions& options, int& error);
  ~Epoll() override;
  Epoll(const Epoll&) = delete;
  Epoll& operator=(const Epoll&) = delete;

  void start(Operation& operation) override;
  void start(Stream& stream) override;
  void cancel(Flight& flight) override;
  std::size_t wait(Milliseconds timeout, std::span<Completion> completions) override;
  void close(int fd) override;
  void finish_sending(int fd) override;
  Milliseconds now() override;
  Milliseconds stood_still() const override { return clock_.stood_still(); }
  std::span<char> buffer(std::uint16_t id) override { return buffers_.pool().at(id); }
  BufferPool::ListEntry& list_entry(std::uint16_t id) override {
    return buffers_.pool().list_entry(id);
  }
  void recycle(std::uint16_t id) override { buffers_.give_back(id); }
  std::size_t buffers_in_use() const override { return buffers_.in_use(); }
  std::size_t release_unused_buffers() override {
    return buffers_.in_use() == 0 ? buffers_.pool().discard() : 0;
  }
  void watch_readable(int fd) override;
  std::string describe() const override;

 private:
  // The state of a descriptor.
  struct Slot {
    Flight* reader = nullptr;      // waits for input: accept, recv, read
    Operation* writer = nullptr;   // waits for output: connect, send
    std::uint32_t sent = 0;        // bytes of `writer` that are sent
    std::uint32_t generation = 0;  // tells events of this descriptor from those of earlier ones
    bool registered = false;
    bool readable = true;  // a read may succeed: try before waiting
    bool writable = true;
    bool nonblocking = false;  // the descriptor is known to be
    bool ended = false;  // the peer finished or is gone: a short read does not empty the socket
  };

  Epoll(const EpollOptions& options, int poller, int event);
  Slot& slot_of(int fd);
  bool ensure_slot(int fd);
  bool grow_slots(std::size_t index);
  bool can_queue_more();
  void reset_slot(int fd);
  void complete(Flight& flight, Result result);
  void fail(Flight& flight, int error);

  void start_accept(Operation& operation);
  void start_connect(Operation& operation);
  void start_receive(Flight& flight);
  void start_send(Operation& operation);
  void start_read(Operation& operation);
  void start_file(Operation& operation);

  bool accept_some(Flight& accept);
  bool try_connect(Operation& operation);
  bool try_receive(Flight& flight, Slot& slot);
  bool try_stream(Flight& stream, Slot& slot);
  bool try_send(Operation& operation, Slot& slot);
  bool try_send_pages(Operation& operation, Slot& slot);
  bool try_read(Operation& operation, bool is_ready);
  void await_event(Operation& operation);
  void conclude_connect(Operation& operation);

  int control(int fd, std::uint32_t events);
  void watch(int fd);
  void unwatch(int fd);
  void poll(Milliseconds timeout);
  void take_event(const epoll_event& event);
  void advance_reader(int fd);
  void advance_writer(int fd);
  void try_connects_again();
  void continue_streams();
  bool is_empty_and_open(int fd) const;
  std::optional<std::uint16_t> take_buffer();

  Fd poller_;
  Fd event_;                 // signalled by files_
  int watched_ = -1;         // the watched descriptor, whose input ends wait()
  std::vector<Slot> slots_;  // by descriptor
  // Its memory is reserved for the completions of all operations that may be in flight, and
  // most_extra_ completions of multishot operations that go on.
  Fifo<Completion> ready_;
  std::size_t most_extra_ = 1024;
  std::vector<std::uint64_t> streaming_;  // marks of sockets with more input for their recv_stream
  std::vector<std::uint64_t> continued_;  // used within continue_streams(); keeps its memory
  unsigned unpolled_ = 0;                 // calls of wait() since the last epoll_wait(2)
  RunningClock clock_;
  std::vector<int> connecting_;  // wait for the full queue of a unix socket: without events
  FreeBuffers buffers_;
  PagePipe pages_;
  FileThreads files_;  // last, so that its threads end before any other member is destroyed
};

}  // namespace uring
