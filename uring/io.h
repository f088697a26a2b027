// Io: the waits of one flow of control (a connection, an acceptor, a client): one operation at a
// time, the receive that runs beside it, the deadline, and the request to stop.
//
// The coroutine of a connection awaits the functions of its Io. All state of a wait is in the Io
// and not in the coroutine's frame, so stop() can end whatever the connection waits for. After
// stop(), or once the deadline has passed, an operation that waits for a peer completes with
// ECANCELED, at once and from then on. File operations still run, so that a coroutine can clean up
// after itself; a deadline never limits them. Covered by tests/uring/io_test.cc,
// accept_test.cc, receive_test.cc and file_test.cc.
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

#include "uring/loop_state.h"
#include "uring/operation.h"
#include "uring/timers.h"

namespace uring {

// A message of up to four pieces, for one send. The caller keeps it and the bytes unchanged until
// the send has completed.
struct Gather {
  std::array<iovec, 4> pieces{};
  msghdr header{};

  // Removes all pieces.
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

class Io;

// The Ios that are stopped together.
class IoGroup {
 public:
  IoGroup(const IoGroup&) = delete;
  IoGroup& operator=(const IoGroup&) = delete;

  // Stops every Io of the group. It does not stop Ios that are made later, so stop their maker
  // first.
  void stop();
  // Ends the waits of the idle Ios of the group; see Io::set_idle().
  void end_idle();

  LoopState& loop() const { return loop_; }

 protected:
  explicit IoGroup(LoopState& loop) : loop_(loop) {}
  ~IoGroup() { assert(!first_); }  // every Io must have been destroyed

 private:
  friend class Io;

  LoopState& loop_;
  Io* first_ = nullptr;
};

// The members of an Io that the engine and the timers point to. They are a base, so that such a
// pointer can be converted to the Io.
struct IoParts {
  // NOLINTBEGIN(readability-identifier-naming): private members of Io, by inheritance
  Stream stream_;  // the receive that runs beside the awaited operation
  Timer timer_;
  // NOLINTEND(readability-identifier-naming)
};

class Io : private IoParts {
 public:
  // `group`, usually a Scope, must outlive the Io.
  explicit Io(IoGroup& group);
  ~Io();  // no operation may be in flight
  Io(const Io&) = delete;
  Io& operator=(const Io&) = delete;

