// The steps of serve() on a connection that encrypts: the counterparts of those for plain
// connections in apps/server/serve.cc.
//
// Covered by tests/end_to_end/tls_test.cc.
#pragma once

#include "apps/server/connection/connection.h"
#include "uring/io.h"

namespace server {

// Whether responses have to be sent before more is received. Tickets alone wait until the bytes
// that have arrived with them are decrypted.
bool has_unsent_responses(const Connection& c);
// Records the result of a send_encrypted() of all responses.
void record_responses_sent(Connection& c, uring::Result sent);

// Decrypts bytes that have arrived into the input. True: there were some, the session has written
// an answer to a message of TLS, or the stream has ended or failed. False: more bytes have to be
// received.
bool decrypt_head(Connection& c);

// Prepares a receive for the next head, or for the rest of it. A record that is not complete counts
// as the begin of a request.
uring::Io::Pending receive_encrypted_head(Connection& c);
// Takes over the received bytes, or ends the connection.
void take_encrypted_head(Connection& c, uring::Result got);

// Writes close_notify of a connection that ends while it is idle, to be sent by send_written().
// False: the peer has ended its side, or there is nothing to write.
bool begin_goodbye(Connection& c);

}  // namespace server
