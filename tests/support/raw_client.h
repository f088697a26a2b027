// RawClient: one connection to a server, on which a test determines every byte.
//
// It shares no code with the server's parser, and implements only as much of HTTP as a test needs
// to take responses apart. Every wait has a timeout of 60 s, after which the test fails.
// Covered by tests/end_to_end/, whose tests use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace test_support {

// A response as received.
struct Response {
  int status = 0;    // 0: the connection ended before a whole head
  std::string head;  // including the blank line
  std::string body;
  bool whole = false;  // the body has the length of Content-Length

  // The value of a field, by its case-insensitive name; "" if it is missing.
  std::string field(std::string_view name) const;
  bool has(std::string_view name) const;
};

// How the server ended the connection.
enum class Ending : std::uint8_t { orderly, reset, not_yet };

class RawClient {
 public:
  // Connects; ok() is false if that has failed.
  static RawClient to_port(std::uint16_t port, bool ipv6 = false);
  // Connects from another address of the loopback network, such as 127.0.0.2.
  static RawClient to_port_from(std::uint16_t port, const char* own_address);
  static RawClient to_unix(const std::string& path);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&&) = delete;
  RawClient(const RawClient&) = delete;

  bool ok() const { return connect_error_ == 0; }
  int connect_error() const { return connect_error_; }  // an errno

  // Sends all bytes, waiting while the server does not read. False: the server has closed the
  // connection.
  bool send(std::string_view bytes);
  // Sends as much as is possible without waiting; returns the number of bytes.
  std::size_t send_some(std::string_view bytes);
  // Sends the bytes and waits until the server has received them, so that later bytes arrive in
  // another receive. Unix sockets only, because TCP reports only that the kernel has the bytes.
  void send_piece(std::string_view bytes);
  void finish_sending();  // the server reads the end, and may still send
  void reset();           // the server sees ECONNRESET
  void close();

  enum class To : std::uint8_t { any, head };  // the method of the request
  Response read_response(To method = To::any);
  // Reads a response whose first byte the caller has read.
  Response read_response_after(char first);
  // Sends a request and reads its response.
  Response ask(std::string_view request, To method = To::any);
  // Reads that many bytes; fewer only when the connection has ended.
  std::string read_bytes(std::size_t count);
  std::size_t read_some(std::span<char> room);
  // Reads until the server ends the connection.
  std::string read_to_end();
  // Discards bytes until the server ends the connection; returns how it ended.
  Ending ending();
  // Bytes or the end of the stream have arrived, or arrive within that time.
  bool has_bytes(int within_ms = 0);

  int descriptor() const { return fd_; }

 private:
  explicit RawClient(int fd) : fd_(fd) {}
  bool receive();

  int fd_;
  int connect_error_ = 0;
  bool has_ended_ = false;
  bool was_reset_ = false;
  std::string pending_;  // received, not yet returned
};

// "GET /path HTTP/1.1", Host, the given field lines (without line ends), the blank line.
std::string request(std::string_view method, std::string_view target,
                    const std::vector<std::string>& fields = {});
std::string get(std::string_view target, const std::vector<std::string>& fields = {});
// A PUT with Content-Length and its body.
std::string put(std::string_view target, std::string_view body,
                const std::vector<std::string>& fields = {});

}  // namespace test_support
