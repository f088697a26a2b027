// The floor's ring and its few steps; floor.h describes its purpose.
#include "bench/floor/floor.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace floor_server {

namespace {

constexpr unsigned short group = 0;
constexpr unsigned buffer_count = 512;   // a power of two; enough for 64 pipelining connections
constexpr unsigned buffer_bytes = 8192;  // a small PUT, head and body
constexpr std::size_t piece = 16 << 20;  // the maximum of one send
constexpr std::size_t block_bytes = 64 << 10;  // 16 responses of a kibibyte, and more
constexpr std::size_t room_bytes = 1 << 20;    // of a big upload, in one write

constexpr std::string_view created =
    "HTTP/1.1 201 Created\r\nServer: floor/1.0.0\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    "Content-Length: 0\r\nETag: \"floor\"\r\n\r\n";

[[noreturn]] void die(const char* what, int error) {
  std::fprintf(stderr, "floor: %s: %s\n", what, std::strerror(error));
  std::exit(1);
}

}  // namespace

Floor::Floor(const std::string& root, std::uint16_t port) : answers_(root) {
  root_ = ::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  connections_.reserve(std::min<rlim_t>(files.rlim_cur, 1 << 16));  // not touched before use
  set_up_ring();
  listen(port);
}

void Floor::set_up_ring() {
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SUBMIT_ALL |
                 IORING_SETUP_CQSIZE;
  params.cq_entries = 4096;
  int result = io_uring_queue_init_params(256, &ring_, &params);
  if (result < 0) die("io_uring", -result);
  io_uring_register_ring_fd(&ring_);
  void* memory = nullptr;
  if (::posix_memalign(&memory, 4096, buffer_count * sizeof(io_uring_buf)) != 0) std::abort();
  buffers_ = static_cast<io_uring_buf_ring*>(memory);
  io_uring_buf_ring_init(buffers_);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(memory);
  registration.ring_entries = buffer_count;
  registration.bgid = group;
  result = io_uring_register_buf_ring(&ring_, &registration, 0);
  if (result < 0) die("the buffer ring", -result);
  memory_.reset(new char[std::size_t{buffer_count} * buffer_bytes]);
  for (unsigned i = 0; i < buffer_count; ++i) {
    io_uring_buf_ring_add(buffers_, memory_.get() + std::size_t{i} * buffer_bytes, buffer_bytes,
                          static_cast<unsigned short>(i), io_uring_buf_ring_mask(buffer_count),
                          static_cast<int>(i));
  }
  io_uring_buf_ring_advance(buffers_, buffer_count);
}

void Floor::listen(std::uint16_t port) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(listener_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // accepted ones inherit it
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 4096) != 0) {
    die("cannot listen", errno);
  }
  io_uring_prep_multishot_accept(entry(Step::accept, listener_), listener_, nullptr, nullptr,
                                 SOCK_CLOEXEC);
}

[[noreturn]] void Floor::run() {
  for (;;) {
    const int result = io_uring_submit_and_wait(&ring_, 1);
    if (result < 0 && result != -EINTR) die("io_uring_enter", -result);
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_cqe* completion = nullptr;
    io_uring_for_each_cqe(&ring_, head, completion) {
      take(*completion);
      ++seen;
    }
    io_uring_cq_advance(&ring_, seen);
  }
}

// The next submission, with its purpose in user_data, which the prep functions do not change.
io_uring_sqe* Floor::entry(Step step, int fd) {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  while (!sqe) {
    io_uring_submit(&ring_);
    sqe = io_uring_get_sqe(&ring_);
  }
  io_uring_sqe_set_data64(sqe, static_cast<std::uint64_t>(fd) << 8 | static_cast<unsigned>(step));
  return sqe;
}

void Floor::receive(int fd) {
  io_uring_sqe* sqe = entry(Step::receive, fd);
  io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT;
  sqe->buf_group = group;
}

void Floor::send(int fd, std::string_view bytes) {
  const std::size_t now = std::min(bytes.size(), piece);
  connections_[static_cast<std::size_t>(fd)].rest = bytes.substr(now);
  io_uring_prep_send(entry(Step::send, fd), fd, bytes.data(), now, MSG_NOSIGNAL | MSG_WAITALL);
}

// ---- completions -------------------------------------------------------------------------------

