// Sending what has gathered in an Output.
//
// The steps of a send are apart from its await, so that serve() sends the usual response without a
// coroutine frame. Covered by tests/server/connection/connection_test.cc and tests/end_to_end/.
#pragma once

#include <string_view>

#include "apps/server/connection/connection.h"
#include "uring/io.h"
#include "uring/task.h"

namespace server {

// Begins to send all unsent bytes, gathered and direct. The caller awaits it and passes the result
// to record_all_sent().
uring::Io::Pending send_all(Connection& c);

// Records how far a send of all unsent bytes came. What is left stays gathered or direct while the
// peer is fast enough; else the connection is broken and `c` is no longer open.
void record_all_sent(Connection& c, uring::Result result);

// Sends all gathered bytes. False: the connection is broken.
uring::Task<bool> flush(Connection& c);

// Sends all gathered bytes and `rest` behind them, which stays valid meanwhile. False: the
// connection is broken.
uring::Task<bool> flush_with(Connection& c, std::string_view rest);

// Gives up the file, the cached file or the generated content of the response.
void close_source(Connection& c);

}  // namespace server
