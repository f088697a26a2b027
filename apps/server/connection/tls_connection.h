// TlsConnection: a connection with a TlsStream, the TLS layer between the socket and the groups
// Input and Output of an Exchange.
//
// A plain connection has none, and the code for it does not look for one. The functions on a stream
// are in tls_stream.h. Covered by tests/server/connection/tls_stream_test.cc.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "apps/crypto/tls_session.h"
#include "apps/server/connection/connection.h"
#include "uring/io.h"

namespace server {

struct TlsStream {
  std::unique_ptr<crypto::TlsSession> session;  // null until the first byte of the handshake

  // Received bytes, which the session has not used. They are in a provided buffer, or in a block of
  // the pool if there was no provided buffer.
  std::string_view received;
  std::uint16_t buffer = uring::no_buffer;
  std::span<char> received_block;
  bool may_have_plain = false;  // the session may have decrypted bytes that were not read

  // Encrypted bytes that are not sent: block[begin, end).
  std::span<char> block;
  std::size_t begin = 0;
  std::size_t end = 0;
  std::uint64_t plain = 0;          // the bytes of Output that they carry
  std::uint64_t sent = 0;           // encrypted bytes that the kernel has accepted
  std::uint64_t since_pause = 0;    // bytes of plain text since the last pause, see record_limit()
  uring::Milliseconds last_ms = 0;  // when bytes were encrypted last

  bool closes = false;  // close_notify follows the last byte that is to be sent
  bool ended = false;   // the peer has ended its side
  bool writes = false;  // the block was too small for the messages of a step of the handshake

  // Whether decrypt() may return bytes before more are received.
  bool has_input() const { return !received.empty() || may_have_plain; }
  std::string_view unsent() const { return {block.data() + begin, end - begin}; }
};

// A connection that speaks TLS.
struct TlsConnection : Connection {
  using Connection::Connection;
  TlsStream stream;
};

inline TlsStream& tls_of(Connection& c) {
  assert(c.is_tls);
  return static_cast<TlsConnection&>(c).stream;
}
inline const TlsStream& tls_of(const Connection& c) {
  assert(c.is_tls);
  return static_cast<const TlsConnection&>(c).stream;
}

}  // namespace server