void Floor::take(const io_uring_cqe& completion) {
  const int fd = static_cast<int>(completion.user_data >> 8);
  switch (static_cast<Step>(completion.user_data & 0xff)) {
    case Step::accept: {
      if (completion.res < 0) die("accept", -completion.res);
      const auto index = static_cast<std::size_t>(completion.res);
      if (connections_.size() <= index) connections_.resize(index + 1);
      connections_[index] = {};
      receive(completion.res);
      break;
    }
    case Step::receive: took(fd, completion); break;
    case Step::send: {
      Connection& c = connections_[static_cast<std::size_t>(fd)];
      if (completion.res < 0) break;  // the receive reports the end too
      if (!c.rest.empty()) return send(fd, c.rest);
      if (c.block) blocks_.push_back(std::exchange(c.block, nullptr));
      if (c.last) ::shutdown(fd, SHUT_RDWR);
      break;
    }
    case Step::open:
      if (completion.res < 0) die("open", -completion.res);
      connections_[static_cast<std::size_t>(fd)].upload->file = completion.res;
      write(fd);
      break;
    case Step::fill: filled(fd, completion.res); break;
    case Step::write: wrote(fd, completion.res); break;
    case Step::rename:
      if (completion.res < 0) die("rename", -completion.res);
      finish(fd);
      break;
    case Step::none: break;
  }
}

// Handles a completion of the multishot receive. The buffer is recycled before the response is
// sent, because responses never point into it.
void Floor::took(int fd, const io_uring_cqe& completion) {
  Connection& c = connections_[static_cast<std::size_t>(fd)];
  if (completion.flags & IORING_CQE_F_BUFFER) {
    const auto id = static_cast<unsigned short>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
    char* buffer = memory_.get() + std::size_t{id} * buffer_bytes;
    if (completion.res > 0) {
      const std::string_view bytes(buffer, static_cast<std::size_t>(completion.res));
      if (c.upload) {  // bytes that arrived before the receive was cancelled
        c.upload->room.resize(std::max(room_bytes, c.upload->filled + bytes.size()));
        std::memcpy(c.upload->room.data() + c.upload->filled, bytes.data(), bytes.size());
        c.upload->filled += static_cast<std::uint32_t>(bytes.size());
        c.upload->missing -= bytes.size();
      } else if (bytes[0] == 'P') {
        begin_upload(fd, bytes);
      } else {
        answer(fd, bytes);
      }
    }
    io_uring_buf_ring_add(buffers_, buffer, buffer_bytes, id, io_uring_buf_ring_mask(buffer_count),
                          0);
    io_uring_buf_ring_advance(buffers_, 1);
  }
  if (completion.flags & IORING_CQE_F_MORE) return;
  if (c.cancelling) {
    c.cancelling = false;
    fill(fd);
  } else if (completion.res > 0 || completion.res == -ENOBUFS) {
    receive(fd);
  } else {
    ::close(fd);
  }
}

void Floor::answer(int fd, std::string_view requests) {
  Connection& c = connections_[static_cast<std::size_t>(fd)];
  const std::size_t first = head_size(requests);
  if (first == 0) die("a request in two pieces is beyond this server", EINVAL);
  if (first < requests.size()) return send_gathered(fd, requests);
  if (requests.substr(5, 4) == "256m") return send_part(fd, requests);
  c.last = requests.substr(first - 9) == "close\r\n\r\n";
  send(fd, answers_.to(requests));
}

void Floor::send_gathered(int fd, std::string_view requests) {
  Connection& c = connections_[static_cast<std::size_t>(fd)];
  c.block = borrow_block();
  std::size_t used = 0;
  while (!requests.empty()) {
    const std::size_t size = head_size(requests);
    if (size == 0) die("a request in two pieces is beyond this server", EINVAL);
    const std::string_view bytes = answers_.to(requests.substr(0, size));
    if (used + bytes.size() > block_bytes) die("too much to gather", EINVAL);
    std::memcpy(c.block + used, bytes.data(), bytes.size());
    used += bytes.size();
    requests.remove_prefix(size);
  }
  send(fd, {c.block, used});
}

char* Floor::borrow_block() {
  if (blocks_.empty()) return new char[block_bytes];
  char* block = blocks_.back();
  blocks_.pop_back();
  return block;
}

