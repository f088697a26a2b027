// One connection of the load generator that speaks TLS, by the client side of apps/crypto.
//
// Errors end the process with a message: a server that does not answer as expected cannot be
// measured. Tried by ./dev bench --tls.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/crypto/client_context.h"
#include "parser/message.h"

namespace load {

constexpr std::string_view small_request = "GET /1k HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
constexpr std::string_view last_request =
    "GET /1k HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";

// Memory that the clients of one thread use in turn, and the responses that they have received.
struct Shared {
  std::vector<char> received = std::vector<char>(256 << 10);
  std::vector<char> plain = std::vector<char>(crypto::TlsSession::most_in_record);
  std::vector<char> out = std::vector<char>(32 << 10);
  http1::ResponseHead head;
  std::array<std::uint64_t, 600> responses{};  // by status
};

class Client {
 public:
  // Connects, and does the handshake, in which it offers the ticket of `before`, unless that is
  // null. The connection comes from `source`, an address of this machine; 0: any.
  Client(const crypto::ClientContext& context, std::uint16_t port, Shared& shared,
         const Client* before = nullptr, std::uint32_t source = 0);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view request);

  enum class Progress : std::uint8_t {
    more,   // there are no further bytes now
    done,   // the last response that was expected is complete
    ended,  // the server has closed the connection
  };
  // Receives once, and decrypts all of it. On a blocking socket it waits for bytes.
  Progress receive();
  // Sends a request and waits for its response, on a blocking socket. False: the server has closed
  // the connection before.
  bool exchange(std::string_view request);
  // Waits until the server closes the connection, on a blocking socket.
  void drain();

  int fd() const { return fd_; }
  void set_nonblocking();
  std::uint64_t awaited() const { return awaited_; }  // responses
  const crypto::TlsSession& session() const { return *session_; }

 private:
  void shake_hands();
  void send_bytes(std::string_view bytes);
  void take(std::string_view plain);
  bool take_head();

  Shared& shared_;
  std::unique_ptr<crypto::TlsSession> session_;
  int fd_;
  std::string partial_;             // of a head
  std::uint64_t content_left_ = 0;  // of a response, not received yet
  std::uint64_t awaited_ = 0;
};

// Prints a message and ends the process.
[[noreturn]] void give_up(const std::string& why);

// A context that accepts any certificate and speaks that version alone.
std::shared_ptr<const crypto::ClientContext> client_context(crypto::TlsVersion version);

// Waits until the server listens; ends the process after ten seconds.
void wait_for_listener(std::uint16_t port);

}  // namespace load
