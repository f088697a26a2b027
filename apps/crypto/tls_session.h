// TlsSession: one TLS connection, as a function of received bytes to bytes to be sent.
//
// A session opens no socket and never waits. The caller receives bytes, passes them to a call, and
// sends the bytes that the call has written. Every call takes a TlsBuffers: a view of received
// bytes, and free memory for bytes to be sent. Sessions come from a ServerContext or a
// ClientContext. The order of the calls:
//
//   handshake()          again and again, until it is done
//   read(), write()      in any order
//   close()              once, before the last bytes are sent
//
// A session belongs to one thread at a time. Covered by tests/crypto/tls_session_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "apps/crypto/tls_buffers.h"

struct bio_st;
struct ssl_st;

namespace crypto {

enum class TlsProgress : std::uint8_t {
  done,          // the call has finished
  wants_input,   // all of `in` is used: call again with the bytes that the peer sends next
  wants_output,  // `out` is full: send the bytes, and call again with free memory
  closed,        // read() alone: the peer has sent close_notify, and sends no further bytes
  failed,  // see failure(). Send the bytes in `out`, an alert for the peer, and end the connection
};

// Why a session has failed.
enum class TlsFault : std::uint8_t {
  none,
  protocol,          // the peer sends malformed bytes, or offers nothing that the context accepts
  peer_certificate,  // the certificate of the peer is missing, not valid or not for the host
  refused_by_peer,   // the peer has sent an alert: it does not accept this side's certificate, say
  memory,            // memory is exhausted
};

// Why the certificate of the peer was not accepted.
enum class CertificateFault : std::uint8_t {
  missing,
  expired,  // or not valid yet
  revoked,
  unknown_authority,    // no trusted authority has signed it
  unlisted_authority,   // there is no list of the certificates that its authority has revoked
  expired_revocations,  // this list is too old
  other,                // it is for another purpose or host, or malformed
};

class TlsSession {
 public:
  // The most bytes of plain text in one record (RFC 8446 section 5.1).
  static constexpr std::size_t most_in_record = 16384;
  // The most bytes that a record is longer than its plain text, in all versions and ciphers that a
  // context accepts: TLS 1.2 with GCM has 29; TLS 1.3 has 22, and 27 for a key update before it.
  static constexpr std::size_t record_overhead = 64;
  // Memory for all bytes of the messages that a session sends by itself outside of a handshake: an
  // alert, a key update, or the tickets behind the handshake of a server.
  static constexpr std::size_t least_out = 4096;

  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // Continues the handshake. Send what it has written after each call, also if it is done or has
  // failed. A client begins with an empty `in`. With `done`, `in` may have bytes left, for read().
  [[nodiscard]] TlsProgress handshake(TlsBuffers& buffers);

  struct Read {
    TlsProgress progress;
    std::size_t count = 0;  // bytes of plain text, more than 0 exactly if `progress` is `done`
  };
  // Decrypts at most `plain.size()` bytes, which is more than 0. Call it again until it returns
  // `wants_input` or another progress than `done`; it may have decrypted bytes left although `in`
  // is empty. `buffers.out` has least_out bytes, and only rarely is anything written there.
  [[nodiscard]] Read read(TlsBuffers& buffers, std::span<char> plain);

  // Encrypts one record, of the first bytes of `plain`: at most most_in_record, and no more than
  // `buffers.out` has space for. Returns the number of these bytes. 0 if `plain` is empty, if `out`
  // has no more than record_overhead bytes, or if the session has failed (see failure()).
  [[nodiscard]] std::size_t write(TlsBuffers& buffers, std::string_view plain);

  // Writes close_notify, once: this side sends no further bytes. It needs at most least_out bytes.
  // Not for a session that has failed or whose handshake is not done.
  void close(TlsBuffers& buffers);

  // Whether no received byte is kept in the session: neither a record that is not complete, nor
  // plain text that read() has not returned. A connection is idle only if this is true.
  bool is_empty() const;
  bool is_established() const { return is_established_; }  // the handshake is done
  // The peer has sent close_notify. The end of the connection without it means that an attacker may
  // have cut the stream: bytes whose end is the end of the connection are then not complete.
  bool has_peer_closed() const;

  TlsFault fault() const { return fault_; }
  // Why the session has failed, for a person, such as "no shared cipher" or "the certificate is not
  // valid for example.org"; empty if it has not.
  const std::string& failure() const { return failure_; }
  // Of TlsFault::refused_by_peer: the alert is about this side's certificate, which the peer does
  // not accept, or needs and has not got.
  bool is_certificate_refused() const { return is_certificate_refused_; }
  // Of TlsFault::peer_certificate.
  CertificateFault certificate_fault() const;

  // Facts about the connection, once the handshake is done.
  bool is_resumed() const;               // by a ticket of an earlier connection
  const char* version() const;           // "TLSv1.3"
  const char* cipher() const;            // "TLS_AES_128_GCM_SHA256"
  std::string_view protocol() const;     // by ALPN, "http/1.1"; empty if none was agreed on
  std::string_view server_name() const;  // by SNI; empty if the client has sent none
  // At a server: the name in the certificate of the client, which was verified, as one word (see
  // certificate_name.h); empty if there is no certificate, or no name in it.
  const std::string& client_name() const { return client_name_; }

 private:
  friend class ClientContext;
  friend class ServerContext;
  // Takes over both objects. `owner` is the context, which the session keeps alive.
  TlsSession(ssl_st* ssl, bio_st* bio, std::shared_ptr<const void> owner)
      : ssl_(ssl), bio_(bio), owner_(std::move(owner)) {}

  TlsProgress explain(int returned);
  void fail(TlsFault fault, std::string text);
  std::string describe_certificate() const;
  bool take_client_name();

  ssl_st* ssl_;
  bio_st* bio_;  // owned by ssl_
  std::shared_ptr<const void> owner_;
  bool is_established_ = false;
  bool is_certificate_refused_ = false;
  TlsFault fault_ = TlsFault::none;
  std::string failure_;
  std::string host_;  // of a client, for messages
  std::string client_name_;
  std::shared_ptr<const void> accepted_by_;  // see ServerContext::accepts(); null: by its owner
};

}  // namespace crypto