void Floor::send_part(int fd, std::string_view request) {
  struct Gathered {
    msghdr message;
    iovec parts[2];
    char head[384];  // written before it is sent
  };
  const Range range = range_of(request);
  Connection& c = connections_[static_cast<std::size_t>(fd)];
  c.block = borrow_block();
  auto* gathered = new (c.block) Gathered;
  gathered->message = {};
  char* end = gathered->head;
  const auto text = [&](std::string_view bytes) {
    end = std::copy(bytes.begin(), bytes.end(), end);
  };
  const auto number = [&](std::uint64_t value) { end = std::to_chars(end, end + 20, value).ptr; };
  text(
      "HTTP/1.1 206 Partial Content\r\nServer: floor/1.0.0\r\n"
      "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/octet-stream\r\n"
      "ETag: \"floor\"\r\nContent-Length: ");
  number(range.length);
  text("\r\nContent-Range: bytes ");
  number(range.first);
  text("-");
  number(range.first + range.length - 1);
  text("/268435456\r\n\r\n");
  const std::string_view body = answers_.parts().substr(range.first, range.length);
  gathered->parts[0] = {gathered->head, static_cast<std::size_t>(end - gathered->head)};
  gathered->parts[1] = {const_cast<char*>(body.data()), body.size()};
  gathered->message.msg_iov = gathered->parts;
  gathered->message.msg_iovlen = 2;
  io_uring_prep_sendmsg(entry(Step::send, fd), fd, &gathered->message, MSG_NOSIGNAL | MSG_WAITALL);
}

// ---- PUT ---------------------------------------------------------------------------------------

// A body that has arrived completely is written from the upload's own copy, so that the buffer can
// be recycled. The rest of any other body is received directly into that memory, once the multishot
// receive has ended.
void Floor::begin_upload(int fd, std::string_view bytes) {
  Connection& c = connections_[static_cast<std::size_t>(fd)];
  constexpr std::string_view field = "Content-Length: ";
  const std::size_t length_at = bytes.find(field);
  const std::size_t head_end = bytes.find("\r\n\r\n");
  if (length_at == bytes.npos || head_end == bytes.npos) die("no length in PUT", EINVAL);
  std::uint64_t length = 0;
  std::from_chars(bytes.data() + length_at + field.size(), bytes.data() + bytes.size(), length);
  const std::string_view body = bytes.substr(head_end + 4);

  c.upload = std::make_unique<Upload>();
  Upload& upload = *c.upload;
  upload.name = bytes.substr(5, bytes.find(' ', 5) - 5);
  upload.temporary = "put/.floor-" + std::to_string(++uploads_);
  upload.missing = length - body.size();
  upload.big = upload.missing > 0;
  upload.room.resize(upload.big ? room_bytes : body.size());
  std::memcpy(upload.room.data(), body.data(), body.size());
  upload.filled = static_cast<std::uint32_t>(body.size());
  if (upload.big) {
    c.cancelling = true;
    io_uring_prep_cancel_fd(entry(Step::none, fd), fd, IORING_ASYNC_CANCEL_ALL);
  } else {
    write(fd);
  }
}

// Receives until the buffer is full, then writes it.
void Floor::fill(int fd) {
  Upload& upload = *connections_[static_cast<std::size_t>(fd)].upload;
  const std::uint64_t room = upload.room.size() - upload.filled;
  if (upload.missing == 0 || room == 0) return write(fd);
  io_uring_prep_recv(entry(Step::fill, fd), fd, upload.room.data() + upload.filled,
                     std::min(room, upload.missing), MSG_WAITALL);
}

void Floor::filled(int fd, int result) {
  Upload& upload = *connections_[static_cast<std::size_t>(fd)].upload;
  if (result <= 0) die("a body broke off", -result);
  upload.filled += static_cast<std::uint32_t>(result);
  upload.missing -= static_cast<std::uint64_t>(result);
  fill(fd);
}

void Floor::write(int fd) {
  Upload& upload = *connections_[static_cast<std::size_t>(fd)].upload;
  if (upload.file < 0) {
    io_uring_prep_openat(entry(Step::open, fd), root_, upload.temporary.c_str(),
                         O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return;
  }
  io_uring_prep_write(entry(Step::write, fd), upload.file, upload.room.data(), upload.filled,
                      upload.written);
}

void Floor::wrote(int fd, int result) {
  Upload& upload = *connections_[static_cast<std::size_t>(fd)].upload;
  if (result != static_cast<int>(upload.filled)) die("a short write", ENOSPC);
  upload.written += upload.filled;
  upload.filled = 0;
  if (upload.missing > 0) return fill(fd);
  io_uring_prep_renameat(entry(Step::rename, fd), root_, upload.temporary.c_str(), root_,
                         upload.name.c_str(), 0);
}

void Floor::finish(int fd) {
  Connection& c = connections_[static_cast<std::size_t>(fd)];
  ::close(c.upload->file);
  const bool receive_again = c.upload->big;
  c.upload.reset();
  send(fd, created);
  if (receive_again) receive(fd);
}

}  // namespace floor_server
