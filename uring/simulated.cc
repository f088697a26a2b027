// The simulated engine. It prefers simple code to speed. Covered by tests/uring/simulated_test.cc.
#include "uring/simulated.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "uring/fd.h"
#include "uring/plain_calls.h"

namespace uring {

// --- The peers ---

int Simulated::make_socket() {
  const int number = first_socket + static_cast<int>(sockets_.size());
  sockets_[number];
  return number;
}

int Simulated::listen() { return make_socket(); }

int Simulated::arrive(int listener) {
  const int number = make_socket();
  sockets_[listener].arrivals.push_back(number);
  return number;
}

void Simulated::peer_sends(int socket, std::string_view bytes) {
  sockets_[socket].inbound.append(bytes);
}

void Simulated::peer_finishes(int socket) { sockets_[socket].finished = true; }
void Simulated::peer_resets(int socket) { sockets_[socket].reset = true; }
void Simulated::peer_takes(int socket, std::size_t bytes) { sockets_[socket].window = bytes; }

std::string_view Simulated::peer_received(int socket) const { return sockets_.at(socket).outbound; }

bool Simulated::closed(int socket) const { return sockets_.at(socket).closed; }
bool Simulated::finished(int socket) const { return sockets_.at(socket).ended; }
bool Simulated::resets(int socket) const { return sockets_.at(socket).resets; }

std::size_t Simulated::started(OpCode code) const {
  return static_cast<std::size_t>(std::count(history_.begin(), history_.end(), code));
}

std::size_t Simulated::open_sockets() const {
  return static_cast<std::size_t>(std::count_if(
      sockets_.begin(), sockets_.end(), [](const auto& entry) { return !entry.second.closed; }));
}

void Simulated::reset() {
  assert(open_sockets() == 0 && files_.empty() && buffers_in_use() == 0);
  assert(waiting_.empty() && ready_.empty() && delayed_.empty());
  sockets_.clear();
  faults_.clear();
  history_.clear();
  counters_ = {};
  next_faults_.clear();
  receive_bound_ = 0;
  free_bytes_ = std::int64_t{1} << 40;
  refuses_ = false;
  set_behaviour({});
}

void Simulated::set_behaviour(const Behaviour& behaviour) {
  behaviour_ = behaviour;
  random_ = behaviour.seed;
}

// --- Operations ---

namespace {

// False for a read of an event descriptor that is not signalled: a plain call would block the whole
// engine.
bool is_readable(const Flight& flight) {
  if (flight.code != OpCode::read) return true;
  pollfd ready{.fd = flight.fd, .events = POLLIN, .revents = 0};
  return ::poll(&ready, 1, 0) != 0;
}

}  // namespace

// Counts an operation that starts. Returns the fault that is planned for it.
Simulated::FaultPlan Simulated::begin(const Flight& flight) {
  ++counters_.operations;
  history_.push_back(flight.code);
  if (const auto found = faults_.find(counters_.operations); found != faults_.end()) {
    return found->second;
  }
  const auto next = next_faults_.find(flight.code);
  return next != next_faults_.end() ? next_faults_.extract(next).mapped() : FaultPlan{};
}

void Simulated::start(Operation& operation) {
  operation.cancelled = false;
  FaultPlan fault = begin(operation);
  if (operation.code == OpCode::connect && refuses_) fault.error = ECONNREFUSED;
  if (fault.error != 0) {
    complete(operation, Result{.value = -fault.error}, fault.delay);
  } else if (waits_for_peer(operation.code) || !is_readable(operation)) {
    waiting_.push_back({&operation, fault});
  } else {
    complete(operation, Result{.value = do_file(operation, fault.most)}, fault.delay);
  }
}

void Simulated::start(Stream& stream) {
  stream.cancelled = false;
  const FaultPlan fault = begin(stream);
  if (fault.error != 0)
    complete(stream, Result{.value = -fault.error}, fault.delay);
  else
    waiting_.push_back({&stream, fault});
}

// Every file system counts as one in memory. With reorders_completions, one operation in four fails
// to complete at once, as on a path to another file system.
bool Simulated::finish_now(Operation& operation) {
  if (behaviour_.reorders_completions && chance() && chance()) return false;
  finish_plainly(operation);
  return true;
}

void Simulated::finish_plainly(Operation& operation) {
  const FaultPlan fault = begin(operation);
  operation.result =
      Result{.value = fault.error != 0 ? -fault.error : do_file(operation, fault.most)};
}

void Simulated::cancel(Flight& flight) {
  ++counters_.cancels;
  flight.cancelled = true;
  const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) {
    return waiting.flight == &flight;
  });
  if (found == waiting_.end()) return;  // it has completed already, which cancel() allows
  const Waiting waiting = *found;
  waiting_.erase(found);
  if (behaviour_.success_beats_cancel && try_socket(waiting)) return;
  std::int32_t result = -ECANCELED;
  if (sends(flight.code)) {
    result = end_of_send(sockets_[flight.fd], ECANCELED);
  }
  complete(flight, Result{.value = result});
}

