// The io_uring engine: operations to submission-queue entries, completions back.
//
// See io_uring_setup(2), io_uring_enter(2) and io_uring_register(2) for every flag named here.
// Covered by tests/uring/ring_test.cc, engine_test.cc and its neighbours.
#include "uring/ring.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <utility>

namespace uring {

namespace {

constexpr unsigned short buffer_group = 0;

// What an entry carries that belongs to no operation: other numbers are addresses.
constexpr std::uint64_t no_tag = 0;     // nobody wants to know its end
constexpr std::uint64_t watch_tag = 1;  // the poll of what is watched
constexpr std::uint64_t highest_tag = watch_tag;

// What a set-up flag costs when it is missing is speed, never behaviour, so each may be peeled off.
constexpr std::array<unsigned, 3> setups = {
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL,
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_SUBMIT_ALL,
    0,
};

std::string first_line_of(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

bool under_seccomp_filter() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("Seccomp:", 0) == 0) return line.find('2') != std::string::npos;
  }
  return false;
}

std::string kernel_release() {
  utsname name{};
  ::uname(&name);
  return name.release;
}

[[noreturn]] void lost_completions() {
  std::fputs("io_uring dropped completions (EBADR); this cannot be mended in a running process\n",
             stderr);
  std::abort();
}

}  // namespace

std::string explain_refusal(int error) {
  const std::string profile =
      "a seccomp profile forbids io_uring (as Docker's and containerd's default profiles do); "
      "start the container with one that allows it, such as packaging/seccomp.json";
  const std::string sysctl = first_line_of("/proc/sys/kernel/io_uring_disabled");
  switch (error) {
    case EPERM:
      if (sysctl == "1") {
        return "the sysctl kernel.io_uring_disabled is 1: allow it with 'sysctl "
               "kernel.io_uring_disabled=0', or join the group in kernel.io_uring_group";
      }
      if (sysctl == "2") {
        return "the sysctl kernel.io_uring_disabled is 2: allow it with 'sysctl "
               "kernel.io_uring_disabled=0'";
      }
      return profile;
    case ENOSYS:
      if (under_seccomp_filter()) return profile;
      return "this kernel (" + kernel_release() + ") has no io_uring; it takes Linux 5.19 or later";
    case EINVAL:
      return "this kernel (" + kernel_release() +
             ") has too old an io_uring; it takes Linux 5.19 or later";
    case ENOMEM:
      return "no memory for the ring; raise the locked-memory limit ('ulimit -l') or free memory";
    case EMFILE:
    case ENFILE: return "too many open files; raise the limit with 'ulimit -n'";
    default: return std::string("the kernel says: ") + error_text(error);
  }
}

std::unique_ptr<Ring> Ring::create(const RingOptions& options, Refusal& refusal) {
  std::unique_ptr<Ring> ring(new Ring);
  int error = ring->set_up(options);
  if (error == 0) error = ring->register_buffers();
  if (error == 0) return ring;
  refusal = {error, explain_refusal(error)};
  return nullptr;
}

