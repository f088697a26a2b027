// RawClient: one connection to a server, byte for byte what a test says.
//
// It shares no code with the server's parser: it knows of HTTP what a test must know to take
// answers apart. Nothing waits longer than 20 s; who waits so long has failed the test.
// Covered by tests/end_to_end/, which lives on it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace test_support {

// An answer as it arrived.
struct Response {
  int status = 0;    // 0: the connection ended before a whole head
  std::string head;  // with the blank line
  std::string body;
  bool whole = false;  // all that Content-Length promised has come

  // The value of a field, whatever its case; "" if there is none.
  std::string field(std::string_view name) const;
  bool has(std::string_view name) const;
};

// How a connection ended, seen from here.
enum class Ending : std::uint8_t { orderly, reset, not_yet };

class RawClient {
 public:
  // Connects; a connection that fails is seen in ok().
  static RawClient to_port(std::uint16_t port, bool ipv6 = false);
  // The same from another address of the loopback network, as 127.0.0.2.
  static RawClient to_port_from(std::uint16_t port, const char* own_address);
  static RawClient to_unix(const std::string& path);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&&) = delete;
  RawClient(const RawClient&) = delete;

  bool ok() const { return connect_error_ == 0; }
  int connect_error() const { return connect_error_; }  // an errno

  // Sends all of it, waiting while the server does not read. False: the server is gone.
  bool send(std::string_view bytes);
  // Sends as much as goes without waiting; how much.
  std::size_t send_some(std::string_view bytes);
  // Sends it, and waits until the server has received it: what follows comes in another receive.
  // Over unix sockets only, because TCP says no more than that the kernel has it.
  void send_piece(std::string_view bytes);
  void finish_sending();  // the server reads the end, and may still send
  void reset();           // the server sees ECONNRESET
  void close();

  enum class To : std::uint8_t { any, head };  // which method an answer answers
  Response read_response(To method = To::any);
  // The same where the caller has read the first byte of it.
  Response read_response_after(char first);
  // Sends a request and reads its answer.
  Response ask(std::string_view request, To method = To::any);
  // Up to that many bytes; fewer only when the connection ended.
  std::string read_bytes(std::size_t count);
  std::size_t read_some(std::span<char> room);
  // All that comes until the server ends the connection.
  std::string read_to_end();
  // Reads away what comes until the server ends the connection, and says how it did.
  Ending ending();
  // Bytes, or the end, are there now or come within that time.
  bool has_bytes(int within_ms = 0);

  int descriptor() const { return fd_; }

 private:
  explicit RawClient(int fd) : fd_(fd) {}
  bool receive();

  int fd_;
  int connect_error_ = 0;
  bool has_ended_ = false;
  bool was_reset_ = false;
  std::string pending_;  // received, not yet asked for
};

// "GET /path HTTP/1.1", Host, the given field lines (without line ends), the blank line.
std::string request(std::string_view method, std::string_view target,
                    const std::vector<std::string>& fields = {});
std::string get(std::string_view target, const std::vector<std::string>& fields = {});
// A PUT with Content-Length and its body.
std::string put(std::string_view target, std::string_view body,
                const std::vector<std::string>& fields = {});

}  // namespace test_support
