// The epoll engine: try, wait for an event, try again. See epoll(7) for what an edge promises.
// Covered by tests/uring/epoll_test.cc, engine_test.cc and its neighbours.
#include "uring/epoll.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include <climits>

#include "uring/plain_calls.h"

namespace uring {

namespace {

// Connections taken in one go; the others of the queue come in the next turn, after what others
// have waited for.
constexpr int most_accepts = 64;
// Turns that may pass without asking the kernel while completions are at hand: a turn hands out up
// to 256, and who does much without waiting must not keep the others from their events.
constexpr unsigned most_unpolled = 4;
// Buffers that one socket may fill in a turn. The peer of one that always has more gets no further.
constexpr int most_streamed = 8;
// How soon a full queue of a unix socket is looked at again.
constexpr Milliseconds connect_again_ms = 10;
constexpr std::uint64_t files_mark = ~std::uint64_t{0};

std::uint64_t mark_of(int fd, std::uint32_t generation) {
  return static_cast<std::uint64_t>(generation) << 32 | static_cast<std::uint32_t>(fd);
}

int fd_of(std::uint64_t mark) { return static_cast<int>(mark & 0xffffffff); }

bool would_wait(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

std::unique_ptr<Epoll> Epoll::create(const EpollOptions& options, int& error) {
  Fd poller(::epoll_create1(EPOLL_CLOEXEC));
  Fd event(poller.valid() ? ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1);
  epoll_event wanted{.events = EPOLLIN | EPOLLET, .data = {.u64 = files_mark}};
  if (event.valid() && ::epoll_ctl(poller.get(), EPOLL_CTL_ADD, event.get(), &wanted) == 0) {
    std::unique_ptr<Epoll> engine(new Epoll(options, poller.release(), event.release()));
    if (engine->add_buffers()) return engine;
    errno = ENOMEM;
  }
  error = errno;
  return nullptr;
}

Epoll::Epoll(const EpollOptions& options, int poller, int event)
    : poller_(poller), event_(event), files_(options.file_threads, event) {}

Epoll::~Epoll() = default;

// --- What is known of descriptors ---

Epoll::Slot& Epoll::slot_of(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= slots_.size()) slots_.resize(std::max(index + 1, slots_.size() * 2));
  return slots_[index];
}

// The number stands for another descriptor now, or for none.
void Epoll::forget(int fd) {
  Slot& slot = slot_of(fd);
  assert(!slot.reader && !slot.writer);
  slot = Slot{.generation = slot.generation + 1};
}

int Epoll::control(int fd, std::uint32_t events) {
  epoll_event wanted{.events = events, .data = {.u64 = mark_of(fd, slot_of(fd).generation)}};
  if (::epoll_ctl(poller_.get(), EPOLL_CTL_ADD, fd, &wanted) == 0) return 0;
  // The number was closed while another stands for the same file, and is used for it again; or it
  // was armed for one event, which has come.
  if (errno == EEXIST && ::epoll_ctl(poller_.get(), EPOLL_CTL_MOD, fd, &wanted) == 0) return 0;
  return errno;
}

// Who waits on `fd` will be told. What is there already is an event too.
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
  forget(fd);
}

void Epoll::complete(Flight& flight, Result result) { ready_.push({&flight, result}); }

void Epoll::fail(Flight& flight, int error) { complete(flight, Result{.value = -error}); }

// --- Starting ---

void Epoll::start(Operation& operation) {
  ++counters_.operations;
  operation.cancelled = false;
  if (waits_for_peer(operation.code) && operation.fd < 0) return fail(operation, EBADF);
  switch (operation.code) {
    case OpCode::accept: return start_accept(operation);
    case OpCode::connect: return start_connect(operation);
    case OpCode::recv:
    case OpCode::recv_provided: return start_receive(operation);
    case OpCode::send:
    case OpCode::send_gather: return start_send(operation);
    case OpCode::read: return start_read(operation);
    case OpCode::nothing:
      unpolled_ = most_unpolled;  // whoever yields lets the kernel have its say, too
      return complete(operation, Result{});
    default: return start_file(operation);
  }
}

void Epoll::start(Stream& stream) {
  ++counters_.operations;
  stream.cancelled = false;
  if (stream.fd < 0) return fail(stream, EBADF);
  start_receive(stream);
}

// Level triggered, so that a long queue is an event again; exclusive, because workers may share a
// listener, and one of them is enough. Accepting itself must not wait for another who was faster.
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

// False: there is no listener, or no descriptor or memory for a further connection.
bool Epoll::accept_some(Flight& accept) {
  for (int i = 0; i < most_accepts; ++i) {
    const int fd = ::accept4(accept.fd, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      forget(fd);
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
  forget(fd);
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

// False: it goes on, with errno as connect(2) left it.
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
  std::int32_t answer = 0;
  if (call_without_waiting(operation, answer)) {
    complete(operation, Result{.value = answer});
    return;
  }
  ++counters_.punts;
  files_.give(operation);
}

void Epoll::start_read(Operation& operation) {
  if (static_cast<std::int64_t>(operation.offset) >= 0) return start_file(operation);
  if (!try_read(operation, false)) await_event(operation);
}

// --- Trying. True: it has completed, for good. ---

// One receive into the room or a buffer.
bool Epoll::try_receive(Flight& flight, Slot& slot) {
  std::span<char> room;
  Result result;
  if (picks_buffer(flight.code)) {
    const std::optional<std::uint16_t> id = take_buffer();
    if (!id) {
      // Who waits holds no buffer, and lacks none either.
      slot.readable = !is_empty_and_open(flight.fd);
      if (slot.readable) fail(flight, ENOBUFS);
      return slot.readable;
    }
    result.buffer = *id;
    room = pool_.at(*id);
  } else {
    room = operation_of(flight).room();
  }
  const ssize_t count = ::recv(flight.fd, room.data(), room.size(), MSG_DONTWAIT);
  const int error = count < 0 ? errno : 0;
  if (count <= 0 && result.buffer != no_buffer) recycle(std::exchange(result.buffer, no_buffer));
  if (would_wait(error)) {
    slot.readable = false;
    return false;
  }
  // Less than there was room for was all there is; the next byte is an event.
  const bool drained = count > 0 && static_cast<std::size_t>(count) < room.size();
  if (drained && !slot.ended) slot.readable = false;
  result.value = static_cast<std::int32_t>(count < 0 ? -error : count);
  result.more = flight.code == OpCode::recv_stream && count > 0;
  complete(flight, result);
  return !result.more;
}

// Some receives, as long as there is something.
bool Epoll::try_stream(Flight& stream, Slot& slot) {
  for (int i = 0; i < most_streamed; ++i) {
    if (try_receive(stream, slot)) return true;
    if (!slot.readable) return false;
  }
  streaming_.push_back(mark_of(stream.fd, slot.generation));
  return false;
}

// No event tells of what was there already.
void Epoll::go_on_with_streams() {
  streamed_.swap(streaming_);
  for (const std::uint64_t mark : streamed_) {
    const int fd = fd_of(mark);
    const Slot& slot = slot_of(fd);
    if (mark != mark_of(fd, slot.generation) || !slot.reader || !slot.readable) continue;
    if (slot.reader->code == OpCode::recv_stream) advance_reader(fd);
  }
  streamed_.clear();
}

bool Epoll::is_empty_and_open(int fd) const {
  char byte = 0;
  return ::recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && would_wait(errno);
}

namespace {

std::size_t bytes_of(const Operation& operation) {
  if (operation.code == OpCode::send) return operation.length;
  const auto* message = static_cast<const msghdr*>(operation.address);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < message->msg_iovlen; ++i) sum += message->msg_iov[i].iov_len;
  return sum;
}

// Sends what comes after the first `sent` bytes of a message, which stays as it is.
ssize_t send_rest(int fd, const msghdr& message, std::size_t sent) {
  std::array<iovec, 16> pieces{};  // more of them go out in the next call
  msghdr rest{};
  rest.msg_iov = pieces.data();
  for (std::size_t i = 0; i < message.msg_iovlen && rest.msg_iovlen < pieces.size(); ++i) {
    const iovec& piece = message.msg_iov[i];
    const std::size_t skipped = std::min(sent, piece.iov_len);
    sent -= skipped;
    if (skipped == piece.iov_len) continue;
    pieces[rest.msg_iovlen++] = {static_cast<char*>(piece.iov_base) + skipped,
                                 piece.iov_len - skipped};
  }
  return ::sendmsg(fd, &rest, MSG_DONTWAIT | MSG_NOSIGNAL);
}

ssize_t send_rest(const Operation& operation, std::size_t sent) {
  if (operation.code == OpCode::send_gather) {
    return send_rest(operation.fd, *static_cast<const msghdr*>(operation.address), sent);
  }
  return ::send(operation.fd, static_cast<const char*>(operation.address) + sent,
                operation.length - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

// Sends until all is out or there is no room.
bool Epoll::try_send(Operation& operation, Slot& slot) {
  const std::size_t bytes = bytes_of(operation);
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

// Of what has no offset: an event descriptor, a pipe, a terminal, or a file at its position.
// `is_ready`: an event said so.
bool Epoll::try_read(Operation& operation, bool is_ready) {
  std::int32_t answer = read_without_waiting(operation);
  if (answer == -EOPNOTSUPP && is_ready) answer = call_plainly(operation);
  if (answer == -EAGAIN || answer == -EOPNOTSUPP) return false;
  complete(operation, Result{.value = answer});
  return true;
}

// For one event, since nobody closes such descriptors through this engine. What knows no events is
// a file, and is read by those who may wait for a disk.
void Epoll::await_event(Operation& operation) {
  const int error = control(operation.fd, EPOLLIN | EPOLLONESHOT);
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
    if (accept_some(flight)) return;  // it stays
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
  const int fd = fd_of(event.data.u64);
  Slot& slot = slot_of(fd);
  if (mark_of(fd, slot.generation) != event.data.u64) return;  // of one that was closed
  constexpr std::uint32_t gone = EPOLLHUP | EPOLLERR;
  if (event.events & (gone | EPOLLRDHUP)) slot.ended = true;
  if (event.events & (gone | EPOLLRDHUP | EPOLLIN)) slot.readable = true;
  if (event.events & (gone | EPOLLOUT)) slot.writable = true;
  if (slot.reader && slot.readable) advance_reader(fd);
  // Accepting may have made room for more slots: `slot` may be gone.
  if (slot_of(fd).writer && slot_of(fd).writable) advance_writer(fd);
}

void Epoll::poll(Milliseconds timeout) {
  if (!connecting_.empty() && (timeout < 0 || timeout > connect_again_ms)) {
    timeout = connect_again_ms;
  }
  if (!streaming_.empty()) timeout = 0;
  std::array<epoll_event, 256> events;
  ++counters_.enters;
  const int count = ::epoll_wait(poller_.get(), events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(std::min<Milliseconds>(timeout, INT_MAX)));
  go_on_with_streams();
  for (int i = 0; i < count; ++i) take_event(events[static_cast<std::size_t>(i)]);
  if (!connecting_.empty()) try_connects_again();
}

std::size_t Epoll::wait(Milliseconds timeout, std::span<Completion> room) {
  if (ready_.empty() || ++unpolled_ > most_unpolled) {
    unpolled_ = 0;
    poll(ready_.empty() ? timeout : 0);
  }
  std::size_t taken = 0;
  while (taken < room.size() && !ready_.empty()) room[taken++] = ready_.pop();
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

// A plain call: the kernel lets go of a socket at once, and of a file too but where the last name
// of a large one is gone. Where the descriptor was the only one, this ends its registration.
void Epoll::close(int fd) {
  if (fd < 0) return;
  if (static_cast<std::size_t>(fd) < slots_.size()) forget(fd);
  ::close(fd);
}

void Epoll::finish_sending(int fd) { ::shutdown(fd, SHUT_WR); }

Milliseconds Epoll::now() { return monotonic_ms(); }

// --- Buffers ---

// False: there is no room or memory for more.
bool Epoll::add_buffers() {
  const std::size_t first = pool_.grow();
  if (first == BufferPool::most_buffers) return false;
  free_.reserve(pool_.size());
  for (std::size_t i = BufferPool::slab_buffers; i-- > 0;) {
    free_.push_back(static_cast<std::uint16_t>(first + i));
  }
  return true;
}

std::optional<std::uint16_t> Epoll::take_buffer() {
  if (free_.empty()) {
    ++counters_.buffer_shortages;
    if (!add_buffers()) return std::nullopt;
  }
  const std::uint16_t id = free_.back();  // the last one used: it is still in the cache
  free_.pop_back();
  return id;
}

void Epoll::recycle(std::uint16_t id) {
  assert(free_.size() < pool_.size());
  free_.push_back(id);
}

std::string Epoll::describe() const {
  return "epoll (up to " + std::to_string(files_.most()) + " file threads)";
}

}  // namespace uring
