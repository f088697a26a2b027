// Trouble: why the server cannot start, as a sentence and as an exit status of sysexits.h.
#pragma once

#include <string>
#include <sysexits.h>

namespace server {

struct Trouble {
  int status = EX_OK;
  std::string text;  // one line that says what to do, without the program's name

  explicit operator bool() const { return status != EX_OK; }
};

}  // namespace server
