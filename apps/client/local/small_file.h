// Reading and writing a small file whole: lists and credentials that a person names, and quoit's
// own records.
//
// Plain system calls: they take no time worth mentioning. Covered by
// tests/client/local/small_file_test.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"

namespace client {

// Reads the file at `path`, or standard input for "-", of at most `most_bytes`. Fails with
// read_error.
[[nodiscard]] ExitReason read_small_file(const std::string& path, std::size_t most_bytes,
                                         std::string& text);

// Adds the URLs of arguments.url_list, if there is one, to arguments.urls. Fails with read_error.
[[nodiscard]] ExitReason read_url_list(Arguments& arguments);

// Reads the open regular file from its first byte on. False: the system refuses, or it has more
// than `most_bytes`.
[[nodiscard]] bool read_whole(int fd, std::size_t most_bytes, std::string& text);
// Writes the text to the open regular file from its first byte on. False: the system refuses.
[[nodiscard]] bool write_whole(int fd, std::string_view text);

}  // namespace client