// The completions of one operation stay in order, so that its last one comes last.
void Simulated::complete(Flight& flight, Result result, std::uint32_t delay) {
  bool is_late = delay > 0;
  for (const Delayed& earlier : delayed_) {
    if (earlier.completion.flight != &flight) continue;
    is_late = true;
    delay = std::max(delay, earlier.waits);
  }
  if (is_late)
    delayed_.push_back({{&flight, result}, delay});
  else
    ready_.push_back({&flight, result});
}

std::size_t Simulated::wait(Milliseconds timeout, std::span<Completion> completions) {
  ++counters_.enters;
  advance_all();
  age_delayed();
  if (ready_.empty() && delayed_.empty() && !held_back_ && timeout > 0) now_ += timeout;
  std::size_t taken = 0;
  while (taken < completions.size() && !ready_.empty()) completions[taken++] = take_ready();
  counters_.completions += taken;
  return taken;
}

// The next completion; with reorders_completions, the first one of a random operation.
Completion Simulated::take_ready() {
  std::size_t at = 0;
  if (behaviour_.reorders_completions) {
    while (at + 1 < ready_.size() && chance()) ++at;
    const Flight* const chosen = ready_[at].flight;
    at = 0;
    while (ready_[at].flight != chosen) ++at;
  }
  const Completion completion = ready_[at];
  ready_.erase(ready_.begin() + static_cast<std::ptrdiff_t>(at));
  return completion;
}

