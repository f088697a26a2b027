// The epoll engine: it tries an operation, waits for an event, and tries again. epoll(7) describes
// the guarantees of edge-triggered events. Covered by tests/uring/epoll_test.cc, engine_test.cc,
// file_test.cc and receive_test.cc.
#include "uring/epoll.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <fcntl.h>
#include <new>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <climits>

#include "uring/gathered_send.h"
#include "uring/plain_calls.h"

namespace uring {

namespace {

// Connections accepted in one iteration. The others stay in the kernel's queue, so that other
// descriptors are served in between.
constexpr int most_accepts = 64;
// Calls of wait() in a row that may return queued completions without epoll_wait(2). A call returns
// up to 256 of them, and coroutines that never wait must not keep others from their events.
constexpr unsigned most_unpolled = 4;
// Buffers that one socket may fill in an iteration, so that a fast peer does not delay the others.
constexpr int most_streamed = 8;
// The time between two attempts to connect to a unix socket whose queue is full.
constexpr Milliseconds connect_again_ms = 10;
// Operations that may be in flight beside two (a receive and another one) for each descriptor: of
// acceptors, and of tasks without a socket.
constexpr std::size_t other_flights = 1024;
// The epoll data of the event descriptor of files_. Other values, except for the next one, are the
// mark of a descriptor.
constexpr std::uint64_t files_mark = ~std::uint64_t{0};
// That of the watched descriptor.
constexpr std::uint64_t watch_mark = files_mark - 1;

// Names a descriptor as registered with epoll: its number, and how often the number was used
// before.
std::uint64_t mark_of(int fd, std::uint32_t generation) {
  return static_cast<std::uint64_t>(generation) << 32 | static_cast<std::uint32_t>(fd);
}

int fd_of(std::uint64_t mark) { return static_cast<int>(mark & 0xffffffff); }

bool would_wait(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

std::unique_ptr<Epoll> Epoll::create(const EpollOptions& options, int& error) {
  Fd poller(::epoll_create1(EPOLL_CLOEXEC));
  Fd event(poller.valid() ? ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1);
  const int event_number = event.get();
  epoll_event wanted{.events = EPOLLIN | EPOLLET, .data = {.u64 = files_mark}};
  if (event.valid() && ::epoll_ctl(poller.get(), EPOLL_CTL_ADD, event.get(), &wanted) == 0) {
    std::unique_ptr<Epoll> engine(new Epoll(options, poller.release(), event.release()));
    if (engine->ensure_slot(event_number) && engine->buffers_.grow()) return engine;
    errno = ENOMEM;
  }
  error = errno;
  return nullptr;
}

Epoll::Epoll(const EpollOptions& options, int poller, int event)
    : poller_(poller), event_(event), files_(options.file_threads, event) {}

Epoll::~Epoll() = default;

// --- The state of descriptors ---

Epoll::Slot& Epoll::slot_of(int fd) {
  assert(static_cast<std::size_t>(fd) < slots_.size());
  return slots_[static_cast<std::size_t>(fd)];
}

// Grows the slots so that they have one for `fd`, and reserves memory for the completions of all
// descriptors with a slot, so that completing an operation cannot fail. False: `fd` is negative, or
// memory is exhausted.
inline bool Epoll::ensure_slot(int fd) {
  if (static_cast<std::size_t>(fd) < slots_.size()) return true;
  return fd >= 0 && grow_slots(static_cast<std::size_t>(fd));
}

bool Epoll::grow_slots(std::size_t index) {
  const std::size_t size = std::max(index + 1, slots_.size() * 2);
  const std::size_t flights = 2 * size + other_flights;
  if (!ready_.reserve(flights + most_extra_) || !files_.reserve(flights)) return false;
  try {
    slots_.resize(size);
  } catch (const std::bad_alloc&) {
    return false;
  }
  return true;
}

// Whether a completion can be queued in addition to the last ones of all operations in flight: that
// of a multishot operation that goes on. False: memory is exhausted.
inline bool Epoll::can_queue_more() {
  if (ready_.size() < most_extra_) return true;
  if (!ready_.reserve(2 * slots_.size() + other_flights + 2 * most_extra_)) return false;
  most_extra_ *= 2;
  return true;
}

// Resets the state of a number that now belongs to another descriptor, or to none.
void Epoll::reset_slot(int fd) {
  Slot& slot = slot_of(fd);
  assert(!slot.reader && !slot.writer);
  slot = Slot{.generation = slot.generation + 1};
}

int Epoll::control(int fd, std::uint32_t events) {
  epoll_event wanted{.events = events, .data = {.u64 = mark_of(fd, slot_of(fd).generation)}};
  if (::epoll_ctl(poller_.get(), EPOLL_CTL_ADD, fd, &wanted) == 0) return 0;
  // EEXIST: the number was closed while another descriptor of the same file stayed open, and is
  // used for that file again; or it was armed for a single event, which has come.
  if (errno == EEXIST && ::epoll_ctl(poller_.get(), EPOLL_CTL_MOD, fd, &wanted) == 0) return 0;
  return errno;
}

// Registers `fd` for events, if that has not been done. Input that is already there causes an
// event, too.
void Epoll::watch(int fd) {
  if (slot_of(fd).registered) return;
  const int error = control(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
  Slot& slot = slot_of(fd);
  slot.registered = error == 0;
  if (error == 0) return;
  if (slot.reader) fail(*std::exchange(slot.reader, nullptr), error);
  if (slot.writer) fail(*std::exchange(slot.writer, nullptr), error);
}

void Epoll::unwatch(int fd) {
  ::epoll_ctl(poller_.get(), EPOLL_CTL_DEL, fd, nullptr);
  reset_slot(fd);
}

void Epoll::complete(Flight& flight, Result result) { ready_.push({&flight, result}); }

void Epoll::fail(Flight& flight, int error) { complete(flight, Result{.value = -error}); }

// --- Starting ---

void Epoll::start(Operation& operation) {
  ++counters_.operations;
  operation.cancelled = false;
  if (waits_for_peer(operation.code) && !ensure_slot(operation.fd)) {
    return fail(operation, operation.fd < 0 ? EBADF : ENOMEM);
  }
  switch (operation.code) {
    case OpCode::accept: return start_accept(operation);
    case OpCode::connect: return start_connect(operation);
    case OpCode::recv:
    case OpCode::recv_provided: return start_receive(operation);
    case OpCode::send:
    case OpCode::send_gather:
    case OpCode::send_pages: return start_send(operation);
    case OpCode::read: return start_read(operation);
    case OpCode::nothing:
      unpolled_ = most_unpolled;  // a coroutine that yields lets events be delivered as well
      return complete(operation, Result{});
    default: return start_file(operation);
  }
}

void Epoll::start(Stream& stream) {
  ++counters_.operations;
  stream.cancelled = false;
  if (!ensure_slot(stream.fd)) return fail(stream, stream.fd < 0 ? EBADF : ENOMEM);
  start_receive(stream);
}

// Level-triggered, so that a long queue causes another event. Exclusive, because workers may share
// a listener and one of them is enough. Non-blocking, since another worker may have accepted first.
void Epoll::start_accept(Operation& operation) {
  ::fcntl(operation.fd, F_SETFL, ::fcntl(operation.fd, F_GETFL) | O_NONBLOCK);
  if (!accept_some(operation)) return;
  const int error = control(operation.fd, EPOLLIN | EPOLLEXCLUSIVE);
  if (error != 0) return fail(operation, error);
  Slot& slot = slot_of(operation.fd);
  assert(!slot.reader);
  slot.reader = &operation;
  slot.registered = true;
}

// False: the accept has failed, because `accept.fd` is no listener, or because no descriptor or
// memory is left for another connection.
bool Epoll::accept_some(Flight& accept) {
  for (int i = 0; i < most_accepts; ++i) {
    if (!can_queue_more()) {
      fail(accept, ENOMEM);
      return false;
    }
    const int fd = ::accept4(accept.fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      if (!ensure_slot(fd)) {
        ::close(fd);
        fail(accept, ENOMEM);
        return false;
      }
      reset_slot(fd);
      complete(accept, Result{.value = fd, .more = true});
    } else if (would_wait(errno)) {
      return true;
    } else if (errno != ECONNABORTED && errno != EINTR) {
      fail(accept, errno);
      return false;
    }
  }
  return true;
}

void Epoll::start_connect(Operation& operation) {
  const int fd = operation.fd;
  reset_slot(fd);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  if (try_connect(operation)) return;
  Slot& slot = slot_of(fd);
  slot.writer = &operation;
  slot.writable = false;
  if (would_wait(errno))
    connecting_.push_back(fd);
  else
    watch(fd);
}

// False: the attempt is not complete; errno is that of connect(2).
bool Epoll::try_connect(Operation& operation) {
  const auto* address = static_cast<const sockaddr*>(operation.address);
  const int result = ::connect(operation.fd, address, operation.length);
  if (result != 0 && (errno == EINPROGRESS || would_wait(errno))) return false;
  complete(operation, Result{.value = result == 0 ? 0 : -errno});
  return true;
}

void Epoll::try_connects_again() {
  const std::vector<int> again = std::exchange(connecting_, {});
  for (const int fd : again) {
    Slot& slot = slot_of(fd);
    if (!slot.writer || slot.writer->code != OpCode::connect) continue;  // cancelled meanwhile
    if (try_connect(*slot.writer))
      slot.writer = nullptr;
    else
      connecting_.push_back(fd);
  }
}

void Epoll::start_receive(Flight& flight) {
  Slot& slot = slot_of(flight.fd);
  assert(!slot.reader);
  const bool is_stream = flight.code == OpCode::recv_stream;
  if (slot.readable && (is_stream ? try_stream(flight, slot) : try_receive(flight, slot))) {
    return;
  }
  slot.reader = &flight;
  watch(flight.fd);
}

void Epoll::start_send(Operation& operation) {
  Slot& slot = slot_of(operation.fd);
  assert(!slot.writer);
  slot.sent = 0;
  if (slot.writable && try_send(operation, slot)) return;
  slot.writer = &operation;
  watch(operation.fd);
}

void Epoll::start_file(Operation& operation) {
  std::int32_t result = 0;
  if (call_without_waiting(operation, result)) {
    complete(operation, Result{.value = result});
    return;
  }
  ++counters_.punts;
  files_.give(operation);
}

void Epoll::start_read(Operation& operation) {
  if (static_cast<std::int64_t>(operation.offset) >= 0) return start_file(operation);
  if (!try_read(operation, false)) await_event(operation);
}

// --- Attempts. True: the operation has completed, and will not complete again. ---

// One receive, into the caller's memory or a provided buffer.
bool Epoll::try_receive(Flight& flight, Slot& slot) {
  std::span<char> memory;
  Result result;
  if (flight.code == OpCode::recv_stream && !can_queue_more()) {
    fail(flight, ENOMEM);
    return true;
  }
  if (picks_buffer(flight.code)) {
    const std::optional<std::uint16_t> id = take_buffer();
    if (!id) {
      // A receive waits without a buffer; it fails only if there is input or the end of the stream.
      slot.readable = !is_empty_and_open(flight.fd);
      if (slot.readable) fail(flight, ENOBUFS);
      return slot.readable;
    }
    result.buffer = *id;
    memory = buffer(*id);
  } else {
    memory = operation_of(flight).memory();
  }
  const ssize_t count = ::recv(flight.fd, memory.data(), memory.size(), MSG_DONTWAIT);
  const int error = count < 0 ? errno : 0;
  if (count <= 0 && result.buffer != no_buffer) recycle(std::exchange(result.buffer, no_buffer));
  if (would_wait(error)) {
    slot.readable = false;
    return false;
  }
  // A short receive has emptied the socket, and the next byte will cause an event.
  const bool drained = count > 0 && static_cast<std::size_t>(count) < memory.size();
  if (drained && !slot.ended) slot.readable = false;
  result.value = static_cast<std::int32_t>(count < 0 ? -error : count);
  result.more = flight.code == OpCode::recv_stream && count > 0;
  complete(flight, result);
  return !result.more;
}

// Receives until the socket is empty, or most_streamed times.
bool Epoll::try_stream(Flight& stream, Slot& slot) {
  for (int i = 0; i < most_streamed; ++i) {
    if (try_receive(stream, slot)) return true;
    if (!slot.readable) return false;
  }
  try {
    streaming_.push_back(mark_of(stream.fd, slot.generation));
  } catch (const std::bad_alloc&) {
    fail(stream, ENOMEM);  // else no event would continue the stream
    return true;
  }
  return false;
}

// Continues streams that stopped at most_streamed: no event comes for input that was there before.
void Epoll::continue_streams() {
  continued_.swap(streaming_);
  for (const std::uint64_t mark : continued_) {
    const int fd = fd_of(mark);
    const Slot& slot = slot_of(fd);
    if (mark != mark_of(fd, slot.generation) || !slot.reader || !slot.readable) continue;
    if (slot.reader->code == OpCode::recv_stream) advance_reader(fd);
  }
  continued_.clear();
}

bool Epoll::is_empty_and_open(int fd) const {
  char byte = 0;
  return ::recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && would_wait(errno);
}

// Sends until all is sent or the socket's buffer is full.
bool Epoll::try_send(Operation& operation, Slot& slot) {
  if (operation.code == OpCode::send_pages) return try_send_pages(operation, slot);
  const std::size_t bytes = bytes_to_send(operation);
  while (slot.sent < bytes) {
    const ssize_t count = send_rest(operation, slot.sent);
    if (count >= 0) {
      slot.sent += static_cast<std::uint32_t>(count);
    } else if (would_wait(errno)) {
      slot.writable = false;
      return false;
    } else {
      if (slot.sent == 0)
        fail(operation, errno);
      else
        complete(operation, Result{.value = static_cast<std::int32_t>(slot.sent)});
      return true;
    }
  }
  complete(operation, Result{.value = static_cast<std::int32_t>(bytes)});
  return true;
}

// splice(2) has no flag for a socket that must not wait. A socket that another engine accepted, or
// a test made, may be blocking.
bool Epoll::try_send_pages(Operation& operation, Slot& slot) {
  if (!std::exchange(slot.nonblocking, true)) ::fcntl(operation.fd, F_SETFL, O_NONBLOCK);
  const PagePipe::Sent sent = pages_.send(operation, slot.sent);
  slot.sent += static_cast<std::uint32_t>(sent.bytes);
  if (would_wait(sent.error)) {
    slot.writable = false;
    return false;
  }
  const auto result = static_cast<std::int32_t>(slot.sent);
  complete(operation, Result{.value = result > 0 ? result : -sent.error});
  return true;
}

// Reads from a descriptor without offsets (an event descriptor, a pipe, a terminal), or from a file
// at its position. `is_ready`: an event has reported input.
bool Epoll::try_read(Operation& operation, bool is_ready) {
  std::int32_t result = read_without_waiting(operation);
  if (result == -EOPNOTSUPP && is_ready) result = call_plainly(operation);
  if (result == -EAGAIN || result == -EOPNOTSUPP) return false;
  complete(operation, Result{.value = result});
  return true;
}

// Registers for a single event, since such descriptors are not closed through this engine. EPERM:
// the descriptor is of a file, which supports no events; FileThreads reads it.
void Epoll::await_event(Operation& operation) {
  const int error =
      ensure_slot(operation.fd) ? control(operation.fd, EPOLLIN | EPOLLONESHOT) : ENOMEM;
  if (error == EPERM) return files_.give(operation);
  if (error != 0) return fail(operation, error);
  Slot& slot = slot_of(operation.fd);
  assert(!slot.reader);
  slot.reader = &operation;
}

// --- Events ---

void Epoll::advance_reader(int fd) {
  Flight& flight = *slot_of(fd).reader;
  if (flight.code == OpCode::accept) {
    if (accept_some(flight)) return;  // the accept stays armed
    slot_of(fd).reader = nullptr;
    unwatch(fd);
  } else if (flight.code == OpCode::read) {
    slot_of(fd).reader = nullptr;
    Operation& operation = operation_of(flight);
    if (!try_read(operation, true)) await_event(operation);
  } else if (flight.code == OpCode::recv_stream) {
    if (try_stream(flight, slot_of(fd))) slot_of(fd).reader = nullptr;
  } else if (try_receive(flight, slot_of(fd))) {
    slot_of(fd).reader = nullptr;
  }
}

void Epoll::advance_writer(int fd) {
  Slot& slot = slot_of(fd);
  Operation& operation = *slot.writer;
  if (operation.code == OpCode::connect) {
    slot.writer = nullptr;
    conclude_connect(operation);
  } else if (try_send(operation, slot)) {
    slot.writer = nullptr;
  }
}

void Epoll::conclude_connect(Operation& operation) {
  int error = 0;
  socklen_t bytes = sizeof error;
  if (::getsockopt(operation.fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) error = errno;
  complete(operation, Result{.value = -error});
}

void Epoll::take_event(const epoll_event& event) {
  if (event.data.u64 == files_mark) return files_.take(ready_);
  if (event.data.u64 == watch_mark) return;  // it has ended the wait
  const int fd = fd_of(event.data.u64);
  Slot& slot = slot_of(fd);
  if (mark_of(fd, slot.generation) != event.data.u64) return;  // of a closed descriptor
  constexpr std::uint32_t gone = EPOLLHUP | EPOLLERR;
  if (event.events & (gone | EPOLLRDHUP)) slot.ended = true;
  if (event.events & (gone | EPOLLRDHUP | EPOLLIN)) slot.readable = true;
  if (event.events & (gone | EPOLLOUT)) slot.writable = true;
  if (slot.reader && slot.readable) advance_reader(fd);
  // advance_reader() may have accepted and so moved slots_: `slot` may be invalid.
  if (slot_of(fd).writer && slot_of(fd).writable) advance_writer(fd);
}

void Epoll::poll(Milliseconds timeout) {
  if (!connecting_.empty() && (timeout < 0 || timeout > connect_again_ms)) {
    timeout = connect_again_ms;
  }
  if (!streaming_.empty()) timeout = 0;
  timeout = clock_.begin_wait(timeout);
  std::array<epoll_event, 256> events;
  ++counters_.enters;
  const int count = ::epoll_wait(poller_.get(), events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(std::min<Milliseconds>(timeout, INT_MAX)));
  continue_streams();
  for (int i = 0; i < count; ++i) take_event(events[static_cast<std::size_t>(i)]);
  if (!connecting_.empty()) try_connects_again();
}

std::size_t Epoll::wait(Milliseconds timeout, std::span<Completion> completions) {
  if (ready_.empty() || ++unpolled_ > most_unpolled) {
    unpolled_ = 0;
    poll(ready_.empty() ? timeout : 0);
  }
  std::size_t taken = 0;
  while (taken < completions.size() && !ready_.empty()) completions[taken++] = ready_.pop();
  counters_.completions += taken;
  return taken;
}

void Epoll::cancel(Flight& flight) {
  ++counters_.cancels;
  flight.cancelled = true;
  if (flight.fd < 0 || static_cast<std::size_t>(flight.fd) >= slots_.size()) return;
  Slot& slot = slot_of(flight.fd);
  if (slot.reader == &flight) {
    slot.reader = nullptr;
    if (flight.code == OpCode::accept) unwatch(flight.fd);
    fail(flight, ECANCELED);
  } else if (slot.writer == &flight) {
    slot.writer = nullptr;
    const bool is_send = flight.code != OpCode::connect;
    if (is_send && slot.sent > 0)
      complete(flight, Result{.value = static_cast<std::int32_t>(slot.sent)});
    else
      fail(flight, ECANCELED);
  }
}

// A plain call. The kernel closes a socket at once, and a file as well, unless it is large and has
// no name left. If no other descriptor of the file is open, this also removes it from epoll.
void Epoll::close(int fd) {
  if (fd < 0) return;
  if (static_cast<std::size_t>(fd) < slots_.size()) reset_slot(fd);
  ::close(fd);
}

void Epoll::finish_sending(int fd) { ::shutdown(fd, SHUT_WR); }

Milliseconds Epoll::now() { return clock_.read(monotonic_ms()); }

// Only ends wait(). A receive may find a message without epoll_wait(2), and before an older event
// of the watched descriptor is known, so that may_be_readable() always returns true.
void Epoll::watch_readable(int fd) {
  if (watched_ >= 0) ::epoll_ctl(poller_.get(), EPOLL_CTL_DEL, watched_, nullptr);
  watched_ = fd;
  epoll_event wanted{.events = EPOLLIN | EPOLLET, .data = {.u64 = watch_mark}};
  if (fd >= 0) ::epoll_ctl(poller_.get(), EPOLL_CTL_ADD, fd, &wanted);
}

// --- Buffers ---

std::optional<std::uint16_t> Epoll::take_buffer() {
  if (buffers_.empty()) ++counters_.buffer_shortages;
  return buffers_.take();
}

std::string Epoll::describe() const {
  return "epoll (up to " + std::to_string(files_.most()) + " file threads)";
}

}  // namespace uring
