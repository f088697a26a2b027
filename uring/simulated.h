// Simulated: an engine for tests, with its own clock and peers, that fails on request.
//
// Sockets are queues of bytes in memory, the clock advances only when every task waits, and file
// operations are plain calls on real files. So a test runs the real coroutines, deterministically
// and as fast as the machine can. Operations are numbered from 1 in the order of their start, and a
// fault is planned for a number: an errno, a shorter transfer, or a delayed completion. A Behaviour
// makes frequent what real engines do rarely. Descriptors and buffers are counted, so that a test
// can fail because of a leak. Covered by tests/uring/simulated_test.cc.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "uring/engine.h"
#include "uring/free_buffers.h"

namespace uring {

class Simulated : public Engine {
 public:
  struct FaultPlan {
    int error = 0;            // complete with -error, and do not execute the operation
    std::uint32_t most = 0;   // transfer at most this many bytes; 0: no limit
    std::uint32_t delay = 0;  // complete this many calls of wait() later
  };

  // Variations that every engine is allowed. Ring and Epoll show them at times.
  struct Behaviour {
    std::uint32_t seed = 1;  // of the random choices
    // Leaves half of the operations that could proceed waiting, and transfers half of the bytes.
    bool partial_progress = false;
    bool reorders_completions = false;  // completions of different operations come in any order
    bool success_beats_cancel = false;  // a cancelled operation that could proceed succeeds
    bool ends_multishots = false;       // a multishot may end with any of its completions
    std::size_t most_buffers = 0;       // provided buffers in use at one time; 0: no limit
  };

  // --- For the test: the peers. ---

  // A socket for the code under test to listen on. It is no descriptor of the kernel.
  int listen();
  // Makes a connection arrive at `listener`. Returns its number, which names the peer here and is
  // the descriptor that the code under test accepts.
  int arrive(int listener);
  // A socket for code that connects by itself.
  int connected() { return make_socket(); }
  // Refuses every connect() of the code under test from now on.
  void refuse_connections() { refuses_ = true; }

  void peer_sends(int socket, std::string_view bytes);
  void peer_finishes(int socket);  // the peer ends its stream
  void peer_resets(int socket);    // the peer resets the connection
  // The peer receives at most `bytes` more until the next call; initially without limit.
  void peer_takes(int socket, std::size_t bytes);
  // The bytes that the code under test has sent. Valid until the next call of this engine.
  std::string_view peer_received(int socket) const;
  bool closed(int socket) const;    // the code under test has closed it
  bool finished(int socket) const;  // finish_sending() was called
  bool resets(int socket) const;    // reset_on_close() was called
  // The last duration that was passed to limit_stalls(); 0: none.
  Milliseconds stall_limit(int socket) const { return sockets_.at(socket).stall_limit; }
  // Bytes of the peer that were not received. On a real socket, closing with some left resets the
  // connection.
  std::size_t unread(int socket) const {
    return sockets_.at(socket).inbound.size() - sockets_.at(socket).received;
  }

  // A receive returns at most this many bytes (0: no limit).
  void split_receives(std::size_t bytes) { receive_bound_ = bytes; }

  void plan_fault(std::uint64_t number, FaultPlan fault) { faults_[number] = fault; }
  // Plans a fault for the next operation of a kind; further calls plan those of the operations
  // after it, in this order.
  void plan_next(OpCode code, FaultPlan fault) { next_faults_.emplace(code, fault); }
  void set_behaviour(const Behaviour& behaviour);
  std::uint64_t started() const { return counters_.operations; }
  std::size_t started(OpCode code) const;
  // The kind of operation `number`, from 1 to started().
  OpCode code_of(std::uint64_t number) const { return history_[number - 1]; }

  // Sets the result of free_bytes() for all descriptors; -1: unknown.
  void set_free_bytes(std::int64_t bytes) { free_bytes_ = bytes; }

  std::size_t open_sockets() const;
  std::size_t open_files() const { return files_.size(); }
  std::size_t delayed_completions() const { return delayed_.size(); }
  std::size_t buffers_in_use() const override { return buffers_.in_use(); }
  void advance_clock(Milliseconds duration) { now_ += duration; }

