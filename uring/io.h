// Io: what one flow of control awaits, and until when.
//
// A connection, an acceptor or a client has one Io. It holds the one operation that is awaited, the
// receive that goes on by itself, the deadline, and the wish to stop; so a coroutine's frame holds
// none of these, and "cancel this connection" is one call. Once it was stopped or its deadline
// passed, whatever waits for a peer answers ECANCELED, at once and from then on; file operations
// still run, so that a coroutine can tidy up after itself. Deadlines bound what waits for a peer,
// never a file. Covered by tests/uring/loop_test.cc and receive_test.cc.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <coroutine>
#include <cstdint>
#include <span>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>

#include "uring/loop.h"
#include "uring/operation.h"
#include "uring/timers.h"

namespace uring {

class Scope;

// A message of up to four pieces for one send. Owned by the caller, with the bytes, until the send
// completed.
struct Gather {
  std::array<iovec, 4> pieces{};
  msghdr header{};

  // Starts anew with no piece.
  void clear() { header.msg_iovlen = 0; }
  void add(std::string_view bytes) {
    if (bytes.empty()) return;
    assert(header.msg_iovlen < pieces.size());
    pieces[header.msg_iovlen++] = {const_cast<char*>(bytes.data()), bytes.size()};
  }
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < header.msg_iovlen; ++i) sum += pieces[i].iov_len;
    return sum;
  }
};

// What of an Io others have pointers to: a base, so that these lead to the Io.
struct IoParts {
  Stream stream_;  // the receive that goes on by itself
  Timer timer_;
};

class Io : private IoParts {
 public:
  explicit Io(Scope& scope);
  ~Io();  // nothing may be in flight
  Io(const Io&) = delete;
  Io& operator=(const Io&) = delete;

  // What co_await takes: starts the operation and resumes with its Result.
  class [[nodiscard]] Pending {
   public:
    explicit Pending(Io& io) : io_(io) {}
    bool await_ready() const noexcept {
      return io_.is_receiving() ? io_.has_arrived() : io_.answered_already();
    }
    void await_suspend(std::coroutine_handle<> waiter) noexcept {
      if (io_.is_receiving())
        io_.await_arrival(waiter);
      else
        io_.begin(waiter);
    }
    Result await_resume() const noexcept { return io_.operation_.result; }

   private:
    Io& io_;
  };

  // --- Waiting for peers. Cancelled by stop() and by the deadline. ---

  // The next connection of `listener`. Multishot: to stop being given connections, stop() this Io
  // and await until a Result without `more`; between two awaits do not return to the loop.
  Pending accept(int listener);
  Pending connect(int fd, const sockaddr* address, socklen_t bytes);
  Pending recv(int fd, std::span<char> room);
  // Result::buffer names the buffer; Engine::recycle() gives it back.
  Pending recv_provided(int fd);
  // The next bytes that the peer of `fd` sent, in a buffer as above; a value of 0 is their end. The
  // first call starts a receive that goes on by itself, whatever else is awaited, and what arrives
  // meanwhile is kept; while more than most_kept buffers are, it pauses.
  Pending receive(int fd) {
    assert(!operation_.waiter && !operation_.armed);
    operation_.code = OpCode::recv_stream;
    stream_.fd = fd;
    awaits_end_ = false;
    return Pending(*this);
  }
  // Ends that receive: afterwards the kernel owes nothing, and receive() first gives out what is
  // kept. Not cancelled by anything.
  Pending end_receiving();
  // Something is kept: receive() would give it at once.
  bool has_received() const { return kept_ > 0; }
  // Such a receive is in flight.
  bool receives() const { return stream_.armed; }
  // Completes when all bytes are sent; fewer means that the peer is gone or the deadline passed.
  Pending send(int fd, std::string_view bytes) {
    return prepare(OpCode::send, fd, bytes.data(), bytes.size());
  }
  Pending send(int fd, Gather& message);
  // Nothing but time passing. ECANCELED when stopped before.
  Pending sleep(Milliseconds duration);

  // --- Files. Never cancelled. ---

