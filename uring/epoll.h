// Epoll: the engine for machines that refuse io_uring, on epoll and plain calls.
//
// A socket's operation is tried at once; if it would wait, the descriptor is registered, edge
// triggered and once for its life, and the operation waits in the descriptor's slot. A receive that
// got less than it had room for has drained the socket, so that the next one waits without trying:
// a request on a connection that stays costs a recv, a send, and its share of one epoll_wait. What
// is done is a completion in a queue that wait() hands out; nothing is called back. File operations
// that need no disk (cached names, cached bytes) are done at once, the others by FileThreads.
//
// Descriptors that operations were started on are closed through close(), or are new: accept() and
// connect() forget what was known of their number. Events may wait for one reader and one writer.
// Covered by tests/uring/epoll_test.cc, and like the ring by engine_test.cc, file_test.cc,
// loop_test.cc, receive_test.cc and stress_test.cc.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "uring/buffer_pool.h"
#include "uring/engine.h"
#include "uring/fd.h"
#include "uring/fifo.h"
#include "uring/file_threads.h"

struct epoll_event;

namespace uring {

struct EpollOptions {
  unsigned file_threads = 4;  // started when there is work for them
};

class Epoll final : public Engine {
 public:
  // Returns null and sets `error` to an errno where the process has no descriptor or memory left.
  // The engine belongs to the calling thread.
  static std::unique_ptr<Epoll> create(const EpollOptions& options, int& error);
  ~Epoll() override;
  Epoll(const Epoll&) = delete;
  Epoll& operator=(const Epoll&) = delete;

  void start(Operation& operation) override;
  void start(Stream& stream) override;
  void cancel(Flight& flight) override;
  std::size_t wait(Milliseconds timeout, std::span<Completion> room) override;
  void close(int fd) override;
  void finish_sending(int fd) override;
  Milliseconds now() override;
  std::span<char> buffer(std::uint16_t id) override { return pool_.at(id); }
  BufferPool::ListEntry& list_entry(std::uint16_t id) override { return pool_.list_entry(id); }
  void recycle(std::uint16_t id) override;
  std::size_t buffers_in_use() const override { return pool_.size() - free_.size(); }
  std::string describe() const override;

 private:
  // What is known of a descriptor.
  struct Slot {
    Flight* reader = nullptr;      // waits until there is something: accept, recv, read
    Operation* writer = nullptr;   // waits for room: connect, send
    std::uint32_t sent = 0;        // bytes of `writer` that are out
    std::uint32_t generation = 0;  // events of an earlier descriptor of this number are not ours
    bool registered = false;
    bool readable = true;  // a read may succeed: try before waiting
    bool writable = true;
    bool ended = false;  // the peer finished or is gone: a short read is not the last
  };

  Epoll(const EpollOptions& options, int poller, int event);
  Slot& slot_of(int fd);
  void forget(int fd);
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
  void go_on_with_streams();
  bool is_empty_and_open(int fd) const;
  std::optional<std::uint16_t> take_buffer();
  bool add_buffers();

  Fd poller_;
  Fd event_;                 // signalled by files_
  std::vector<Slot> slots_;  // by descriptor
  Fifo<Completion> ready_;
  std::vector<std::uint64_t> streaming_;  // marks of sockets that have more for their recv_stream
  std::vector<std::uint64_t> streamed_;   // the same of the turn before, in memory that stays
  unsigned unpolled_ = 0;  // waits in a row that had completions without asking the kernel
  std::vector<int>
      connecting_;  // to unix sockets whose queue is full: nothing tells when it is not
  BufferPool pool_;
  std::vector<std::uint16_t> free_;  // buffers of the pool that nobody has
  FileThreads files_;                // last: its threads end before anything else does
};

}  // namespace uring
