// ScriptedServer: a server whose every byte a test determines.
//
// It listens on a port that the system chooses, and runs one script for each connection, in the
// order of arrival, on a thread of its own. A script reads and sends through Peer, whose waits have
// a timeout; an error there fails the running test. Connections beyond the last script are closed
// at once and fail the test too. Covered by tests/client/, whose tests use it.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace test_support {

// One accepted connection, from the server's side.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {}
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // Reads up to and including the blank line; fewer bytes if the peer ends the connection first.
  std::string read_head() { return read_through("\r\n\r\n"); }
  std::string read_through(std::string_view text);
  std::string read_bytes(std::size_t count);
  // Reads at least one byte; empty if the peer has ended the connection.
  std::string read_some();
  // Reads until the peer ends or resets the connection.
  std::string read_to_end();
  // Waits until the peer ends the connection or sends; true if it has ended it.
  bool at_end();
  // Bytes have arrived, or arrive within that time.
  bool has_bytes(std::chrono::milliseconds within);

  // Sends all bytes. False if the peer has closed the connection, which does not fail the test.
  bool send(std::string_view bytes);
  // Sends `step` bytes at a time, each in its own packet as far as the system allows.
  bool send_in_steps(std::string_view bytes, std::size_t step);

  void finish_sending();  // the client reads the end, and may still send
  void close();
  void reset();  // closes in a way that the client sees as ECONNRESET

 private:
  bool receive();

  int fd_;
  std::string pending_;  // received, not yet returned
};

class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;

  enum class Family { ipv4, ipv6, unix_socket };

  // `path` is for a unix socket only.
  explicit ScriptedServer(std::vector<Script> scripts, Family family = Family::ipv4,
                          const std::string& path = {});
  // Calls finish(). A script ends by itself, in bounded time.
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  // Waits for the running script, and accepts no further connection. Variables that scripts have
  // written may be read after this call.
  void finish();

  std::uint16_t port() const { return port_; }
  // "http://127.0.0.1:PORT" + path; "http://[::1]:PORT" for IPv6, "http://localhost" for a unix
  // socket.
  std::string url(std::string_view path) const;
  // The authority of that URL, as in Host.
  std::string authority() const;

  // Connections accepted so far.
  std::size_t connections() const { return connections_; }

 private:
  void serve();

  std::vector<Script> scripts_;
  Family family_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  int stopfd_ = -1;
  std::atomic<std::size_t> connections_ = 0;
  std::thread thread_;
};

// A port on 127.0.0.1 on which no process listens: bound, but never listened on.
class DeafPort {
 public:
  DeafPort();
  ~DeafPort();
  DeafPort(const DeafPort&) = delete;
  DeafPort& operator=(const DeafPort&) = delete;
  std::uint16_t port() const { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

bool has_ipv6();

// Whether this machine resolves the name localhost; a minimal system without /etc/hosts may not.
bool has_localhost();

}  // namespace test_support