  // Of an event descriptor, at_position: waits until somebody signals it.
  Pending read(int fd, std::span<char> room, std::uint64_t offset);
  Pending write(int fd, std::string_view bytes, std::uint64_t offset);
  // `path` ends in NUL; it is taken as relative to `directory`.
  Pending open(int directory, const char* path, OpenHow how);
  Pending sync(int fd);
  Pending sync_data(int fd);
  Pending rename(int directory, const char* from, int to_directory, const char* to, unsigned flags);
  Pending link(int directory, const char* from, int to_directory, const char* to);
  // Gives an open file, which may have no name, one more. Where the kernel wants more rights for
  // that than this process has: Fault::not_found.
  Pending link_file(int file, int to_directory, const char* to);
  Pending unlink(int directory, const char* path, int flags);
  Pending make_directory(int directory, const char* path, unsigned mode);
  // Says that what follows is about files in memory: all of the above but reading is done at once,
  // as plain calls, and awaiting it returns without a turn of the loop. Paths that lead to another
  // file system are found out and opened as ever; what has a descriptor must be in memory.
  void do_files_at_once(bool at_once) { files_at_once_ = at_once; }
  bool does_files_at_once() const { return files_at_once_; }
  // Lets whatever else is ready have its turn, for who has much to do without waiting.
  Pending yield();

  // Peers have `duration` from now on; a later call replaces an earlier one.
  void set_deadline(Milliseconds duration) { loop_.timers().set(timer_, loop_.now() + duration); }
  void clear_deadline() { loop_.timers().clear(timer_); }

  // Ends what waits for a peer, now and from now on.
  void stop();
  // Says whether nothing is lost when the wait ends: then Scope::end_idle() ends it, as if its
  // deadline were now.
  void set_idle(bool idle) { idle_ = idle; }

  bool stopped() const { return stopped_; }
  bool timed_out() const { return timed_out_; }
  Loop& loop() const { return loop_; }
  FramePool& frames() const { return loop_.frames(); }
  Engine& engine() const { return loop_.engine(); }
  // For coroutines whose first parameter is an Io: where their frames are allocated.

  // Takes back stopped() and timed_out(), for a new use of this Io.
  void renew();

  // For the loop: whose it is, that the timer fired, and a completion of the stream.
  static Io& of(Timer& timer);
  static Io& of(Stream& stream) { return static_cast<Io&>(reinterpret_cast<IoParts&>(stream)); }
  void on_deadline();
  void on_received(Result result);

  // Buffers kept for one flow of control before its peer has to wait: enough for a small upload
  // that arrives with its head.
  static constexpr std::uint16_t most_kept = 8;

 private:
  friend class Scope;
  // One operation moves at most this many bytes: what read(2) and send(2) move at once.
  static constexpr std::size_t most_bytes = 0x7ffff000;
  static constexpr std::int32_t not_ended = 1;  // no receive ends with a value above 0
  // What is awaited is the stream; waiter and result are those of the operation all the same.
  bool is_receiving() const { return operation_.code == OpCode::recv_stream; }
  Pending prepare(OpCode code, int fd, const void* address, std::size_t length) {
    assert(!operation_.waiter && (!operation_.armed || code == OpCode::accept));
    operation_.code = code;
    operation_.fd = fd;
    operation_.address = address;
    operation_.length = static_cast<std::uint32_t>(std::min(length, most_bytes));
    return Pending(*this);
  }
  bool answered_already() {
    return (files_at_once_ || stopped_ || timed_out_) && answered_otherwise();
  }
  bool answered_otherwise();
  void begin(std::coroutine_handle<> waiter) {
    operation_.waiter = waiter;
    if (!sleeping_ && !operation_.armed) loop_.engine().start(operation_);
  }
  bool has_arrived();
  void await_arrival(std::coroutine_handle<> waiter) {
    operation_.waiter = waiter;
    if (awaits_end_ || !stream_.armed) begin_receiving();
  }
  void begin_receiving();
  void keep(Result result);
  Result take_kept();
  void forget_kept();
  void interrupt();

  Loop& loop_;
  Io* next_;   // in the scope's list
  Io** link_;  // what points to this one
  Operation operation_;
  std::int32_t end_ = not_ended;     // what the stream came to in the end
  std::uint16_t first_ = no_buffer;  // of the kept buffers, in the order they arrived
  std::uint16_t last_ = no_buffer;
  std::uint16_t kept_ = 0;
  bool awaits_end_ = false;  // end_receiving() is what is awaited
  bool stopped_ = false;
  bool timed_out_ = false;
  bool files_at_once_ = false;
  bool idle_ = false;
  bool sleeping_ = false;  // the timer's end is what is awaited
};

}  // namespace uring
