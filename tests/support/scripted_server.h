// ScriptedServer: a peer that does exactly what a test says, byte for byte.
//
// It listens on a port of the system's choice and plays one script for each connection, in the
// order they arrive, on a thread of its own. A script reads and sends through Peer, which never
// waits longer than its patience; what goes wrong there fails the running test. Connections beyond
// the last script are closed at once and fail the test too.
// Covered by tests/client/, which lives on it.
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

  // The next bytes up to and with the blank line; what has come so far when the peer ends first.
  std::string read_head() { return read_through("\r\n\r\n"); }
  std::string read_through(std::string_view text);
  std::string read_bytes(std::size_t count);
  // All that comes until the peer ends or resets.
  std::string read_to_end();
  // Waits until the peer ends or sends; says whether it has ended.
  bool at_end();
  // Bytes are there, or come within that time.
  bool has_bytes(std::chrono::milliseconds within);

  // Sends all of it. A peer that is gone is no failure of the test: false.
  bool send(std::string_view bytes);
  // Sends `step` bytes at a time, each in a packet of its own as far as the system lets it.
  bool send_in_steps(std::string_view bytes, std::size_t step);

  void finish_sending();  // the client reads the end, and may still send
  void close();
  void reset();  // closes in a way that the client sees as ECONNRESET

 private:
  bool receive();

  int fd_;
  std::string pending_;  // received, not yet asked for
};

class ScriptedServer {
 public:
  using Script = std::function<void(Peer&)>;

  enum class Family { ipv4, ipv6, unix_socket };

  // `path` is for a unix socket only.
  explicit ScriptedServer(std::vector<Script> scripts, Family family = Family::ipv4,
                          const std::string& path = {});
  // Finishes. A script ends by itself, in bounded time.
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  // Waits for the script that is being played, and takes no further connection. What scripts wrote
  // down may be read after this.
  void finish();

  std::uint16_t port() const { return port_; }
  // "http://127.0.0.1:PORT" + path; "http://[::1]:PORT" for IPv6, "http://localhost" for a unix
  // socket.
  std::string url(std::string_view path) const;
  // The same without the scheme, as Host has it.
  std::string authority() const;

  // Connections that were accepted so far.
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

// A port on 127.0.0.1 where nobody listens: bound and never listened on, until this goes away.
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

}  // namespace test_support
