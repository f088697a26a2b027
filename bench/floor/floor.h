// The floor: a minimal HTTP server that only receives and sends, as a lower bound for the cost.
//
// It sends fixed bytes through a ring with quoitd's settings: multishot accept, multishot receive
// into a buffer ring, one send for a response, one send for all pipelined responses, big bodies
// from a mapping in pieces of at most 16 MiB, and bodies of PUT into files by the ring's open,
// write and rename. It understands only the requests of bench/load. The cost of quoitd above the
// floor is the cost of quoitd's own work. Tried by ./dev bench.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <liburing.h>

#include "bench/floor/answers.h"

namespace floor_server {

// The upload of a PUT body into a file.
struct Upload {
  std::string name;       // the target, relative to the root
  std::string temporary;  // the temporary file, until the body is complete
  int file = -1;
  std::uint64_t missing = 0;  // bytes not yet received
  std::uint64_t written = 0;  // bytes in the file
  std::uint32_t filled = 0;   // bytes of `room`
  std::vector<char> room;     // bytes to write; a mebibyte for big bodies
  bool big = false;           // received into `room` by the ring, not from a buffer
};

struct Connection {
  std::string_view rest;           // of the response, after the piece that is being sent
  char* block = nullptr;           // responses, or the head for a range
  std::unique_ptr<Upload> upload;  // while a body is received
  bool last = false;               // close after the response is sent
  bool cancelling = false;         // the multishot receive is being ended, for a big body
};

class Floor {
 public:
  // Listens on 127.0.0.1:`port`. Ends the process on failure.
  Floor(const std::string& root, std::uint16_t port);
  // Serves until the process is killed.
  [[noreturn]] void run();

 private:
  enum class Step : std::uint8_t { accept, receive, send, open, fill, write, rename, none };

  void set_up_ring();
  void listen(std::uint16_t port);
  io_uring_sqe* entry(Step step, int fd);
  void receive(int fd);
  void send(int fd, std::string_view bytes);
  void send_part(int fd, std::string_view request);
  void send_gathered(int fd, std::string_view requests);
  void take(const io_uring_cqe& completion);
  void took(int fd, const io_uring_cqe& completion);
  void answer(int fd, std::string_view requests);
  void begin_upload(int fd, std::string_view bytes);
  void fill(int fd);
  void write(int fd);
  void filled(int fd, int result);
  void wrote(int fd, int result);
  void finish(int fd);
  char* borrow_block();

  Answers answers_;
  int root_ = -1;
  int listener_ = -1;
  io_uring ring_{};
  io_uring_buf_ring* buffers_ = nullptr;
  std::unique_ptr<char[]> memory_;       // of the buffers
  std::vector<Connection> connections_;  // by descriptor
  std::vector<char*> blocks_;            // free blocks
  std::uint64_t uploads_ = 0;            // since start, for the names of temporary files
};

}  // namespace floor_server
