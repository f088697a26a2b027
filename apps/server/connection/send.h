// Sending the bytes of an Output.
//
// send_all() and record_all_sent() are two functions around an await in the caller, so that serve()
// sends most responses without allocating a coroutine frame.
// Covered by tests/server/connection/send_test.cc and tests/end_to_end/.
#pragma once

#include <string_view>

#include "apps/server/connection/connection.h"
#include "uring/io.h"
#include "uring/task.h"

namespace server {

// Prepares a send of all unsent bytes, gathered and direct. The caller awaits it and passes the
// result to record_all_sent().
uring::Io::Pending send_all(Connection& c);

// Records the result of a send of all unsent bytes. If the send was incomplete and the peer is fast
// enough, the rest stays gathered or direct for the next send. Else the connection is broken:
// c.open is false and no unsent bytes are left.
void record_all_sent(Connection& c, uring::Result result);

// Sends all gathered bytes. False: the connection is broken.
uring::Task<bool> flush(Connection& c);

// Sends all gathered bytes and `rest` behind them. The bytes of `rest` stay valid until the task is
// done. `more_follows`: more bytes of the response are sent next. False: the connection is broken.
uring::Task<bool> flush_with(Connection& c, std::string_view rest, bool more_follows = false);

// Closes the file of the response and unpins its cached file, which its direct bytes point into.
void close_source(Connection& c);

}  // namespace server
