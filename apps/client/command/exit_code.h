// ExitCode: the meaning of the program's exit status. The numbers are curl's, so that scripts that
// know curl know quoit. Covered by tests/client/command/exit_code_test.cc.
#pragma once

#include <string>
#include <utility>

#include "apps/options/exit_reason.h"

namespace client {

using options::ExitReason;

enum class ExitCode : int {
  ok = 0,
  unsupported_scheme = 1,   // a URL of another scheme than http and https
  usage = 2,                // the command line makes no sense
  bad_url = 3,              // a malformed URL
  cannot_resolve = 6,       // the host's name has no address
  cannot_connect = 7,       // the server does not accept the connection
  weird_reply = 8,          // the response is not HTTP, or makes no sense
  partial_file = 18,        // the body was cut off
  http_error = 22,          // the status is 400 or above, or one that quoit does not expect
  write_error = 23,         // the output cannot be written
  read_error = 26,          // the input cannot be read, or changed while it was sent
  timeout = 28,             // nothing moved for too long, or the run took too long
  tls_failed = 35,          // there is no TLS connection with the server
  too_many_redirects = 47,  // more than the limit
  empty_reply = 52,         // the server closed the connection without a response
  send_error = 55,          // the connection broke while sending
  receive_error = 56,       // the connection broke while receiving
  own_certificate = 58,     // --cert or --key cannot be used
  server_certificate = 60,  // the server's certificate is not accepted
  digest_mismatch = 65,     // --verify: a file has another digest, or none is offered (EX_DATAERR)
  no_engine = 71,           // the kernel gives this process no engine, memory or thread (EX_OSERR)
  authorities = 77,         // --cacert cannot be used
  proxy_refused = 97,       // a proxy makes no connection to the server
  interrupted = 130,        // a signal ended the run; the status is 128 and the signal's number
};

// The reason to exit with `code`, in one sentence for people that says what to do next.
[[nodiscard]] inline ExitReason exit_with(ExitCode code, std::string sentence) {
  return {static_cast<int>(code), std::move(sentence)};
}

[[nodiscard]] inline ExitCode code_of(const ExitReason& reason) {
  return static_cast<ExitCode>(reason.status);
}

}  // namespace client
