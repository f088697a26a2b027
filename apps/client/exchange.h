// One exchange over the connection: a request's head out, a response's head and body in.
//
// The steps that every job is made of. Each is a coroutine that returns a code; what went wrong is
// said in session.complaint. Waiting for the server ends after --idle-timeout without a byte.
// Covered by tests/client/exchange_test.cc (every cut, in memory) and get_test.cc.
#pragma once

#include <cstdint>
#include <string_view>

#include "apps/client/body_reader.h"
#include "apps/client/command/exit_code.h"
#include "apps/client/output_file.h"
#include "apps/client/request.h"
#include "apps/client/session.h"
#include "uring/task.h"

namespace client {

// Connects, sends a request that has no body, and reads the final response's head. A kept
// connection that the server has closed meanwhile is replaced by a new one, once.
[[nodiscard]] uring::Task<ExitCode> exchange(Session& session, const Request& request);

// The same with redirects followed, for GET and HEAD; `where` becomes the last URL asked for.
[[nodiscard]] uring::Task<ExitCode> exchange_following(Session& session, http1::Method method,
                                                       Location& where);

// --- The steps ---

[[nodiscard]] uring::Task<ExitCode> send_head(Session& session, const Request& request);

// Sends all of `bytes`. A slow peer has time as long as it takes something.
[[nodiscard]] uring::Task<ExitCode> send_all(Session& session, uring::Io& io,
                                             std::string_view bytes);

// Receives something, or sees the end (connection.ended). Fails with receive_error or timeout.
[[nodiscard]] uring::Task<ExitCode> receive(Session& session, std::int64_t patience_ms);

// Reads one head, interim or final, into session.head; goes on where an earlier call timed out.
[[nodiscard]] uring::Task<ExitCode> read_head(Session& session, http1::Method method,
                                              std::int64_t patience_ms);

// Reads heads until a final one. RFC 9110 15.2: interim ones may be ignored.
[[nodiscard]] uring::Task<ExitCode> read_final_head(Session& session, http1::Method method);

// Receives the body that session.head announces, into `output`.
[[nodiscard]] uring::Task<ExitCode> receive_body(Session& session, BodyReader& body,
                                                 OutputFile& output);

// Reads a small body away so that the connection can be used again; closes it otherwise.
[[nodiscard]] uring::Task<> skip_body(Session& session);

// The exchange is over: keeps the connection if both sides may use it again.
void finish_exchange(Session& session);

// Fails with http_error: what the server answered instead of doing it, and what to do now.
ExitCode fail_refused(Session& session, const Location& where);

// "201 Created", with the standard words where the server gave none.
[[nodiscard]] std::string status_text(const http1::ResponseHead& head);

}  // namespace client
