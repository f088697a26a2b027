// Reading a small file whole: lists and credentials that a person names.
//
// Plain system calls: they happen before the first connection. Covered by
// tests/client/local/small_file_test.cc.
#pragma once

#include <cstddef>
#include <string>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"

namespace client {

// Reads the file at `path`, or standard input for "-", of at most `most_bytes`. Fails with
// read_error.
[[nodiscard]] ExitReason read_small_file(const std::string& path, std::size_t most_bytes,
                                         std::string& text);

// Adds the URLs of arguments.url_list, if there is one, to arguments.urls. Fails with read_error.
[[nodiscard]] ExitReason read_url_list(Arguments& arguments);

}  // namespace client