// Returns 0 or an errno. Only EINVAL means "unknown flag": anything else would fail again.
int Ring::set_up(const RingOptions& options) {
  int result = -EINVAL;
  for (const unsigned flags : setups) {
    if ((flags & IORING_SETUP_DEFER_TASKRUN) && (options.without & deferred_task_work)) continue;
    io_uring_params params{};
    params.flags = flags | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
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
  // Both calls only make things better; a kernel without them serves as well.
  io_uring_register_ring_fd(&ring_);
  unsigned workers[2] = {options.kernel_workers, options.kernel_workers};
  io_uring_register_iowq_max_workers(&ring_, workers);
  return 0;
}

// There is no probe for most of them, but for operations that came with the same kernel.
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

// Grows the pool and hands the new buffers to the kernel. False: there is no room or memory left.
// The kernel takes one buffer after the other, so all that it has are touched in time, by however
// few connections: it starts with few, and gets as many again, up to a bound.
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

// Sees that a receive which found the group empty finds a buffer when it starts again. Buffers not
// lent are the kernel's, or in completions that come before the receive's next one. A batch of
// shortages grows the pool once, and again only when all are lent: a thousand connections that
// speak at the same time need as many buffers, although each gives its own back at once.
bool Ring::have_buffers() {
  const bool is_first = !std::exchange(was_short_, true);
  if (is_first && add_buffers()) return true;
  return lent_ < pool_.size() || add_buffers();
}

void Ring::recycle(std::uint16_t id) {
  assert(lent_ > 0);
  --lent_;
  if (!has(buffer_ring)) return provide(id, 1);
  io_uring_buf_ring_add(buffer_ring_, pool_.at(id).data(), BufferPool::buffer_bytes, id,
                        io_uring_buf_ring_mask(BufferPool::most_buffers), 0);
  io_uring_buf_ring_advance(buffer_ring_, 1);
}

// Hands buffers to the kernel that lie behind one another.
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
  // An entry comes before those of the receives that will need its buffers.
  io_uring_sqe* entry = next_entry();
  io_uring_prep_provide_buffers(entry, memory, BufferPool::buffer_bytes, static_cast<int>(count),
                                buffer_group, first);
  entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
  io_uring_sqe_set_data64(entry, no_tag);
}

Ring::~Ring() {
  if (ready_) {
    io_uring_submit(&ring_);  // the last closes: after them nobody turns the loop
    io_uring_queue_exit(&ring_);
  }
  if (buffer_ring_) ::munmap(buffer_ring_, BufferPool::most_buffers * sizeof(io_uring_buf));
}

// A full submission queue is flushed: entries are only a staging area.
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

const char* path_of(const void* address) { return static_cast<const char*>(address); }

// Into a buffer of the group's, once or many times.
void prepare_receive(io_uring_sqe* entry, const Flight& flight, unsigned features) {
  if (flight.code == OpCode::recv_stream && (features & multishot_receive)) {
    io_uring_prep_recv_multishot(entry, flight.fd, nullptr, 0, 0);
  } else {
    io_uring_prep_recv(entry, flight.fd, nullptr, BufferPool::buffer_bytes, 0);
  }
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->buf_group = buffer_group;
}

// MSG_WAITALL lets the kernel go on with a short send by itself.
void prepare_send(io_uring_sqe* entry, const Operation& op) {
  io_uring_prep_send(entry, op.fd, op.address, op.length, MSG_NOSIGNAL | MSG_WAITALL);
}

// One operation, one entry. Accepted sockets stay blocking: on a non-blocking one the ring answers
// EAGAIN instead of waiting.
void prepare(io_uring_sqe* entry, Operation& op, unsigned features) {
  void* room = const_cast<void*>(op.address);
  switch (op.code) {
    case OpCode::accept:
      io_uring_prep_accept(entry, op.fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (features & multishot_accept) entry->ioprio |= IORING_ACCEPT_MULTISHOT;
      break;
    case OpCode::connect:
      io_uring_prep_connect(entry, op.fd, static_cast<const sockaddr*>(op.address), op.length);
      break;
    case OpCode::recv: io_uring_prep_recv(entry, op.fd, room, op.length, 0); break;
    case OpCode::recv_provided:
    case OpCode::recv_stream: prepare_receive(entry, op, features); break;
    case OpCode::send: prepare_send(entry, op); break;
    case OpCode::send_gather:
      io_uring_prep_sendmsg(entry, op.fd, static_cast<const msghdr*>(op.address),
                            MSG_NOSIGNAL | MSG_WAITALL);
      break;
    case OpCode::read: io_uring_prep_read(entry, op.fd, room, op.length, op.offset); break;
    case OpCode::write: io_uring_prep_write(entry, op.fd, op.address, op.length, op.offset); break;
    case OpCode::open:
      io_uring_prep_openat2(entry, op.fd, path_of(op.address),
                            reinterpret_cast<open_how*>(&op.open_flags));
      break;
    case OpCode::sync:
      io_uring_prep_fsync(entry, op.fd, op.flags == data_only ? IORING_FSYNC_DATASYNC : 0);
      break;
    case OpCode::rename:
      io_uring_prep_renameat(entry, op.fd, path_of(op.address), op.second_fd,
                             path_of(op.second_address), op.flags);
      break;
    case OpCode::link:
      io_uring_prep_linkat(entry, op.fd, path_of(op.address), op.second_fd,
                           path_of(op.second_address), static_cast<int>(op.flags));
      break;
    case OpCode::unlink:
      io_uring_prep_unlinkat(entry, op.fd, path_of(op.address), static_cast<int>(op.flags));
      break;
    case OpCode::make_directory:
      io_uring_prep_mkdirat(entry, op.fd, path_of(op.address), static_cast<mode_t>(op.open_mode));
      break;
    case OpCode::nothing: io_uring_prep_nop(entry); break;
  }
}

bool receives(OpCode code) { return code == OpCode::recv || picks_buffer(code); }

// What the kernel never does at once but gives to a worker thread of its own (io_uring/fs.c, sync.c
// and openclose.c); writes it may.
bool is_punted(const Operation& operation) {
  switch (operation.code) {
    case OpCode::open: return (operation.open_flags & (O_CREAT | O_TRUNC)) != 0;
    case OpCode::sync:
    case OpCode::rename:
    case OpCode::link:
    case OpCode::unlink:
    case OpCode::make_directory: return true;
    default: return false;
  }
}

}  // namespace

