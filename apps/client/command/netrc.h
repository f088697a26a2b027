// The file .netrc: names and passwords by host, as ftp(1) and curl(1) read them.
//
// The file is a list of words. "machine HOST" begins an entry, "default" one for all other hosts;
// "login NAME" and "password PASSWORD" belong to it, "account WORD" is skipped, and "macdef NAME"
// begins a macro that ends at an empty line. A word may stand in double quotes, in which a
// backslash takes the next byte as it is. A line that begins with "#" is a comment.
//
// Pure. Covered by tests/client/command/netrc_test.cc and the fuzz target netrc.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace client {

struct Login {
  std::string name = {};
  std::string password = {};
};

// The first entry for the host, compared without regard to case, or that of "default", whichever
// comes first. Nothing where there is none, or none with a name or a password.
[[nodiscard]] std::optional<Login> find_login(std::string_view netrc, std::string_view host);

}  // namespace client