void Simulated::age_delayed() {
  for (std::size_t i = 0; i < delayed_.size();) {
    if (delayed_[i].waits-- > 0) {
      ++i;
      continue;
    }
    ready_.push_back(delayed_[i].completion);
    delayed_.erase(delayed_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

// Completes every waiting operation that can proceed. A multishot accept keeps waiting.
void Simulated::advance_all() {
  // Not in every call: the clock must advance when no operation can proceed.
  held_back_ = behaviour_.partial_progress && chance();
  for (std::size_t i = 0; i < waiting_.size();) {
    const bool is_event = waiting_[i].flight->code == OpCode::read;
    const bool is_passed_over = held_back_ && !is_event && chance();
    if (is_passed_over || (is_event ? !try_event(waiting_[i]) : !try_socket(waiting_[i]))) {
      ++i;
      continue;
    }
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

bool Simulated::try_event(const Waiting& waiting) {
  if (!is_readable(*waiting.flight)) return false;
  const Result result{.value = do_file(operation_of(*waiting.flight), 0)};
  complete(*waiting.flight, result, waiting.fault.delay);
  return true;
}

// True if the operation has completed and will not complete again.
bool Simulated::try_socket(const Waiting& waiting) {
  Flight& flight = *waiting.flight;
  Socket& socket = sockets_[flight.fd];
  assert(!socket.closed);
  switch (flight.code) {
    case OpCode::accept: return try_accept(waiting, socket);
    case OpCode::connect: complete(flight, Result{}, waiting.fault.delay); return true;
    case OpCode::send:
    case OpCode::send_gather:
    case OpCode::send_pages: return try_send(waiting, socket);
    case OpCode::recv_stream: return try_stream(waiting, socket);
    default: return try_receive(waiting, socket);
  }
}

bool Simulated::try_accept(const Waiting& waiting, Socket& socket) {
  while (!socket.arrivals.empty()) {
    const bool is_last = may_end(*waiting.flight);
    const Result result{.value = socket.arrivals.front(), .more = !is_last};
    complete(*waiting.flight, result, waiting.fault.delay);
    socket.arrivals.pop_front();
    if (is_last) return true;
  }
  return false;
}

// Chooses whether a multishot ends with this completion. The end of a cancelled one is its
// cancellation.
bool Simulated::may_end(const Flight& multishot) {
  return behaviour_.ends_multishots && !multishot.cancelled && chance();
}

bool Simulated::try_receive(const Waiting& waiting, Socket& socket) {
  Flight& flight = *waiting.flight;
  const bool is_stream = flight.code == OpCode::recv_stream;
  if (socket.reset) {
    complete(flight, Result{.value = -ECONNRESET}, waiting.fault.delay);
    return true;
  }
  if (socket.received == socket.inbound.size()) {
    if (!socket.finished) return false;
    complete(flight, Result{.value = 0}, waiting.fault.delay);
    return true;
  }
  if (picks_buffer(flight.code) && behaviour_.most_buffers > 0 &&
      buffers_in_use() >= behaviour_.most_buffers) {
    complete(flight, Result{.value = -ENOBUFS}, waiting.fault.delay);
    return true;
  }
  Result result{.more = is_stream && !may_end(flight)};
  std::span<char> memory;
  if (picks_buffer(flight.code)) {
    result.buffer = take_buffer();
    memory = buffer(result.buffer);
  } else {
    memory = operation_of(flight).memory();
  }
  std::size_t bound = memory.size();
  if (receive_bound_ > 0) bound = std::min(bound, receive_bound_);
  if (waiting.fault.most > 0) bound = std::min<std::size_t>(bound, waiting.fault.most);
  const std::size_t count = socket.inbound.copy(memory.data(), bound, socket.received);
  socket.received += count;  // not erased, which would be slow for many small receives
  result.value = static_cast<std::int32_t>(count);
  complete(flight, result, waiting.fault.delay);
  return !result.more;
}

// Receives what has arrived, one buffer at a time, and keeps waiting until the end of the stream.
// As in the kernel, other operations come first after 32 buffers.
bool Simulated::try_stream(const Waiting& waiting, Socket& socket) {
  for (int i = 0; i < 32; ++i) {
    if (socket.received == socket.inbound.size() || socket.reset) break;
    if (try_receive(waiting, socket)) return true;
  }
  const bool at_end = socket.finished && socket.received == socket.inbound.size();
  return (socket.reset || at_end) && try_receive(waiting, socket);
}

namespace {

// Appends the readable bytes of `piece`. When the file behind a mapping was truncated, the kernel
// sends the bytes in front of the gap. pwrite(2) tests each page without a SIGBUS.
void append_readable(std::string& all, const iovec& piece) {
  constexpr std::size_t page = 4096;
  const auto* begin = static_cast<const char*>(piece.iov_base);
  if (piece.iov_len < 2 * page) {  // mappings are larger
    all.append(begin, piece.iov_len);
    return;
  }
  const Fd probe(::memfd_create("probe", MFD_CLOEXEC));
  std::size_t size = 0;
  while (size < piece.iov_len) {
    const std::size_t step = std::min(page - reinterpret_cast<std::uintptr_t>(begin + size) % page,
                                      piece.iov_len - size);
    if (::pwrite(probe.get(), begin + size, 1, 0) != 1) break;
    size += step;
  }
  all.append(begin, size);
}

std::string bytes_of(const Operation& operation) {
  std::string all;
  if (operation.code == OpCode::send) {
    append_readable(all, {const_cast<void*>(operation.address), operation.length});
    return all;
  }
  if (operation.code == OpCode::send_pages) {
    all.append(static_cast<const char*>(operation.second_address), operation.front_length);
    append_readable(all, {const_cast<void*>(operation.address), operation.length});
    return all;
  }
  const auto* header = static_cast<const msghdr*>(operation.address);
  for (std::size_t i = 0; i < header->msg_iovlen; ++i) {
    append_readable(all, header->msg_iov[i]);
  }
  return all;
}

}  // namespace

bool Simulated::try_send(const Waiting& waiting, Socket& socket) {
  Operation& operation = operation_of(*waiting.flight);
  if (socket.reset || socket.ended) {
    complete(operation, Result{.value = end_of_send(socket, EPIPE)}, waiting.fault.delay);
    return true;
  }
  std::string all = bytes_of(operation);
  const std::uint32_t most = waiting.fault.most;
  if (most > 0) all.resize(std::min<std::size_t>(all.size(), most));
  const std::size_t begin = std::min(all.size(), socket.sent);  // a file may have been truncated
  std::size_t now = std::min(all.size() - begin, socket.window);
  if (behaviour_.partial_progress && now > 1 && chance()) {
    now /= 2;
    held_back_ = true;
  }
  socket.outbound.append(all, begin, now);
  if (socket.window != SIZE_MAX) socket.window -= now;
  socket.sent += now;
  if (socket.sent < all.size()) return false;
  const Result result{.value = static_cast<std::int32_t>(std::exchange(socket.sent, 0))};
  complete(operation, result, waiting.fault.delay);
  return true;
}

// The result of a send that ends early, as of the kernel: the bytes sent, or the error if there are
// none.
std::int32_t Simulated::end_of_send(Socket& socket, int error) {
  const std::size_t sent = std::exchange(socket.sent, 0);
  return sent > 0 ? static_cast<std::int32_t>(sent) : -error;
}

// Executes a file operation on at most `most` bytes (0: no limit). Returns its result or minus an
// errno.
std::int32_t Simulated::do_file(Operation operation, std::uint32_t most) {
  if (operation.code == OpCode::nothing) return 0;
  if (most > 0) operation.length = std::min(operation.length, most);
  const std::int32_t result = call_plainly(operation);
  if (operation.code == OpCode::open && result >= 0) files_.insert(result);
  return result;
}

void Simulated::close(int fd) {
  if (const auto found = sockets_.find(fd); found != sockets_.end()) {
    assert(!found->second.closed);
    found->second.closed = true;
    return;
  }
  files_.erase(fd);
  ::close(fd);
}

void Simulated::finish_sending(int fd) { sockets_[fd].ended = true; }
void Simulated::reset_on_close(int fd) { sockets_[fd].resets = true; }

void Simulated::limit_stalls(int fd, Milliseconds duration) { sockets_[fd].stall_limit = duration; }

std::int64_t Simulated::free_bytes(int) { return free_bytes_; }

std::uint16_t Simulated::take_buffer() {
  const std::optional<std::uint16_t> id = buffers_.take();
  assert(id);
  in_use_.insert(*id);
  return *id;
}

void Simulated::recycle(std::uint16_t id) {
  const bool was_in_use = in_use_.erase(id) == 1;
  assert(was_in_use);
  if (!was_in_use) return;
  const std::span<char> bytes = buffer(id);
  std::fill(bytes.begin(), bytes.end(), '\xdd');  // makes a use after recycle() visible
  buffers_.give_back(id);
}

}  // namespace uring
