// The response time of small GETs on kept connections, first alone, then beside clients who cause
// work that takes long: full handshakes, or checks of wrong passwords. Tried by ./dev bench --tls.
#pragma once

#include "apps/crypto/client_context.h"
#include "bench/tls/streams.h"

namespace load {

// If a server is a real-time task, lets the threads that it starts from now on share their time.
// Those that do slow work for a loop, as the pools of quoitd, do not then delay the loop more than
// they would if all threads were of the usual policy. A process with one thread is left alone.
void share_time_of_new_threads(pid_t server);

// Beside `rate` full handshakes a second, each with a GET of 1 KiB.
int measure_beside_handshakes(const crypto::ClientContext& context, const Target& target,
                              unsigned rate);

// Beside `rate` requests a second with wrong passwords, from `addresses` addresses of this machine
// in turn. The measured requests have the right one: see bench/peers/users.
int measure_beside_passwords(const crypto::ClientContext& context, const Target& target,
                             unsigned rate, unsigned addresses);

}  // namespace load
