// A server's session and a client's, which exchange bytes in memory.
//
// The bytes of each direction are delivered as a test cuts them: whole, byte by byte, or in two
// parts at any position of the stream.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/crypto/client_context.h"
#include "apps/crypto/server_context.h"
#include "apps/crypto/tls_session.h"

namespace crypto {

// One end of a connection, with the bytes that are on their way to it.
struct End {
  std::unique_ptr<TlsSession> session;
  std::string arrived = {};         // bytes that were delivered and not used
  std::string sent = {};            // bytes that this end has written, not delivered yet
  std::size_t delivered = 0;        // all bytes that were delivered to this end
  std::size_t cut = 0;              // deliver bytes up to this position alone; 0: no cut
  std::size_t piece = 1 << 20;      // the most bytes in one delivery
  std::size_t out_bytes = 1 << 16;  // the free memory of each call
  TlsProgress progress = TlsProgress::wants_input;
  std::string plain = {};  // decrypted bytes
};

class SessionPair {
 public:
  SessionPair(std::unique_ptr<TlsSession> of_server, std::unique_ptr<TlsSession> of_client)
      : server{.session = std::move(of_server)}, client{.session = std::move(of_client)} {}

  // Makes a call with the bytes that have arrived, and takes what it has written.
  template <class Call>
  static auto call(End& end, Call make) {
    std::vector<char> memory(end.out_bytes);
    TlsBuffers buffers{.in = end.arrived, .out = memory};
    const auto result = make(buffers);
    end.sent.append(memory.data(), memory.size() - buffers.out.size());
    end.arrived = std::string(buffers.in);
    return result;
  }

  // Steps both handshakes until neither can go on. True: both are done.
  bool shake_hands() {
    step_handshake(client);
    while (deliver(client, server) || deliver(server, client)) {
    }
    return server.session->is_established() && client.session->is_established();
  }

  // Encrypts all of `bytes` at one end.
  static void write(End& end, std::string_view bytes) {
    while (!bytes.empty()) {
      const std::size_t count =
          call(end, [&](TlsBuffers& buffers) { return end.session->write(buffers, bytes); });
      if (count == 0) return;
      bytes.remove_prefix(count);
    }
  }
  static void close(End& end) {
    call(end, [&](TlsBuffers& buffers) {
      end.session->close(buffers);
      return 0;
    });
  }

  // Delivers what one end has sent to the other, which handles it. False: there is nothing.
  static bool deliver(End& from, End& to) {
    if (from.sent.empty()) return false;
    std::size_t size = std::min(from.sent.size(), to.piece);
    if (to.delivered < to.cut) size = std::min(size, to.cut - to.delivered);
    to.arrived.append(from.sent, 0, size);
    from.sent.erase(0, size);
    to.delivered += size;
    if (!to.session->is_established()) step_handshake(to);
    if (to.session->is_established()) read(to);
    return true;
  }
  void deliver_all() {
    while (deliver(client, server) || deliver(server, client)) {
    }
  }

  static void step_handshake(End& end) {
    do {
      end.progress =
          call(end, [&](TlsBuffers& buffers) { return end.session->handshake(buffers); });
    } while (end.progress == TlsProgress::wants_output);
  }

  static void read(End& end) {
    std::array<char, 1000> space;
    do {
      const TlsSession::Read got =
          call(end, [&](TlsBuffers& buffers) { return end.session->read(buffers, space); });
      end.progress = got.progress;
      end.plain.append(space.data(), got.count);
    } while (end.progress == TlsProgress::done);
  }

  End server;
  End client;
};

}  // namespace crypto
