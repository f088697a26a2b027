// Simulated: an engine for tests, with a clock and peers of its own, that can be told to fail.
//
// Sockets are queues of bytes in memory, time passes only when everybody waits, and file operations
// are plain calls on real files; so a test runs the real coroutines, the same way every time, as
// fast as the machine can. Operations are numbered from 1 in the order they start, and a fault is
// planned for a number: fail it with an errno, shorten its transfer, or delay its completion. A
// temper makes a habit of what real engines do only at times, some of them only one of the two.
// What was opened, lent or left waiting can be asked for at the end, so that a leak is a failure.
// Covered by tests/uring/simulated_test.cc.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "uring/buffer_pool.h"
#include "uring/engine.h"

namespace uring {

class Simulated final : public Engine {
 public:
  struct FaultPlan {
    int error = 0;            // complete with -error, without doing it
    std::uint32_t most = 0;   // move at most this many bytes; 0: no bound
    std::uint32_t delay = 0;  // deliver this many turns later
  };

  // What an engine may do, and no caller may rely on its not doing.
  struct Behaviour {
    std::uint32_t seed = 1;  // of its whims
    bool partial_progress =
        false;  // finds half of what is ready not to be: EAGAIN, and a part only
    bool reorders_completions = false;  // completions of different operations come in any order
    bool success_beats_cancel = false;  // who is cancelled and could go on does so first
    bool ends_multishots = false;       // a multishot may end with any of its completions
    std::size_t most_buffers = 0;       // lends no more than so many at once; 0: any
  };

  // --- For the test: the world outside. ---

  // A socket that the code under test listens on. Not a kernel descriptor.
  int listen();
  // A connection that arrives at `listener`; returns the number of the peer, which is also the
  // descriptor that the code under test will be given.
  int arrive(int listener);
  // A connected socket, for code that connects by itself.
  int connected() { return make_socket(); }
  // From now on nobody listens where the code under test connects to.
  void refuse_connections() { refuses_ = true; }

  void peer_sends(int socket, std::string_view bytes);
  void peer_finishes(int socket);  // the peer will send no more
  void peer_resets(int socket);    // the peer is gone
  // The peer takes at most `bytes` more until told otherwise; without this it takes all.
  void peer_takes(int socket, std::size_t bytes);
  // What the code under test sent so far. Valid until the next call of this engine.
  std::string_view peer_received(int socket) const;
  bool closed(int socket) const;    // the code under test closed it
  bool finished(int socket) const;  // the code under test will send no more
  // Bytes that the peer sent and nobody received: a close with some left resets the connection.
  std::size_t unread(int socket) const {
    return sockets_.at(socket).inbound.size() - sockets_.at(socket).received;
  }

  // Recv hands out at most this many bytes at a time (0: no bound).
  void split_receives(std::size_t bytes) { receive_bound_ = bytes; }

  void plan_fault(std::uint64_t number, FaultPlan fault) { faults_[number] = fault; }
  // The same for the next operation of a kind; several take one each, in this order.
  void plan_next(OpCode code, FaultPlan fault) { next_faults_.emplace(code, fault); }
  void set_behaviour(const Behaviour& behaviour);
  std::uint64_t started() const { return counters_.operations; }
  std::size_t started(OpCode code) const;
  // What operation `number` was; from 1 to started().
  OpCode code_of(std::uint64_t number) const { return history_[number - 1]; }

  // All file systems say from now on that they have this left; -1: they do not say.
  void set_free_bytes(std::int64_t bytes) { free_bytes_ = bytes; }

  std::size_t open_sockets() const;
  std::size_t open_files() const { return files_.size(); }
  std::size_t delayed_completions() const { return delayed_.size(); }
  std::size_t buffers_in_use() const override { return lent_.size(); }
  void advance_clock(Milliseconds duration) { now_ += duration; }

  // Forgets closed sockets, planned faults and what was started, so that numbers begin at 1 again:
  // for a test that uses one engine many times. Nothing may be open, lent or in flight.
  void reset();

  // --- Engine ---

  void start(Operation& operation) override;
  void start(Stream& stream) override;
  bool finish_now(Operation& operation) override;
  void cancel(Flight& flight) override;
  std::size_t wait(Milliseconds timeout, std::span<Completion> room) override;
  void close(int fd) override;
  void finish_sending(int fd) override;
  std::int64_t free_bytes(int fd) override;
  Milliseconds now() override { return now_; }
  std::span<char> buffer(std::uint16_t id) override { return pool_.at(id); }
  BufferPool::ListEntry& list_entry(std::uint16_t id) override { return pool_.list_entry(id); }
  void recycle(std::uint16_t id) override;
  std::string describe() const override { return "simulated"; }

 private:
  struct Socket {
    std::string inbound;            // sent by the peer
    std::size_t received = 0;       // bytes of those that were received
    std::string outbound;           // received by the peer
    std::deque<int> arrivals;       // listener only: connections not yet accepted
    std::size_t window = SIZE_MAX;  // bytes that the peer still takes
    std::size_t sent = 0;           // bytes of the pending send that are out
    bool finished = false;          // the peer sends no more
    bool reset = false;             // the peer is gone
    bool ended = false;             // we send no more
    bool closed = false;            // we closed it
  };
  struct Waiting {
    Flight* flight;
    FaultPlan fault;
  };
  struct Delayed {
    Completion completion;
    std::uint32_t turns;  // not counting the one in which it completed
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
  std::uint16_t lend();
  void age_delayed();
  void pump();
  bool whim() { return (random_ = random_ * 1'664'525U + 1'013'904'223U) >> 31 != 0; }
  bool may_end(const Flight& multishot);
  Completion take_ready();

  static constexpr int first_socket = 1'000'000;  // far above any real descriptor

  Milliseconds now_ = 1'000'000;
  std::map<int, Socket> sockets_;
  std::map<std::uint64_t, FaultPlan> faults_;
  std::multimap<OpCode, FaultPlan> next_faults_;
  std::vector<OpCode> history_;  // of all operations, in the order they started
  std::vector<Waiting> waiting_;
  std::deque<Completion> ready_;
  std::vector<Delayed> delayed_;
  std::set<int> files_;  // opened by an operation and not yet closed
  BufferPool pool_;
  std::vector<std::uint16_t> free_;
  std::set<std::uint16_t> lent_;
  std::size_t receive_bound_ = 0;
  std::int64_t free_bytes_ = std::int64_t{1} << 40;
  bool refuses_ = false;
  Behaviour behaviour_;
  std::uint32_t random_ = 1;
  bool hesitated_ = false;  // this turn: something was ready, so that no time passes
};

}  // namespace uring
