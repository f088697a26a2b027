// One directory of a server: its listing, requested and read.
//
// Covered by tests/client/jobs/ls_test.cc.
#pragma once

#include "apps/client/command/exit_code.h"
#include "apps/client/command/listing.h"
#include "apps/client/command/url.h"
#include "apps/client/net/channel.h"
#include "uring/task.h"

namespace client {

// Requests the directory at `where`, as JSON or else as an HTML page, and reads its entries.
// Redirects are followed; `where` becomes the URL of the listing, whose path ends in a slash.
// Fails with http_error where the server refuses, weird_reply where the response is no listing or
// has more than 64 MiB, and otherwise as exchange(). After http_error the connection may be used
// again.
[[nodiscard]] uring::Task<ExitCode> read_listing(Channel& channel, Url& where,
                                                 RemoteListing& listing);

// The URL of an entry of the directory at `directory`.
[[nodiscard]] Url url_of(const Url& directory, const RemoteEntry& entry);

}  // namespace client
