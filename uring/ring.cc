// The io_uring engine: operations to submission-queue entries, completions back.
//
// io_uring_setup(2), io_uring_enter(2) and io_uring_register(2) describe every flag that is used
// here. Covered by tests/uring/ring_test.cc, engine_test.cc, receive_test.cc and watch_test.cc.
#include "uring/ring.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <utility>

#include "uring/prepare.h"

namespace uring {

namespace {

// The user_data of entries that belong to no operation. All other values are the address of a
// Flight, in which pages_mark is set for the steps of a send_pages.
constexpr std::uint64_t no_tag = 0;     // the completion is ignored
constexpr std::uint64_t watch_tag = 1;  // the poll of the watched descriptor
constexpr std::uint64_t highest_tag = watch_tag;
constexpr std::uint64_t pages_mark = std::uint64_t{1} << 63;  // in no address of a process

std::uint64_t pages_tag(const Flight& flight) {
  return reinterpret_cast<std::uintptr_t>(&flight) | pages_mark;
}

// Whether a completion is of an operation's only entry. One comparison for the tags, which are
// small, and for pages_mark, the sign.
bool is_plain(std::uint64_t user_data) {
  return static_cast<std::int64_t>(user_data) > static_cast<std::int64_t>(highest_tag);
}

// Sets of set-up flags, the best first. A missing flag costs speed and does not change behaviour.
constexpr std::array<unsigned, 3> setups = {
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL,
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL,
    0,
};

[[noreturn]] void lost_completions() {
  std::fputs("io_uring dropped completions (EBADR); a running process cannot recover from it\n",
             stderr);
  std::abort();
}

}  // namespace

std::unique_ptr<Ring> Ring::create(const RingOptions& options, Refusal& refusal) {
  std::unique_ptr<Ring> ring(new Ring);
  int error = ring->set_up(options);
  if (error == 0) error = ring->register_buffers();
  if (error == 0 && options.permitted != 0) error = ring->restrict_and_enable(options.permitted);
  if (error == 0) return ring;
  refusal = {error, explain_refusal(error)};
  return nullptr;
}

// Returns 0 or an errno. Only EINVAL means an unknown flag; any other error would repeat.
int Ring::set_up(const RingOptions& options) {
  int result = -EINVAL;
  for (const unsigned flags : setups) {
    if ((flags & IORING_SETUP_DEFER_TASKRUN) && (options.without & deferred_task_work)) continue;
    io_uring_params params{};
    params.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    if (options.permitted != 0) params.flags |= IORING_SETUP_R_DISABLED;
    params.cq_entries = options.completion_entries;
    result = io_uring_queue_init_params(options.submission_entries, &ring_, &params);
    if (result == 0) {
      setup_flags_ = flags;
      ready_ = true;
      break;
    }
    if (result != -EINVAL) return -result;
  }
  if (result != 0) return -result;
  if (const int error = find_features(options.without); error != 0) return error;
  // Both calls only improve speed, so their errors are ignored.
  io_uring_register_ring_fd(&ring_);
  unsigned workers[2] = {options.kernel_workers, options.kernel_workers};
  io_uring_register_iowq_max_workers(&ring_, workers);
  return 0;
}

// Most features cannot be probed, but operations can that were added in the same kernel.
int Ring::find_features(unsigned without) {
  io_uring_probe* const probe = io_uring_get_probe_ring(&ring_);
  const bool is_5_19 = probe && io_uring_opcode_supported(probe, IORING_OP_SOCKET);
  const bool is_6_0 = probe && io_uring_opcode_supported(probe, IORING_OP_SEND_ZC);
  io_uring_free_probe(probe);
  if (!is_5_19) return EINVAL;
  features_ = buffer_ring | multishot_accept;
  if (setup_flags_ & IORING_SETUP_DEFER_TASKRUN) features_ |= deferred_task_work;
  if (is_6_0) features_ |= multishot_receive;
  features_ &= ~without;
  return 0;
}

int Ring::register_buffers() {
  const int error = has(buffer_ring) ? register_buffer_ring() : 0;
  if (error == EINVAL) features_ &= ~static_cast<unsigned>(buffer_ring);
  if (error != 0 && error != EINVAL) return error;
  return add_buffers() ? 0 : ENOMEM;
}

int Ring::register_buffer_ring() {
  constexpr std::size_t bytes = BufferPool::most_buffers * sizeof(io_uring_buf);
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  if (memory == MAP_FAILED) return errno;
  buffer_ring_ = static_cast<io_uring_buf_ring*>(memory);
  io_uring_buf_ring_init(buffer_ring_);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(memory);
  registration.ring_entries = BufferPool::most_buffers;
  registration.bgid = buffer_group;
  return -io_uring_register_buf_ring(&ring_, &registration, 0);
}

// Grows the pool and provides the new buffers to the kernel. False: the limit is reached or memory
// is exhausted. The kernel uses its buffers one after the other, so even a few connections touch
// the memory of all of them in time. Therefore it gets few at first, and each time as many again,
// up to a limit.
bool Ring::add_buffers() {
  constexpr std::size_t most_slabs = 4;
  const std::size_t slabs = pool_.size() / BufferPool::slab_buffers;
  std::size_t wanted = std::clamp<std::size_t>(slabs, 1, most_slabs);
  bool has_grown = false;
  for (; wanted > 0; --wanted) {
    const std::size_t first = pool_.grow();
    if (first == BufferPool::most_buffers) break;
    provide(static_cast<std::uint16_t>(first), BufferPool::slab_buffers);
    has_grown = true;
  }
  return has_grown;
}

// Ensures that a receive which found the group empty finds a buffer when it is started again. A
// buffer that is not in use belongs to the kernel, or is in a completion that precedes the next
// completion of the receive. The first shortage of a batch grows the pool; later ones only if all
// buffers are in use: a thousand connections that send at one time need as many buffers, although
// each is soon recycled.
bool Ring::ensure_buffers() {
  const bool is_first = !std::exchange(was_short_, true);
  if (is_first && add_buffers()) return true;
  return in_use_ < pool_.size() || add_buffers();
}

void Ring::recycle(std::uint16_t id) {
  assert(in_use_ > 0);
  --in_use_;
  if (!has(buffer_ring)) return provide(id, 1);
  io_uring_buf_ring_add(buffer_ring_, pool_.at(id).data(), BufferPool::buffer_bytes, id,
                        io_uring_buf_ring_mask(BufferPool::most_buffers), 0);
  io_uring_buf_ring_advance(buffer_ring_, 1);
}

// With deferred task work the kernel fills buffers only when it is entered, so that the buffers
// which it has contain nothing while no completion waits in the queue.
std::size_t Ring::release_unused_buffers() {
  const bool is_empty = in_use_ == 0 && io_uring_cq_ready(&ring_) == 0;
  return is_empty && has(deferred_task_work) ? pool_.discard() : 0;
}

namespace {

// The operations that a ring may execute: restrictions for io_uring_register(2).
class Restrictions {
 public:
  void permit(io_uring_op op) {
    io_uring_restriction& next = add(IORING_RESTRICTION_SQE_OP);
    next.sqe_op = static_cast<std::uint8_t>(op);
  }
  void permit_flags(unsigned flags) {
    io_uring_restriction& next = add(IORING_RESTRICTION_SQE_FLAGS_ALLOWED);
    next.sqe_flags = static_cast<std::uint8_t>(flags);
  }
  void permit_registration(unsigned op) {
    io_uring_restriction& next = add(IORING_RESTRICTION_REGISTER_OP);
    next.register_op = static_cast<std::uint8_t>(op);
  }
  // liburing 2.3 declares its function for this without extern "C", so that C++ cannot link it.
  bool apply(int ring) const {
    return ::syscall(SYS_io_uring_register, ring, IORING_REGISTER_RESTRICTIONS, all_.data(),
                     count_) == 0;
  }