// Nearly all that is started is a send, which goes straight.
void Ring::start(Operation& operation) {
  operation.cancelled = false;
  if (operation.code == OpCode::send) [[likely]] {
    io_uring_sqe* entry = next_entry();
    prepare_send(entry, operation);
    io_uring_sqe_set_data(entry, &operation);
    ++counters_.operations;
    return;
  }
  if (!waits_for_peer(operation.code) && is_punted(operation)) ++counters_.punts;
  submit(operation);
  ++counters_.operations;
}

void Ring::start(Stream& stream) {
  stream.cancelled = false;
  submit(stream);
  ++counters_.operations;
}

void Ring::submit(Flight& flight) {
  io_uring_sqe* entry = next_entry();
  if (flight.code == OpCode::recv_stream)
    prepare_receive(entry, flight, features_);
  else
    prepare(entry, operation_of(flight), features_);
  io_uring_sqe_set_data(entry, &flight);
  if (receives(flight.code)) has_receives_ = true;
}

void Ring::cancel(Flight& flight) {
  flight.cancelled = true;
  io_uring_sqe* entry = next_entry();
  // By descriptor for a multishot accept: by address was seen to miss one (liburing issue 1375).
  if (flight.code == OpCode::accept) {
    io_uring_prep_cancel_fd(entry, flight.fd, IORING_ASYNC_CANCEL_ALL);
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

// A plain call: it does not block, and through the ring it takes a kernel worker and ten times as
// long (98 against 1,038 ns; io_uring forces IORING_OP_SHUTDOWN to a worker).
void Ring::finish_sending(int fd) { ::shutdown(fd, SHUT_WR); }

Milliseconds Ring::now() {
  now_ = monotonic_ms();
  return now_;
}

// Goes on, by a new entry, with what the kernel does only once although it is to go on. False: that
// is nothing of the kind, or it was cancelled or failed.
bool Ring::goes_on(Flight& flight, std::int32_t result) {
  const bool is_accept = flight.code == OpCode::accept && !has(multishot_accept);
  const bool is_receive = flight.code == OpCode::recv_stream && !has(multishot_receive);
  if (flight.cancelled) return false;  // the cancellation may have found the last entry's end
  if (!(is_accept && result >= 0) && !(is_receive && result > 0)) return false;
  submit(flight);
  return true;
}

// Copies one completion out. False: it is none of the loop's business.
inline bool Ring::take(const io_uring_cqe& entry, Completion& completion) {
  auto* flight = reinterpret_cast<Flight*>(static_cast<std::uintptr_t>(entry.user_data));
  Result result{.value = entry.res, .more = (entry.flags & IORING_CQE_F_MORE) != 0};
  if (entry.flags & IORING_CQE_F_BUFFER) {
    result.buffer = static_cast<std::uint16_t>(entry.flags >> IORING_CQE_BUFFER_SHIFT);
    ++lent_;
  }
  completion = {flight, result};
  const bool is_usual = entry.res > 0 && entry.user_data > highest_tag && !lacks_multishot();
  return is_usual || take_unusual(entry, completion);
}

// The same of what did not move bytes, or moved them where the kernel does things only once.
bool Ring::take_unusual(const io_uring_cqe& entry, Completion& completion) {
  if (entry.user_data == watch_tag) take_news(entry);
  if (entry.user_data <= highest_tag) return false;
  Result& result = completion.result;
  // A receive that ended or failed may carry a buffer too: it goes back at once.
  if (entry.res <= 0 && result.buffer != no_buffer)
    recycle(std::exchange(result.buffer, no_buffer));
  Flight& flight = *completion.flight;
  if (entry.res == -ENOBUFS && picks_buffer(flight.code)) {
    ++counters_.buffer_shortages;
    // The cancellation found the receive at its end, and will not find the next one.
    if (flight.cancelled) {
      result.value = -ECANCELED;
    } else if (have_buffers()) {
      submit(flight);
      return false;
    }
  }
  if (lacks_multishot() && goes_on(flight, entry.res)) result.more = true;
  return true;
}

// --- Watching ---
//
// A poll that goes on by itself. The kernel keeps what woke up in a list, in order, and makes
// completions of it when it is entered: so whoever has the completion of a message has also that of
// the poll, if it woke up before. Two things overtake the list, and then the answer is "maybe": a
// receive that is new and finds its message there, and what the kernel puts off because it did 20
// of the list in one go.

namespace {

// A batch in which nothing can have been put off. Larger ones can afford the question.
constexpr std::size_t small_batch = 8;

}  // namespace

void Ring::watch_readable(int fd) {
  if (!has(deferred_task_work)) return;  // nobody says in what order the others are done
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
  has_news_ = true;
}

void Ring::take_news(const io_uring_cqe& entry) {
  if (entry.res == -ECANCELED) return;  // something else is watched now, or nothing
  has_news_ = true;
  const bool has_ended = (entry.flags & IORING_CQE_F_MORE) == 0;
  if (entry.res < 0)
    watched_ = -1;  // it cannot be
  else if (has_ended && watched_ >= 0)
    poll_watched();
}

bool Ring::may_be_readable() { return watched_ < 0 || std::exchange(has_news_, false); }

// Sees that a completion comes at `time` at the latest. The next time to wake up seldom comes
// nearer, so one timeout in the ring serves thousands of waits; a limit given to each wait costs
// some 400 instructions. One that is not the next any more fires in vain.
void Ring::wake_at(Milliseconds time) {
  if (wakes_at_ > now_ && wakes_at_ <= time) return;
  wakes_at_ = time;
  // The kernel reads it when the entry is submitted, which is in this wait.
  wake_time_ = {.tv_sec = time / 1000, .tv_nsec = (time % 1000) * 1'000'000};
  io_uring_sqe* entry = next_entry();
  io_uring_prep_timeout(entry, &wake_time_, 0, IORING_TIMEOUT_ABS);
  io_uring_sqe_set_data64(entry, no_tag);
}

std::size_t Ring::wait(Milliseconds timeout, std::span<Completion> room) {
  ++counters_.enters;
  int result = 0;
  if (timeout == 0) {
    result = io_uring_submit_and_get_events(&ring_);
  } else {
    if (timeout > 0) wake_at(now_ + timeout);
    result = io_uring_submit_and_wait(&ring_, 1);
  }
  if (result == -EBADR) lost_completions();
  was_short_ = false;
  const unsigned ready = io_uring_cq_ready(&ring_);
  const auto seen = static_cast<unsigned>(std::min<std::size_t>(ready, room.size()));
  has_news_ |= std::exchange(has_receives_, false) || ready > small_batch;
  const unsigned first = *ring_.cq.khead;
  std::size_t taken = 0;
  for (unsigned i = 0; i < seen; ++i) {
    if (take(ring_.cq.cqes[(first + i) & ring_.cq.ring_mask], room[taken])) ++taken;
  }
  io_uring_cq_advance(&ring_, seen);
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
