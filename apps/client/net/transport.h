// Bytes and heads over the connection of a channel: the steps that an exchange and the way through
// a proxy (tunnel.h) share.
//
// Each is a coroutine that returns a code; the reason of a failure is in channel.error, or where a
// parameter says. Waiting for the server ends after --idle-timeout without a byte, or earlier by
// --speed-limit; --limit-rate slows all of it down. Covered by tests/client/net/exchange_test.cc
// (every cut, in memory).
#pragma once

#include <cstdint>
#include <string_view>

#include "apps/client/command/exit_code.h"
#include "apps/client/net/channel.h"
#include "parser/names.h"
#include "uring/io.h"
#include "uring/task.h"

namespace client {

// Sends all of `bytes` over the channel's connection, and waits by `io`. The idle timeout starts
// again whenever the server has taken some bytes. On failure the reason is in `error`.
[[nodiscard]] uring::Task<ExitCode> send_all(Channel& channel, uring::Io& io,
                                             std::string_view bytes, ExitReason& error);

// Receives some bytes, or notices the end of the stream (channel.ended). Fails with receive_error
// or timeout. A timeout of 0 is none. Over a plain connection, at most `most` bytes.
[[nodiscard]] uring::Task<ExitCode> receive(Channel& channel, std::int64_t timeout_ms,
                                            std::size_t most = Channel::buffer_bytes);

// Prepares the channel for the head of the response to a new request.
void begin_head(Channel& channel);

// Reads one head, interim or final, into channel.head; continues where an earlier call timed out.
// Fails with weird_reply when the interim ones have more than 1 MiB in all.
[[nodiscard]] uring::Task<ExitCode> read_head(Channel& channel, http1::Method method,
                                              std::int64_t timeout_ms);

// Reads heads until a final one. RFC 9110 15.2: interim ones may be ignored.
[[nodiscard]] uring::Task<ExitCode> read_final_head(Channel& channel, http1::Method method);

}  // namespace client
