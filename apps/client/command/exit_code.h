// ExitCode: what the program's exit status means. The numbers are curl's, so that scripts that know
// curl know quoit. Covered by tests/client/run_test.cc.
#pragma once

#include <string>

namespace client {

enum class ExitCode : int {
  ok = 0,
  unsupported_scheme = 1,   // a URL of another scheme than http
  usage = 2,                // the command line makes no sense
  bad_url = 3,              // a URL that is none
  cannot_resolve = 6,       // the host's name has no address
  cannot_connect = 7,       // nobody takes the connection
  weird_reply = 8,          // what came is no HTTP, or none that makes sense
  partial_file = 18,        // the body ended before its end
  http_error = 22,          // the server said no: a status of 400 or above, or a strange one
  write_error = 23,         // the output cannot be written
  read_error = 26,          // the input cannot be read, or changed while it was sent
  timeout = 28,             // nothing moved for too long, or it took too long in all
  too_many_redirects = 47,  // more than the limit
  empty_reply = 52,         // the server closed without a word
  send_error = 55,          // the connection broke while sending
  receive_error = 56,       // the connection broke while receiving
  no_engine = 71,           // the kernel gives this process no engine (sysexits' EX_OSERR)
  interrupted = 130,        // a signal stopped it; the status is 128 and the signal's number
};

// Why something failed: for the shell, and in one line for people, which says what to do next.
struct Complaint {
  ExitCode code = ExitCode::ok;
  std::string text = {};

  bool failed() const { return code != ExitCode::ok; }
};

}  // namespace client