  // An operation that is described and not yet started. co_await starts it and returns its Result.
  class [[nodiscard]] Pending {
   public:
    explicit Pending(Io& io) : io_(io) {}
    bool await_ready() const noexcept {
      return io_.is_receiving() ? io_.take_arrived() : io_.completes_at_once();
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

  // --- Waiting for peers. stop() and the deadline cancel these operations. ---

  // The next connection of `listener`. The operation is multishot: to end it, stop() this Io and
  // await it until a Result has no `more`. Between two awaits the coroutine must not return to the
  // loop.
  Pending accept(int listener);
  Pending connect(int fd, const sockaddr* address, socklen_t bytes);
  Pending recv(int fd, std::span<char> room);
  // Receives into a buffer that the engine provides. Result::buffer is its number; the caller
  // returns it with Engine::recycle().
  Pending recv_provided(int fd);
  // The next bytes that the peer of `fd` sent, in a provided buffer; a value of 0 is the end of the
  // stream. The first call starts a multishot receive, which continues while the coroutine awaits
  // other operations. Buffers that it fills meanwhile are kept for later calls; it pauses while
  // more than most_kept buffers are kept.
  Pending receive(int fd) {
    assert(!operation_.waiter && !operation_.armed);
    operation_.code = OpCode::recv_stream;
    stream_.fd = fd;
    awaits_end_ = false;
    return Pending(*this);
  }
  // Ends that receive: afterwards no receive is in flight. A later receive() first returns the
  // buffers that are kept. Neither stop() nor the deadline cancels this wait.
  Pending end_receiving();
  // True while a buffer is kept: receive() would return it without waiting.
  bool has_received() const { return kept_ > 0; }
  // True while the multishot receive is in flight.
  bool receives() const { return stream_.armed; }
  // Completes when all bytes are sent. A smaller count means that the peer is gone or that the
  // deadline has passed.
  Pending send(int fd, std::string_view bytes) {
    return prepare(OpCode::send, fd, bytes.data(), bytes.size());
  }
  Pending send(int fd, Gather& message);
  // Sends `front`, and behind it `pages` without a copy, where the engine can: the kernel refers to
  // the memory of `pages` until the peer has received the bytes. That memory is therefore mapped
  // (a file, or memory of mmap(2) that is never written again), and may be unmapped once the send
  // has completed. A change of a mapped file may reach the peer until then; if the file has become
  // shorter, the count is smaller, or the result is an error if nothing was sent. Not for less than
  // about 32 KiB, which cost less to copy. `flags`: 0 or more_follows. The process ignores SIGPIPE.
  Pending send_pages(int fd, std::string_view front, std::string_view pages, std::uint32_t flags);
  // Waits for `duration`. ECANCELED when the Io is stopped before.
  Pending sleep(Milliseconds duration);

  // --- Files. These operations are never cancelled. ---

  // The read of an event descriptor (offset at_position) waits until the descriptor is signalled.
  Pending read(int fd, std::span<char> room, std::uint64_t offset);
  Pending write(int fd, std::string_view bytes, std::uint64_t offset);
  // `path` ends in NUL and is relative to `directory`.
  Pending open(int directory, const char* path, OpenHow how);
  Pending sync(int fd);
  Pending sync_data(int fd);
  Pending rename(int directory, const char* from, int to_directory, const char* to, unsigned flags);
  Pending link(int directory, const char* from, int to_directory, const char* to);
  // Gives an open file, which may have no name, another name. Fault::not_found: the kernel requires
  // a capability for it (CAP_DAC_READ_SEARCH) that this process does not have.
  Pending link_file(int file, int to_directory, const char* to);
  Pending unlink(int directory, const char* path, int flags);
  Pending make_directory(int directory, const char* path, unsigned mode);
  // Declares that the files of later operations are on a file system in memory. File operations
  // other than read() are then plain calls that complete at once, without a loop iteration. A path
  // that leads to another file system is detected and opened in the usual way; a descriptor must be
  // of a file in memory.
  void do_files_at_once(bool at_once) {
    files_ = at_once ? FileCalls::in_memory : FileCalls::by_engine;
  }
  bool does_files_at_once() const { return files_ == FileCalls::in_memory; }
  // Declares that the thread may wait for a disk, because no other client needs it. File
  // operations and reads are then plain calls that complete at once, on each file system. The
  // descriptors are of regular files and directories, and a path that is opened leads to one of
  // these.
  void call_files_plainly(bool plainly) {
    files_ = plainly ? FileCalls::plain : FileCalls::by_engine;
  }
  // Completes in the next loop iteration, so that a long computation lets other coroutines run.
  Pending yield();

  // Cancels waits for peers once `duration` has passed. A later call replaces an earlier one.
  void set_deadline(Milliseconds duration) { loop_.timers().set(timer_, loop_.now() + duration); }
  void clear_deadline() { loop_.timers().clear(timer_); }

  // Cancels the present wait for a peer and all later ones.
  void stop();
  // States whether the present wait may end early without loss. If so, IoGroup::end_idle() ends it,
  // as if its deadline had passed.
  void set_idle(bool idle) { idle_ = idle; }

  bool stopped() const { return stopped_; }
  bool timed_out() const { return timed_out_; }
  LoopState& loop() const { return loop_; }
  Engine& engine() const { return loop_.engine(); }
  // For coroutines whose first parameter is an Io: their frames are allocated here.
  Frames frames() const { return {.pool = loop_.frames(), .stack = frame_stack_}; }
  // Sets the stack for the frames of later coroutines; null: none. The caller keeps it.
  void use_frame_stack(FrameStack* stack) { frame_stack_ = stack; }

  // Resets stopped() and timed_out(), for a new use of this Io.
  void renew();

  // For Loop: the Io of a timer or a stream, the end of the deadline, and a completion of the
  // stream.
  static Io& of(Timer& timer);
  static Io& of(Stream& stream) { return static_cast<Io&>(reinterpret_cast<IoParts&>(stream)); }
  void on_deadline();
  void on_received(Result result);

  // Buffers that are kept for one flow of control before it stops receiving: enough for a small
  // upload that arrives together with its head.
  static constexpr std::uint16_t most_kept = 8;

 private:
  friend class IoGroup;
  // One operation transfers at most this many bytes, which is the limit of read(2) and send(2).
  static constexpr std::size_t most_bytes = 0x7ffff000;
  // How file operations are done; see do_files_at_once() and call_files_plainly().
  enum class FileCalls : std::uint8_t { by_engine, in_memory, plain };
  static constexpr std::int32_t not_ended = 1;  // no receive ends with a value above 0
  // True while the stream is awaited. The waiter and the result are in operation_ then, too.
  bool is_receiving() const { return operation_.code == OpCode::recv_stream; }
  Pending prepare(OpCode code, int fd, const void* address, std::size_t length) {
    assert(!operation_.waiter && (!operation_.armed || code == OpCode::accept));
    operation_.code = code;
    operation_.fd = fd;
    operation_.address = address;
    operation_.length = static_cast<std::uint32_t>(std::min(length, most_bytes));
    return Pending(*this);
  }
  bool completes_at_once() {
    return (files_ != FileCalls::by_engine || stopped_ || timed_out_) && complete_at_once();
  }
  bool complete_at_once();
  void begin(std::coroutine_handle<> waiter) {
    operation_.waiter = waiter;
    if (!sleeping_ && !operation_.armed) loop_.engine().start(operation_);
  }
  bool take_arrived();
  void await_arrival(std::coroutine_handle<> waiter) {
    operation_.waiter = waiter;
    if (awaits_end_ || !stream_.armed) begin_receiving();
  }
  void begin_receiving();
  void keep(Result result);
  Result take_kept();
  void recycle_kept();
  void interrupt();

  LoopState& loop_;
  Io* next_;   // in the list of the group
  Io** link_;  // the pointer of that list that points to this Io
  FrameStack* frame_stack_ = nullptr;
  Operation operation_;
  std::int32_t end_ = not_ended;     // the last result of the stream, once it has ended
  std::uint16_t first_ = no_buffer;  // of the kept buffers, in the order of their arrival
  std::uint16_t last_ = no_buffer;
  std::uint16_t kept_ = 0;
  bool awaits_end_ = false;  // end_receiving() is awaited
  bool stopped_ = false;
  bool timed_out_ = false;
  FileCalls files_ = FileCalls::by_engine;
  bool idle_ = false;
  bool sleeping_ = false;  // the timer is awaited
};

}  // namespace uring
