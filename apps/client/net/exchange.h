// One exchange over the connection: a request's head out, a response's head and body in.
//
// The steps that all jobs share. Each is a coroutine that returns a code; the reason of a
// failure is in channel.error. Waiting for the server ends after --idle-timeout without a byte.
// Covered by tests/client/net/exchange_test.cc (every cut, in memory) and jobs/get_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "apps/client/command/exit_code.h"
#include "apps/client/local/output_file.h"
#include "apps/client/net/body_reader.h"
#include "apps/client/net/channel.h"
#include "apps/client/net/request.h"
#include "apps/client/net/response.h"
#include "apps/client/net/transport.h"
#include "uring/task.h"

namespace client {

// Connects, sends a request that has no body, and reads the final response's head. A kept
// connection that the server has closed meanwhile is replaced by a new one, once.
[[nodiscard]] uring::Task<ExitCode> exchange(Channel& channel, const Request& request);

// As exchange(), with redirects followed, for GET and HEAD; `where` becomes the last URL asked for.
// Each request is `wish` with that URL.
[[nodiscard]] uring::Task<ExitCode> exchange_following(Channel& channel, Request wish, Url& where);

// --- The steps ---

// A copy of so many bytes costs less than a second send.
inline constexpr std::size_t most_joined_bytes = 65536;
// Sends the head of the request, and in the same send `body`, of at most most_joined_bytes.
[[nodiscard]] uring::Task<ExitCode> send_head(Channel& channel, const Request& request,
                                              std::string_view body);

// Says whether an exchange that failed with `code` makes sense once more over a new connection: the
// server closed the kept connection before it sent anything of a response.
[[nodiscard]] bool is_stale(const Channel& channel, ExitCode code);

// Receives the body that channel.head announces, into `output` from output.size on. Fails with
// weird_reply when it has more than `most` bytes, and writes none of these.
[[nodiscard]] uring::Task<ExitCode> receive_body(Channel& channel, BodyReader& body,
                                                 OutputFile& output, std::uint64_t most);

// Receives the body that channel.head announces to the end of `text`. Fails with weird_reply when
// `text` would have more than `most` bytes.
[[nodiscard]] uring::Task<ExitCode> receive_text(Channel& channel, BodyReader& body,
                                                 std::string& text, std::size_t most);

// Reads a small body away so that the connection can be used again; closes it otherwise. Leaves
// channel.error as it is.
[[nodiscard]] uring::Task<> skip_body(Channel& channel);

// Ends an exchange: keeps the connection if both sides may use it again.
void finish_exchange(Channel& channel);

}  // namespace client
