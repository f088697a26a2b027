// Describing operations, ending them early, and keeping received buffers. Covered by
// tests/uring/io_test.cc, accept_test.cc and receive_test.cc.
#include "uring/io.h"

#include <cassert>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <type_traits>
#include <utility>

namespace uring {

// Neither function resumes a coroutine, so the list does not change during the iteration.
void IoGroup::stop() {
  for (Io* io = first_; io; io = io->next_) io->stop();
}

void IoGroup::end_idle() {
  for (Io* io = first_; io; io = io->next_) {
    if (io->idle_) io->set_deadline(0);
  }
}

Io::Io(IoGroup& group) : loop_(group.loop()), next_(group.first_), link_(&group.first_) {
  if (next_) next_->link_ = &next_;
  group.first_ = this;
}

Io::~Io() {
  assert(!operation_.waiter && !operation_.armed && !stream_.armed);
  recycle_kept();
  loop_.timers().remove(timer_);
  *link_ = next_;
  if (next_) next_->link_ = link_;
}

// In a standard-layout struct the offset of a member is known, and that of the first member is 0.
static_assert(std::is_standard_layout_v<IoParts> && offsetof(IoParts, stream_) == 0);

Io& Io::of(Timer& timer) {
  char* const parts = reinterpret_cast<char*>(&timer) - offsetof(IoParts, timer_);
  return static_cast<Io&>(*reinterpret_cast<IoParts*>(parts));
}

Io::Pending Io::accept(int listener) { return prepare(OpCode::accept, listener, nullptr, 0); }

Io::Pending Io::connect(int fd, const sockaddr* address, socklen_t bytes) {
  return prepare(OpCode::connect, fd, address, bytes);
}

Io::Pending Io::recv(int fd, std::span<char> room) {
  return prepare(OpCode::recv, fd, room.data(), room.size());
}

Io::Pending Io::recv_provided(int fd) { return prepare(OpCode::recv_provided, fd, nullptr, 0); }

Io::Pending Io::send(int fd, Gather& message) {
  message.header.msg_iov = message.pieces.data();
  return prepare(OpCode::send_gather, fd, &message.header, 0);
}

Io::Pending Io::send_pages(int fd, std::string_view front, std::string_view pages,
                           std::uint32_t flags) {
  operation_.flags = flags;
  operation_.second_address = front.data();
  operation_.front_length = front.size();
  return prepare(OpCode::send_pages, fd, pages.data(), pages.size());
}

Io::Pending Io::sleep(Milliseconds duration) {
  set_deadline(duration);
  sleeping_ = true;
  return prepare(OpCode::nothing, -1, nullptr, 0);
}

Io::Pending Io::read(int fd, std::span<char> room, std::uint64_t offset) {
  operation_.offset = offset;
  return prepare(OpCode::read, fd, room.data(), room.size());
}

Io::Pending Io::write(int fd, std::string_view bytes, std::uint64_t offset) {
  operation_.offset = offset;
  return prepare(OpCode::write, fd, bytes.data(), bytes.size());
}

Io::Pending Io::open(int directory, const char* path, OpenHow how) {
  operation_.open_flags = how.flags;
  operation_.open_mode = how.mode;
  operation_.open_resolve = how.resolve;
  return prepare(OpCode::open, directory, path, sizeof(OpenHow));
}

Io::Pending Io::sync(int fd) {
  operation_.flags = 0;
  return prepare(OpCode::sync, fd, nullptr, 0);
}

Io::Pending Io::sync_data(int fd) {
  operation_.flags = data_only;
  return prepare(OpCode::sync, fd, nullptr, 0);
}

Io::Pending Io::rename(int directory, const char* from, int to_directory, const char* to,
                       unsigned flags) {
  operation_.second_fd = to_directory;
  operation_.second_address = to;
  operation_.flags = flags;
  return prepare(OpCode::rename, directory, from, 0);
}

Io::Pending Io::link(int directory, const char* from, int to_directory, const char* to) {
  operation_.second_fd = to_directory;
  operation_.second_address = to;
  operation_.flags = 0;
  return prepare(OpCode::link, directory, from, 0);
}

Io::Pending Io::link_file(int file, int to_directory, const char* to) {
  operation_.second_fd = to_directory;
  operation_.second_address = to;
  operation_.flags = AT_EMPTY_PATH;
  return prepare(OpCode::link, file, "", 0);
}

Io::Pending Io::unlink(int directory, const char* path, int flags) {
  operation_.flags = static_cast<std::uint32_t>(flags);
  return prepare(OpCode::unlink, directory, path, 0);
}

Io::Pending Io::make_directory(int directory, const char* path, unsigned mode) {
  operation_.open_mode = mode;
  return prepare(OpCode::make_directory, directory, path, 0);
}

Io::Pending Io::yield() { return prepare(OpCode::nothing, -1, nullptr, 0); }

void Io::renew() {
  stopped_ = false;
  timed_out_ = false;
}

// Completes the operation without the engine's queues, if it is on a file in memory or by a plain
// call, or waits for a peer after stop() or the deadline. False: it must be started. A multishot
// accept that is still armed is awaited to its end even then.
bool Io::complete_at_once() {
  const bool is_on_files = works_on_files(operation_.code);
  if (files_ == FileCalls::plain && (is_on_files || operation_.code == OpCode::read)) {
    loop_.engine().finish_plainly(operation_);
    return true;
  }
  if (files_ == FileCalls::in_memory && is_on_files) return loop_.engine().finish_now(operation_);
  if (!stopped_ && !timed_out_) return false;
  if (!sleeping_ && (operation_.armed || !waits_for_peer(operation_.code))) return false;
  if (sleeping_) clear_deadline();
  sleeping_ = false;
  operation_.result = Result{.value = -ECANCELED};
  return true;
}

// --- The multishot receive ---

Io::Pending Io::end_receiving() {
  assert(!operation_.waiter && !operation_.armed);
  operation_.code = OpCode::recv_stream;
  awaits_end_ = true;
  return Pending(*this);
}

// Sets the result of receive() or end_receiving() and returns true, if there is one without
// waiting.
bool Io::take_arrived() {
  if (awaits_end_) return !stream_.armed;
  if (stopped_ || timed_out_) {
    operation_.result = Result{.value = -ECANCELED};
  } else if (kept_ > 0) {
    operation_.result = take_kept();
  } else if (end_ != not_ended) {
    operation_.result = Result{.value = end_};
    if (end_ == -ENOBUFS) end_ = not_ended;  // the next receive may find a buffer
  } else {
    return false;
  }
  return true;
}

void Io::begin_receiving() {
  if (awaits_end_) {
    loop_.engine().cancel(stream_);
  } else {
    stream_.armed = true;
    loop_.engine().start(stream_);
  }
}

void Io::on_received(Result result) {
  stream_.armed = result.more;
  const bool is_awaited = operation_.waiter && is_receiving();
  if (result.count() > 0 && is_awaited && !awaits_end_ && kept_ == 0) {
    operation_.result = result;
    std::exchange(operation_.waiter, nullptr).resume();
    return;
  }
  if (result.count() > 0) {
    keep(result);
  } else if (!result.more && result.fault() != Fault::cancelled) {
    end_ = result.value;
  }
  if (!is_awaited || (awaits_end_ && stream_.armed)) return;
  const std::coroutine_handle<> waiter = std::exchange(operation_.waiter, nullptr);
  if (!take_arrived()) {
    await_arrival(waiter);  // it ended for a pause, or for an earlier deadline
    return;
  }
  waiter.resume();
}

void Io::keep(Result result) {
  Engine& engine = loop_.engine();
  engine.list_entry(result.buffer) = {.bytes = static_cast<std::uint16_t>(result.count())};
  if (kept_ == 0)
    first_ = result.buffer;
  else
    engine.list_entry(last_).next = result.buffer;
  last_ = result.buffer;
  ++kept_;
  if (kept_ > most_kept && stream_.armed && !stream_.cancelled) engine.cancel(stream_);
}

Result Io::take_kept() {
  const BufferPool::ListEntry entry = loop_.engine().list_entry(first_);
  const Result result{.value = entry.bytes, .buffer = first_};
  first_ = entry.next;
  --kept_;
  return result;
}

void Io::recycle_kept() {
  while (kept_ > 0) loop_.engine().recycle(take_kept().buffer);
}

// Asks the engine to end the present wait, if it is for a peer. The operation still completes. An
// acceptor that stops itself awaits nothing at this moment, but its operation is in flight.
void Io::interrupt() {
  if (!operation_.waiter && !operation_.armed) return;
  if (sleeping_) {
    loop_.timers().expire(timer_);
  } else if (is_receiving()) {
    if (!awaits_end_) loop_.engine().cancel(stream_);
  } else if (waits_for_peer(operation_.code)) {
    loop_.engine().cancel(operation_);
  }
}

void Io::stop() {
  if (stopped_) return;
  stopped_ = true;
  interrupt();
}

void Io::on_deadline() {
  if (!sleeping_) {
    timed_out_ = true;
    interrupt();
    return;
  }
  sleeping_ = false;
  operation_.result = Result{.value = stopped_ ? -ECANCELED : 0};
  std::exchange(operation_.waiter, nullptr).resume();
}

}  // namespace uring
