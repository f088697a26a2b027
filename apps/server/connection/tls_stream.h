// Receiving and sending on a connection that encrypts: the functions on a TlsStream.
//
// Received bytes stay in the buffer that they arrived in until the session has used them. Plain
// text is decrypted to the place where it is needed: the memory of an Input, or the block of a
// body. Plain text to be sent is encrypted into a block from the pool, which the stream has only
// while encrypted bytes are not sent. No function here waits: the callers await receives and sends
// around them, as for plain connections. Only TlsConnections have a stream, and the code for plain
// connections does not look for one. docs/decisions/0024-tls.md has the reasons.
// Covered by tests/server/connection/tls_stream_test.cc and tests/end_to_end/tls_test.cc.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "apps/server/connection/tls_connection.h"
#include "uring/io.h"

namespace server {

// --- Receiving ---

// Prepares a receive of encrypted bytes: into a provided buffer where there is one, else into a
// block. If memory is exhausted, the receive is cancelled. There are no received bytes left.
uring::Io::Pending receive_encrypted(Connection& c);

// Takes over the bytes of a receive. False: it has failed, the peer has ended its side
// (TlsStream::ended), or no provided buffer was free (Connection::starved), so that the caller
// receives again.
bool take_encrypted(Connection& c, uring::Result got);

// Decrypts received bytes into `plain`, at most one record. 0: more bytes have to be received, or
// the stream has ended or failed, in which case c.open is false. Throws std::bad_alloc if memory is
// exhausted.
std::size_t decrypt(Connection& c, std::span<char> plain);

// Returns the buffer of the received bytes if all of them are used, and the block if there is
// nothing to be sent.
void release_used(Connection& c);
// Returns both, to be called before the connection ends.
void release_stream(Connection& c);

// --- Sending ---

// Prepares a send of the gathered bytes of `c`, which has an exchange, and of `rest` behind them:
// encrypts as much as fits, and removes it from both. The deadline is the time of the next check of
// the peer's progress (pace.h). If memory is exhausted, the send is cancelled.
uring::Io::Pending send_encrypted(Connection& c, std::string_view& rest);

// Records the result of such a send. False: the connection is broken, and nothing is left to be
// sent.
bool record_encrypted_sent(Connection& c, uring::Result result);

// Whether anything is left to be sent, with `rest`: gathered, encrypted, or a close_notify.
bool has_unsent(const Connection& c, std::string_view rest);

// --- Without an exchange ---

// Writes close_notify into the block. False: there is no memory for it, or it was written before,
// or the session is not established.
bool write_close_notify(Connection& c);
// Prepares a send of the encrypted bytes.
inline uring::Io::Pending send_written(Connection& c) {
  return c.io.send(c.fd, tls_of(c).unsent());
}
// Records its result, and returns the block.
void record_written(Connection& c, uring::Result result);

// Lends the stream a block, if it has none. Throws std::bad_alloc.
void ensure_block(Connection& c);

}  // namespace server
