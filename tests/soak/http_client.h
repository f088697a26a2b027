// HttpClient: one connection to the server under test, with blocking calls and a time limit.
//
// It shares no code with the server and understands as much of HTTP/1.1 as the server sends:
// Content-Length and no other framing. Used by one thread. Covered by the runs of the soak itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "uring/fd.h"

namespace soak {

struct Response {
  int status = 0;    // 0: the connection has ended or timed out before a whole head
  std::string head;  // with the blank line
  std::string body;
  bool whole = false;   // head and body have arrived
  bool closes = false;  // the server closes the connection behind it
  bool timed_out = false;
  // The value of a field by its name in the server's spelling; empty where it is missing.
  std::string field(std::string_view name) const;
};

class HttpClient {
 public:
  // Connects to the port on 127.0.0.1. False, with the errno in connect_error(): there is no
  // connection.
  bool connect(std::uint16_t port);
  bool is_connected() const { return socket_.valid(); }
  int connect_error() const { return connect_error_; }
  // Whether a request was sent on this connection before.
  bool is_used() const { return requests_ > 0; }

  // Sends all bytes. False: the server has closed the connection; it may have sent a response.
  bool send(std::string_view bytes);
  // Reads the response to the last request.
  Response read_response(bool is_head);
  // Waits for the first bytes of a response, and drops them.
  void read_some();
  void close();
  // Closes the connection so that the server sees a reset.
  void reset();

 private:
  bool receive(std::string& bytes);

  uring::Fd socket_;
  int connect_error_ = 0;
  std::uint64_t requests_ = 0;
  bool timed_out_ = false;
  std::string pending_;  // received behind the last response
};

}  // namespace soak