 private:
  io_uring_restriction& add(unsigned what) {
    assert(count_ < all_.size());
    io_uring_restriction& next = all_[count_++];
    next.opcode = static_cast<std::uint16_t>(what);
    return next;
  }

  std::array<io_uring_restriction, op_codes + 10> all_{};
  unsigned count_ = 0;
};

}  // namespace

// Restricts the ring, which was made disabled, and enables it. A kernel that cannot restrict rings
// (before Linux 5.10, or under a filter of system calls) leaves it as it is. Returns 0 or an errno.
int Ring::restrict_and_enable(OpCodes permitted) {
  Restrictions restrictions;
  for (unsigned i = 0; i < op_codes; ++i) {
    const auto code = static_cast<OpCode>(i);
    if (permitted & bit_of(code)) restrictions.permit(kernel_op_code(code));
  }
  // The operations of the engine itself: cancel(), close(), wait(), watch_readable(),
  // start_pages().
  for (const io_uring_op op : {IORING_OP_ASYNC_CANCEL, IORING_OP_CLOSE, IORING_OP_TIMEOUT,
                               IORING_OP_POLL_ADD, IORING_OP_POLL_REMOVE, IORING_OP_NOP}) {
    restrictions.permit(op);
  }
  if (!has(buffer_ring)) restrictions.permit(IORING_OP_PROVIDE_BUFFERS);
  restrictions.permit_flags(IOSQE_BUFFER_SELECT | IOSQE_CQE_SKIP_SUCCESS);
  restrictions.permit_registration(IORING_UNREGISTER_RING_FDS);  // by io_uring_queue_exit()
  is_restricted_ = restrictions.apply(ring_.ring_fd);
  const long enabled =
      ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
  return enabled == 0 ? 0 : errno;
}

// Provides consecutive buffers of one slab to the kernel.
void Ring::provide(std::uint16_t first, std::size_t count) {
  char* memory = pool_.at(first).data();
  if (has(buffer_ring)) {
    for (std::size_t i = 0; i < count; ++i) {
      io_uring_buf_ring_add(buffer_ring_, memory + i * BufferPool::buffer_bytes,
                            BufferPool::buffer_bytes, static_cast<std::uint16_t>(first + i),
                            io_uring_buf_ring_mask(BufferPool::most_buffers), static_cast<int>(i));
    }
    io_uring_buf_ring_advance(buffer_ring_, static_cast<int>(count));
    return;
  }
  // The kernel executes this entry before those of later receives, which need the buffers.
  io_uring_sqe* entry = next_entry();
  io_uring_prep_provide_buffers(entry, memory, BufferPool::buffer_bytes, static_cast<int>(count),
                                buffer_group, first);
  entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
  io_uring_sqe_set_data64(entry, no_tag);
}

Ring::~Ring() {
  if (ready_) {
    io_uring_submit(&ring_);  // entries of close(), which no wait() follows
    io_uring_queue_exit(&ring_);
  }
  if (buffer_ring_) ::munmap(buffer_ring_, BufferPool::most_buffers * sizeof(io_uring_buf));
}

// Submits the entries of a full submission queue, so that there is always a free one.
inline io_uring_sqe* Ring::next_entry() {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  while (!entry) {
    ++counters_.enters;
    io_uring_submit(&ring_);
    entry = io_uring_get_sqe(&ring_);
  }
  return entry;
}

namespace {

bool receives(OpCode code) { return code == OpCode::recv || picks_buffer(code); }

}  // namespace

// Nearly all operations are sends, which take the shortest path.
void Ring::start(Operation& operation) {
  operation.cancelled = false;
  if (operation.code == OpCode::send) [[likely]] {
    io_uring_sqe* entry = next_entry();
    prepare_send(entry, operation);
    io_uring_sqe_set_data(entry, &operation);
    ++counters_.operations;
    return;
  }
  ++counters_.operations;
  if (operation.code == OpCode::send_pages) return start_pages(operation);
  if (!waits_for_peer(operation.code) && is_punted(operation)) ++counters_.punts;
  submit(operation);
}

void Ring::start(Stream& stream) {
  stream.cancelled = false;
  submit(stream);
  ++counters_.operations;
}

void Ring::submit(Flight& flight) {
  io_uring_sqe* entry = next_entry();
  if (flight.code == OpCode::recv_stream)
    prepare_receive(entry, flight, has(multishot_receive));
  else
    prepare(entry, operation_of(flight), has(multishot_accept));
  io_uring_sqe_set_data(entry, &flight);
  if (receives(flight.code)) has_receives_ = true;
}

void Ring::cancel(Flight& flight) {
  flight.cancelled = true;
  io_uring_sqe* entry = next_entry();
  // A multishot accept is cancelled by its descriptor, since a cancellation by address has missed
  // one (liburing issue 1375).
  if (flight.code == OpCode::accept) {
    io_uring_prep_cancel_fd(entry, flight.fd, IORING_ASYNC_CANCEL_ALL);
  } else if (flight.code == OpCode::send_pages) {
    io_uring_prep_cancel64(entry, pages_tag(flight), 0);
  } else {
    io_uring_prep_cancel(entry, &flight, 0);
  }
  io_uring_sqe_set_data64(entry, no_tag);
  ++counters_.cancels;
}

void Ring::close(int fd) {
  io_uring_sqe* entry = next_entry();
  io_uring_prep_close(entry, fd);
  entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
  io_uring_sqe_set_data64(entry, no_tag);
}

// A plain call, which does not block. io_uring gives IORING_OP_SHUTDOWN to a kernel worker, which
// takes ten times as long (1,038 against 98 ns).
void Ring::finish_sending(int fd) { ::shutdown(fd, SHUT_WR); }

Milliseconds Ring::now() { return clock_.read(monotonic_ms()); }

// Continues a multishot operation that this kernel does only once, by a new entry. False: `flight`
// is no such operation, or it was cancelled or has failed.
bool Ring::continue_multishot(Flight& flight, std::int32_t result) {
  const bool is_accept = flight.code == OpCode::accept && !has(multishot_accept);
  const bool is_receive = flight.code == OpCode::recv_stream && !has(multishot_receive);
  if (flight.cancelled) return false;  // cancel() may have come after the last entry's end
  if (!(is_accept && result >= 0) && !(is_receive && result > 0)) return false;
  submit(flight);
  return true;
}

// Copies one completion of the kernel. False: it is not for the loop.
inline bool Ring::take(const io_uring_cqe& entry, Completion& completion) {
  auto* flight = reinterpret_cast<Flight*>(static_cast<std::uintptr_t>(entry.user_data));
  Result result{.value = entry.res, .more = (entry.flags & IORING_CQE_F_MORE) != 0};
  if (entry.flags & IORING_CQE_F_BUFFER) {
    result.buffer = static_cast<std::uint16_t>(entry.flags >> IORING_CQE_BUFFER_SHIFT);
    ++in_use_;
  }
  completion = {flight, result};
  const bool is_usual = entry.res > 0 && is_plain(entry.user_data) && !lacks_multishot();
  return is_usual || take_unusual(entry, completion);
}

// take() for completions that transferred no bytes, and for all on a kernel without multishot
// operations.
bool Ring::take_unusual(const io_uring_cqe& entry, Completion& completion) {
  if (entry.user_data == watch_tag) take_watch(entry);
  if (entry.user_data <= highest_tag) return false;
  if (!is_plain(entry.user_data)) return take_pages(entry, completion);
  Result& result = completion.result;
  // Linux 5.19 reports the buffer that it selected for a receive which then ended or failed.
  if (entry.res <= 0 && result.buffer != no_buffer)
    recycle(std::exchange(result.buffer, no_buffer));
  Flight& flight = *completion.flight;
  if (entry.res == -ENOBUFS && picks_buffer(flight.code)) {
    ++counters_.buffer_shortages;
    // The cancellation came when this receive had ended, and would not reach the next one.
    if (flight.cancelled) {
      result.value = -ECANCELED;
    } else if (ensure_buffers()) {
      submit(flight);
      return false;
    }
  }
  if (lacks_multishot() && continue_multishot(flight, entry.res)) result.more = true;
  return true;
}

bool Ring::process(const io_uring_cqe& entry, Completion& completion) {
  return take(entry, completion);
}

// --- Sending pages ---
//
// The engine makes the calls itself, because the ring would give them to a worker thread. Where the
// socket's buffer is full, a poll in the ring waits for space. An operation that needs no poll
// completes by an entry that does nothing. Between the steps Operation::result has the number of
// bytes that were sent.

namespace {

// Operations of the ring need blocking sockets, and splice(2) a non-blocking one, since it has no
// flag for that. No other thread uses the socket, and the ring looks at its flags only when an
// entry is submitted.
void set_nonblocking(int socket, bool is_nonblocking) {
  ::fcntl(socket, F_SETFL, is_nonblocking ? O_NONBLOCK : 0);
}

}  // namespace

void Ring::start_pages(Operation& operation) {
  operation.result = Result{};
  const bool is_done = send_more_pages(operation);
  io_uring_sqe* entry = next_entry();
  if (is_done)
    io_uring_prep_nop(entry);
  else
    prepare(entry, operation, false);
  io_uring_sqe_set_data64(entry, pages_tag(operation));
}

// True: the operation is done, with the result in Operation::result. False: the socket's buffer is
// full.
bool Ring::send_more_pages(Operation& operation) {
  set_nonblocking(operation.fd, true);
  const PagePipe::Sent sent = pages_.send(operation, operation.result.count());
  set_nonblocking(operation.fd, false);
  operation.result.value += static_cast<std::int32_t>(sent.bytes);
  if (sent.error == EAGAIN) return false;
  if (operation.result.value == 0) operation.result.value = -sent.error;
  return true;
}

// The end of a step. A poll returns the events, which are not 0, or an error.
bool Ring::take_pages(const io_uring_cqe& entry, Completion& completion) {
  completion.flight =
      reinterpret_cast<Flight*>(static_cast<std::uintptr_t>(entry.user_data & ~pages_mark));
  Operation& operation = operation_of(*completion.flight);
  const bool goes_on = entry.res > 0 && !operation.cancelled;
  if (goes_on && !send_more_pages(operation)) {
    io_uring_sqe* again = next_entry();
    prepare(again, operation, false);
    io_uring_sqe_set_data64(again, pages_tag(operation));
    return false;
  }
  const bool has_ended_early = entry.res != 0 && !goes_on;
  if (has_ended_early && operation.result.value == 0) {
    operation.result.value = entry.res < 0 ? entry.res : -ECANCELED;
  }
  completion.result = operation.result;
  return true;
}

// --- Watching ---
//
// The descriptor is watched by a multishot poll. With deferred task work the kernel lists the
// requests that events have woken, in order, and turns them into completions when it is entered. So
// the completion of a message comes with that of the poll, if the poll was woken before. There are
// two exceptions, in which may_be_readable() returns true: a new receive that finds its message at
// once, and requests that the kernel postpones because it has processed 20 of the list.

namespace {

// In a batch of this size no request can have been postponed. The cost of a superfluous read of the
// watched descriptor does not matter in a larger one.
constexpr std::size_t small_batch = 8;

}  // namespace

void Ring::watch_readable(int fd) {
  if (watched_ >= 0) {
    io_uring_sqe* entry = next_entry();
    io_uring_prep_poll_remove(entry, watch_tag);
    io_uring_sqe_set_data64(entry, no_tag);
  }
  watched_ = fd;
  if (fd >= 0) poll_watched();
}

void Ring::poll_watched() {
  io_uring_sqe* entry = next_entry();
  io_uring_prep_poll_multishot(entry, watched_, POLLIN);
  io_uring_sqe_set_data64(entry, watch_tag);
  may_be_readable_ = true;
}

void Ring::take_watch(const io_uring_cqe& entry) {
  if (entry.res == -ECANCELED) return;  // another descriptor is watched now, or none
  may_be_readable_ = true;
  const bool has_ended = (entry.flags & IORING_CQE_F_MORE) == 0;
  if (entry.res < 0)
    watched_ = -1;  // the descriptor cannot be polled
  else if (has_ended && watched_ >= 0)
    poll_watched();
}

// Without deferred task work the order of completions is undefined.
bool Ring::may_be_readable() {
  const bool is_known = watched_ >= 0 && has(deferred_task_work);
  return !is_known || std::exchange(may_be_readable_, false);
}

// Ensures that a completion comes after `duration` at the latest. The next time to wake up is
// rarely earlier than the one before, so one timeout entry serves thousands of waits, while a
// timeout for each wait costs some 400 instructions. A timeout that is no longer needed wakes the
// loop without effect.
void Ring::wake_after(Milliseconds duration) {
  if (!clock_.must_wake_after(duration)) return;
  const Milliseconds time = clock_.wakes_at();
  // The kernel reads wake_time_ when the entry is submitted, which is in the present wait().
  wake_time_ = {.tv_sec = time / 1000, .tv_nsec = (time % 1000) * 1'000'000};
  io_uring_sqe* entry = next_entry();
  io_uring_prep_timeout(entry, &wake_time_, 0, IORING_TIMEOUT_ABS);
  io_uring_sqe_set_data64(entry, no_tag);
}

std::size_t Ring::wait(Milliseconds timeout, std::span<Completion> completions) {
  ++counters_.enters;
  int result = 0;
  if (timeout == 0) {
    result = io_uring_submit_and_get_events(&ring_);
  } else {
    if (timeout > 0) wake_after(timeout);
    result = io_uring_submit_and_wait(&ring_, 1);
  }
  if (result == -EBADR) lost_completions();
  was_short_ = false;
  const unsigned ready = io_uring_cq_ready(&ring_);
  const auto count = static_cast<unsigned>(std::min<std::size_t>(ready, completions.size()));
  may_be_readable_ |= std::exchange(has_receives_, false) || ready > small_batch;
  const unsigned first = *ring_.cq.khead;
  std::size_t taken = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (take(ring_.cq.cqes[(first + i) & ring_.cq.ring_mask], completions[taken])) ++taken;
  }
  io_uring_cq_advance(&ring_, count);
  counters_.completions += taken;
  return taken;
}

std::string Ring::describe() const {
  std::string text = "io_uring (";
  if (has(deferred_task_work)) text += "single issuer, deferred task work, ";
  if (setup_flags_ & IORING_SETUP_COOP_TASKRUN) text += "cooperative task work, ";
  if (!has(multishot_accept)) text += "accepting one at a time, ";
  if (!has(multishot_receive)) text += "receiving one at a time, ";
  return text + (has(buffer_ring) ? "buffer ring)" : "provided buffers)");
}

}  // namespace uring
