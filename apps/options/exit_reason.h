// ExitReason: why a program is to exit, as an exit status and as a sentence for people.
//
// Both programs return it from the functions that read the command line, check the configuration or
// open the files and sockets of a run. The kernel's errors are uring::Fault and errors in bytes are
// http1::Error; they become an ExitReason where a person has to be informed.
// Covered by tests/options/exit_reason_test.cc.
#pragma once

#include <string>
#include <sysexits.h>

namespace options {

struct ExitReason {
  // For the shell. EX_OK: `text` was asked for, as by --help, and goes to standard output.
  int status = EX_OK;
  // One line that tells how to go on, without the program's name and a line feed. With EX_OK: text
  // as it is to be printed.
  std::string text = {};

  // True: there is a reason to exit. False: go on.
  explicit operator bool() const { return status != EX_OK || !text.empty(); }
};

}  // namespace options
