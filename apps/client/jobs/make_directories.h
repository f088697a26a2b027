// Making the directories of a URL's path on a server that does not make them for a PUT.
//
// quoitd makes missing directories itself. Apache refuses such a PUT with 409 and lighttpd with
// 500, and both make a directory at a MKCOL request (WebDAV, RFC 4918 9.3). Covered by
// tests/client/jobs/make_directories_test.cc.
#pragma once

#include <vector>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/url.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

// Says whether a PUT that was refused with `status` may lack a directory.
[[nodiscard]] bool may_lack_directory(int status);

// The URLs of the directories that lead to `where`, without the root, the innermost first.
[[nodiscard]] std::vector<Url> directories_of(const Url& where);

// Sends MKCOL for the innermost directory, for the one around it where that is missing too, and so
// on, and then for those inside. ok: they exist now. http_error: the server makes none, and the
// reason is in channel.error; it is empty where the server does not know MKCOL. Other codes as
// exchange().
[[nodiscard]] uring::Task<ExitCode> make_directories(Channel& channel, const Url& where);

}  // namespace client