  // Discards closed sockets, planned faults and the history, so that numbers begin at 1 again: for
  // a test that uses one engine many times. No descriptor may be open, no buffer in use, and no
  // operation in flight.
  void reset();

  // --- Engine ---

  void start(Operation& operation) override;
  void start(Stream& stream) override;
  bool finish_now(Operation& operation) override;
  void finish_plainly(Operation& operation) override;
  void cancel(Flight& flight) override;
  std::size_t wait(Milliseconds timeout, std::span<Completion> completions) override;
  void close(int fd) override;
  void finish_sending(int fd) override;
  void reset_on_close(int fd) override;
  void limit_stalls(int fd, Milliseconds duration) override;
  std::int64_t free_bytes(int fd) override;
  Milliseconds now() override { return now_; }
  std::span<char> buffer(std::uint16_t id) override { return buffers_.pool().at(id); }
  BufferPool::ListEntry& list_entry(std::uint16_t id) override {
    return buffers_.pool().list_entry(id);
  }
  void recycle(std::uint16_t id) override;
  std::string describe() const override { return "simulated"; }

 private:
  struct Socket {
    std::string inbound;            // bytes from the peer
    std::size_t received = 0;       // how many of them were received
    std::string outbound;           // bytes to the peer
    std::deque<int> arrivals;       // of a listener: connections that are not accepted yet
    std::size_t window = SIZE_MAX;  // bytes that the peer still receives
    std::size_t sent = 0;           // bytes of the pending send that were sent
    bool finished = false;          // the peer has ended its stream
    bool reset = false;             // the peer has reset the connection
    bool ended = false;             // finish_sending() was called
    bool resets = false;            // reset_on_close() was called
    Milliseconds stall_limit = 0;   // of limit_stalls()
    bool closed = false;            // close() was called
  };
  struct Waiting {
    Flight* flight;
    FaultPlan fault;
  };
  struct Delayed {
    Completion completion;
    std::uint32_t waits;  // calls of wait() before it is returned
  };

  int make_socket();
  void complete(Flight& flight, Result result, std::uint32_t delay = 0);
  bool try_socket(const Waiting& waiting);
  bool try_event(const Waiting& waiting);
  bool try_accept(const Waiting& waiting, Socket& socket);
  bool try_receive(const Waiting& waiting, Socket& socket);
  bool try_stream(const Waiting& waiting, Socket& socket);
  bool try_send(const Waiting& waiting, Socket& socket);
  static std::int32_t end_of_send(Socket& socket, int error);
  FaultPlan begin(const Flight& flight);
  std::int32_t do_file(Operation operation, std::uint32_t most);
  std::uint16_t take_buffer();
  void age_delayed();
  void advance_all();
  bool chance() { return (random_ = random_ * 1'664'525U + 1'013'904'223U) >> 31 != 0; }
  bool may_end(const Flight& multishot);
  Completion take_ready();

  static constexpr int first_socket = 1'000'000;  // far above any real descriptor

  Milliseconds now_ = 1'000'000;
  std::map<int, Socket> sockets_;
  std::map<std::uint64_t, FaultPlan> faults_;
  std::multimap<OpCode, FaultPlan> next_faults_;
  std::vector<OpCode> history_;  // of all operations, in the order of their start
  std::vector<Waiting> waiting_;
  std::deque<Completion> ready_;
  std::vector<Delayed> delayed_;
  std::set<int> files_;  // opened by an operation and not closed yet
  FreeBuffers buffers_;
  std::set<std::uint16_t> in_use_;  // the buffers that are not free, to detect a double recycle()
  std::size_t receive_bound_ = 0;
  std::int64_t free_bytes_ = std::int64_t{1} << 40;
  bool refuses_ = false;
  Behaviour behaviour_;
  std::uint32_t random_ = 1;
  bool held_back_ = false;  // in this wait(): an operation could proceed, so the clock stands still
};

}  // namespace uring
